/**
 * Connections that calls name by a constant or a bind are looked for before anything is sent, so that a misspelt one costs
 * nothing and is shown where it stands. One that a column names is looked for when a row asks for it (buy.ts).
 */
import { DiagnosticError } from "../diagnostics/diagnostic.ts";
import type { Source } from "../diagnostics/source.ts";
import { scan } from "../parser/scanner.ts";
import type { Argument, SqlStatement } from "../parser/syntax.ts";
import { Text } from "../parser/tokens.ts";
import { nameOf } from "../parser/words.ts";
import { connectionArgument, type BoundSite } from "./bind.ts";
import type { BoundValues } from "./plan.ts";
import type { Workspace } from "./workspace.ts";

interface Naming {
  readonly source: Source;
  readonly statement: Pick<SqlStatement, "binds">;
  readonly sites: readonly BoundSite[];
  readonly binds: BoundValues;
}

/** Throws connect/unknown, serve/connection-refused and the like, at the argument. */
export async function checkNamedConnections(workspace: Workspace, naming: Naming): Promise<void> {
  const { source, sites } = naming;
  for (const site of sites) {
    const named = connectionArgument(site)?.argument;
    const name = named === undefined ? undefined : constantOf(named, naming);
    if (named !== undefined && name !== undefined) {
      await workspace.namedConnection(name).catch((error: unknown) => {
        throw at(error, source, named);
      });
    }
    const inner = site.slots.flatMap((slot) => slot?.sites ?? []);
    await checkNamedConnections(workspace, { ...naming, sites: inner });
  }
}

/** What is neither a text nor a bind of one is known only when SQLite has evaluated it. */
function constantOf({ expression }: Argument, { source, statement, binds }: Naming): string | undefined {
  const { start, end } = expression;
  const use = statement.binds.find(({ span }) => span.start === start && span.end === end);
  if (use !== undefined) {
    const value = binds[use.name ?? String(use.number ?? "")];
    return typeof value === "string" ? value : undefined;
  }
  const [first, second] = scan(source.text.slice(start, end));
  return second === undefined && first?.tokenType === Text ? nameOf(first).text : undefined;
}

function at(error: unknown, source: Source, { expression }: Argument): unknown {
  if (!(error instanceof DiagnosticError)) return error;
  const diagnostics = error.diagnostics.map((found) => ({ ...found, source, span: expression }));
  return new DiagnosticError(diagnostics, { cause: error });
}
