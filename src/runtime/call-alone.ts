/**
 * A command that is nothing but a call of values, `CALL P(:a, 'b', …)`: it needs neither a pass nor the database, and many
 * of them may run at once in one session.
 */
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { Source } from "../diagnostics/source.ts";
import { scan } from "../parser/scanner.ts";
import type { SqlStatement } from "../parser/syntax.ts";
import {
  Blob,
  Minus,
  NamedBind,
  NumberLiteral,
  Plus,
  PositionalBind,
  Text,
  type Token,
} from "../parser/tokens.ts";
import { noCounts } from "./counts.ts";
import { Drain } from "./dispatch/patience.ts";
import { loneCall, openLoneCalls, type LoneCall } from "./for-each-call.ts";
import { columnOf, ResultSet } from "./result-set.ts";
import type { CallOrder } from "./call-desk.ts";
import { checkNamedConnections } from "./named-connections.ts";
import type { ExecuteOptions, RunInput } from "./run-input.ts";
import { openMarket } from "./run-calls.ts";
import { bindStatement } from "./run-sql.ts";
import { resolveBinds } from "./statement-binds.ts";
import { StatementRecord } from "./statement-record.ts";
import type { Workspace } from "./workspace.ts";

/** Undefined for any other command. Throws what binding it throws. */
export function callOfValues(
  workspace: Workspace,
  source: Source,
  statement: SqlStatement,
): LoneCall | undefined {
  const [site] = statement.sites;
  if (!statement.isBareCall || statement.into !== undefined || site === undefined) return undefined;
  const areValues = site.arguments.every(({ expression }) =>
    isValue(scan(source.text.slice(expression.start, expression.end))),
  );
  return areValues
    ? loneCall(workspace, source, statement, bindStatement(workspace, source, statement))
    : undefined;
}

/** Of session.callAlone. */
export interface CallAloneOptions extends ExecuteOptions {
  /** Told of the call before it is made; what it throws is the end of it. */
  readonly onOrder?: (order: CallOrder) => void;
}

type AloneInput = RunInput & { readonly options: CallAloneOptions };

/** Throws what the same command throws in `execute`. */
export async function callAlone(workspace: Workspace, call: LoneCall, input: AloneInput): Promise<ResultSet> {
  const { source, statement, binds, options } = input;
  const startedAt = performance.now();
  await checkNamedConnections(workspace, {
    source,
    statement,
    sites: [call.site],
    binds: resolveBinds(statement.binds, { given: binds, workspace }, source),
  });
  const counts = noCounts();
  const warnings: Diagnostic[] = [];
  const market = openMarket(workspace, options, {
    counts,
    warnings,
    record: new StatementRecord(workspace),
  });
  using patience = new Drain(market.signal, market.drainMs);
  const { onOrder } = options;
  const calls = await openLoneCalls({
    workspace,
    source,
    statement,
    call,
    market,
    patience,
    warnings,
    onOrder,
  });
  const { rows } = await calls.run(binds, 0);
  counts.elapsedMs = Math.round(performance.now() - startedAt);
  const columns = call.site.procedure.columns.map(({ name, type }) =>
    columnOf({ name, type, column: name, table: null }, []),
  );
  return new ResultSet({ kind: "rows", columns, rows, affectedRows: 0, warnings, counts });
}

/** A bind or a constant: SQLite has next to nothing to do for it. */
function isValue(tokens: readonly Token[]): boolean {
  const [first, second] = tokens;
  if (first === undefined || tokens.length > 2) return false;
  const isSigned = first.tokenType === Minus || first.tokenType === Plus;
  if (tokens.length === 2) return isSigned && second?.tokenType === NumberLiteral;
  return valueTypes.has(first.tokenType) || ["NULL", "TRUE", "FALSE"].includes(first.word);
}

const valueTypes: ReadonlySet<unknown> = new Set([Blob, NamedBind, NumberLiteral, PositionalBind, Text]);
