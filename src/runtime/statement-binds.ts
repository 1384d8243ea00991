/** The values of a statement's binds: the caller's, then the session's variables. A bind without a value is an error. */
import { fail } from "../diagnostics/diagnostic.ts";
import type { Source } from "../diagnostics/source.ts";
import type { SqlValue } from "../catalog/value.ts";
import type { BindUse } from "../parser/syntax.ts";
import type { BoundValues } from "./plan.ts";
import type { Workspace } from "./workspace.ts";
import { toSqlite, type Binds, type BindValue } from "./values.ts";

export interface BindSources {
  readonly given: Binds;
  readonly workspace: Pick<Workspace, "variables" | "confiner">;
}

/** By the key better-sqlite3 uses: the name without prefix, or the number. All missing binds are reported together. */
export function resolveBinds(uses: readonly BindUse[], sources: BindSources, source: Source): BoundValues {
  const values: Record<string, SqlValue> = {};
  const missing = new Map<string, BindUse>();
  for (const use of uses) {
    const value = valueOf(use, sources);
    const key = use.name ?? String(use.number ?? "");
    if (value === undefined) missing.set(use.text === "?" ? `?${key}` : use.text, use);
    else values[key] = toSqlite(value, use.text, { source, span: use.span });
  }
  const [first] = missing.values();
  if (first !== undefined)
    fail(
      "bind/missing-bind",
      { names: [...missing.keys()], isConfined: sources.workspace.confiner !== undefined },
      { source, span: first.span },
    );
  return values;
}

function valueOf(use: BindUse, { given, workspace: { variables } }: BindSources): BindValue {
  if (use.name === undefined) {
    const position = (use.number ?? 0) - 1;
    const key = String(position + 1);
    // A variable named by a number is one that the command line was given: -p 1=….
    const value = isList(given) ? given[position] : given[key];
    return value === undefined ? variables.get(key) : value;
  }
  const own = isList(given) ? undefined : named(given, use.name);
  return own === undefined ? variables.get(use.name.toLowerCase()) : own;
}

/** The exact name first, then the only one that differs in case; a prefix in the caller's key does not matter. */
function named(given: Readonly<Record<string, BindValue>>, name: string): BindValue {
  const find = (isSame: (key: string) => boolean): BindValue => {
    const keys = Object.keys(given).filter((key) => isSame(key.replace(/^[:@$]/, "")));
    return keys.length === 1 ? given[keys[0] ?? ""] : undefined;
  };
  const exact = find((key) => key === name);
  return exact === undefined ? find((key) => key.toLowerCase() === name.toLowerCase()) : exact;
}

function isList(given: Binds): given is readonly BindValue[] {
  return Array.isArray(given);
}

/** As better-sqlite3 takes them for the user's own text, where a bare `?` has no name. */
export function bindArguments(
  { binds }: { readonly binds: readonly BindUse[] },
  values: BoundValues,
): unknown[] {
  const bare = binds.filter((use) => use.text === "?").map((use) => values[String(use.number ?? "")] ?? null);
  const hasNamed = binds.some((use) => use.text !== "?");
  return [...bare, ...(hasNamed ? [values] : [])];
}
