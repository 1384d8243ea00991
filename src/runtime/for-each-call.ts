/**
 * A command that is nothing but a call, `CALL P(:a, …)`, for many rows at once: SQLite evaluates a row's arguments, and
 * the call goes to the dispatcher by itself, without a pass. Rows in flight share what calls may share: equal calls are
 * one, and packed ones travel together.
 */
import { fail, type Diagnostic } from "../diagnostics/diagnostic.ts";
import type { Source } from "../diagnostics/source.ts";
import type { SqlValue } from "../catalog/value.ts";
import type { BindUse, SqlStatement } from "../parser/syntax.ts";
import { connectionArgument, type BoundArgument, type BoundSite } from "./bind.ts";
import { buyOne, callsAtOnce, progressOf, throwDoom, type Market } from "./buy.ts";
import type { CallOrder } from "./call-desk.ts";
import type { Progress } from "./counts.ts";
import { ChurnMap } from "./dispatch/churn-map.ts";
import type { Patience } from "./dispatch/patience.ts";
import type { Given, RowRunner } from "./for-each-output.ts";
import { CallKeys, type Answer, type Call } from "./memo.ts";
import { CallFailed, endsStatement, type Stage } from "./pass.ts";
import { readRow } from "./result-set.ts";
import { expressionNeeds } from "./plan.ts";
import { addWarnings, failureWarning, withPlace } from "./result-warnings.ts";
import { endsOn } from "./run-calls.ts";
import { fromSqliteError } from "./sql-error.ts";
import { StableSurroundings } from "./stable.ts";
import { bindArguments, resolveBinds } from "./statement-binds.ts";
import type { Binds } from "./values.ts";
import type { Workspace } from "./workspace.ts";

/** The call of a command that needs SQLite for its arguments only. */
export interface LoneCall {
  readonly site: BoundSite;
  /** As Call.values. Throws bind/… and what SQLite throws. */
  valuesOf(binds: Binds): readonly SqlValue[];
}

/** Undefined for a command with INTO, with a call in a call, or whose arguments read tables, the clock or chance. */
export function loneCall(
  workspace: Workspace,
  source: Source,
  statement: SqlStatement,
  sites: readonly BoundSite[],
): LoneCall | undefined {
  const [site] = sites;
  if (!statement.isBareCall || statement.into !== undefined || site === undefined) return undefined;
  const given = site.slots
    .flatMap((slot, position) => (slot === undefined ? [] : { slot, position }))
    // In the order of the text, so that a bare `?` keeps its number.
    .toSorted((a, b) => startOf(a.slot) - startOf(b.slot));
  if (given.some(({ slot }) => slot.sites.length > 0) || statement.frozenCalls.length > 0) return undefined;
  const expressions = given.map(({ slot }) => textOf(source, slot));
  const text = expressions.length === 0 ? "SELECT 1" : `SELECT ${expressions.join("\n, ")}`;
  if (!isPlain(workspace, text, statement.binds)) return undefined;
  const prepared = workspace.db.prepare(text).raw().safeIntegers();
  const valuesOf = (binds: Binds): readonly SqlValue[] => {
    const sources = { given: binds, workspace };
    const resolved = resolveBinds(statement.binds, sources, source);
    const row = readRow(prepared.get(...bindArguments(statement, resolved)));
    const values = site.slots.map((): SqlValue => null);
    for (const [index, { position }] of given.entries()) values[position] = row[index] ?? null;
    return values;
  };
  return { site, valuesOf };
}

function startOf({ argument }: BoundArgument): number {
  return argument.expression.start;
}

function textOf({ text }: Source, { argument }: BoundArgument): string {
  return text.slice(argument.expression.start, argument.expression.end);
}

/** Between passes of other statements the clock and the dice may stand still: such arguments want a pass of their own. */
function isPlain({ db }: Workspace, text: string, binds: readonly BindUse[]): boolean {
  const nulls = Object.fromEntries(binds.map((use) => [use.key, null]));
  const { opensTables, functions } = expressionNeeds(db, text, bindArguments({ binds }, nulls));
  return !opensTables && ![...functions].some((name) => StableSurroundings.holds(name));
}

export interface LoneCallsOptions {
  readonly workspace: Workspace;
  readonly source: Source;
  readonly statement: SqlStatement;
  readonly call: LoneCall;
  readonly market: Market;
  readonly patience: Patience;
  readonly warnings: Diagnostic[];
  /** Told of each call before it is made; what it throws is the end of it. */
  readonly onOrder?: ((order: CallOrder) => void) | undefined;
}

/** More rows than calls in flight: a slow call holds back the outputs behind it, not the next calls. */
const rowsAhead = 4;
/** Full requests of packed calls on their way; each may hold thousands of rows. */
const packsAhead = 3;

/** Throws what finding the session's connection throws, where the call names none. */
export async function openLoneCalls(options: LoneCallsOptions): Promise<LoneCalls> {
  const { call, market } = options;
  const isNamed = connectionArgument(call.site) !== undefined;
  const seller = isNamed ? undefined : await market.sellers.find(undefined);
  return new LoneCalls(options, seller?.connection.packMax);
}

/** The calls of many rows. */
class LoneCalls implements RowRunner {
  readonly windowRows: number;
  readonly runningMax: number;
  readonly batchRows: number;
  readonly #options: LoneCallsOptions;
  readonly #dedup: boolean;
  readonly #endsOn: Stage["endsOn"];
  readonly #keys = new CallKeys(true);
  readonly #running = new ChurnMap<string, Promise<Answer>>();
  readonly #startedAt = performance.now();
  #callsDone = 0;

  /** `packMax`: texts that may share a request at most, as far as that is known. */
  constructor(options: LoneCallsOptions, packMax: number | undefined) {
    const { call, market, statement, workspace } = options;
    const { procedure } = call.site;
    this.#options = options;
    this.#dedup = workspace.options.isOn("dedup");
    this.#endsOn = endsOn(workspace.options.text("on_error"), statement);
    this.batchRows = callsAtOnce(procedure, 1, packMax);
    const isPacked = this.batchRows > 1;
    const atOnce = isPacked ? Math.min(packsAhead, market.concurrency) : market.concurrency;
    this.runningMax = atOnce * this.batchRows;
    this.windowRows = isPacked ? this.runningMax : this.runningMax * rowsAhead;
  }

  /** Throws what the same command throws for one row alone. */
  async run(binds: Binds, index: number): Promise<Given> {
    const { source, statement, call, workspace } = this.#options;
    try {
      return await this.#run(binds, index);
    } catch (error) {
      const input = { source, statement, binds, options: {} };
      const { span } = statement;
      const own = fromSqliteError(error, { source, span, catalog: workspace.catalog });
      throw withPlace(own, input, [call.site]);
    }
  }

  progress(): Progress {
    const { market } = this.#options;
    market.counts.elapsedMs = Math.round(performance.now() - this.#startedAt);
    return progressOf(market, this.#callsDone, market.counts.calls);
  }

  async #run(binds: Binds, index: number): Promise<Given> {
    const { call: lone, warnings, onOrder } = this.#options;
    const { procedure } = lone.site;
    const values = lone.valuesOf(binds);
    const key = this.#keys.next(procedure, values);
    // A row's place keeps its call apart from equal ones, today and when the run is repeated.
    const call: Call = { procedure, values, key: this.#dedup ? key : `${key}#${index + 1}` };
    onOrder?.({ procedure: procedure.name, values, key: call.key });
    const answer = await this.#answer(call);
    this.#callsDone++;
    if (answer.error !== undefined) {
      const failure = {
        call,
        error: answer.error,
        isPassing: answer.isPassing === true,
        site: 1,
        row: index + 1,
      };
      if (endsStatement(this.#endsOn, answer)) throw new CallFailed(failure);
      addWarnings(warnings, [failureWarning(failure)]);
    }
    return { hasColumns: true, rows: [answer.row] };
  }

  #answer(call: Call): Promise<Answer> {
    const { counts } = this.#options.market;
    counts.calls++;
    const running = this.#running.get(call.key);
    if (running !== undefined) {
      counts.cached++;
      // Before anybody is given it: who asked first may write into its own.
      return running.then(withOwnBytes);
    }
    const bought = this.#buy(call).finally(() => this.#running.delete(call.key));
    this.#running.set(call.key, bought);
    return bought;
  }

  async #buy(call: Call): Promise<Answer> {
    const { market, patience } = this.#options;
    const bought: Answer[] = [];
    const keeper = { store: (_: Call, answer: Answer): void => void bought.push(answer) };
    const doom = await buyOne(call, keeper, market, patience);
    if (doom !== undefined) throwDoom(doom);
    return bought[0] ?? fail("call/cancelled", {});
  }
}

function withOwnBytes(answer: Answer): Answer {
  const row = answer.row.map((value) => (value instanceof Uint8Array ? Buffer.from(value) : value));
  return { ...answer, row };
}
