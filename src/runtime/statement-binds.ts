/** The values of a statement's binds: the caller's, then the session's variables. A bind without a value is an error. */
import { unusedNumbers } from "../parser/binds.ts";
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
    if (value === undefined) missing.set(use.text === "?" ? `?${use.key}` : use.text, use);
    else values[use.key] = toSqlite(value, use.text, { source, span: use.span });
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
    // A variable named by a number is one that the command line was given: -p 1=….
    const value = isList(given) ? given[Number(use.key) - 1] : given[use.key];
    return value === undefined ? variables.get(use.key) : value;
  }
  const own = isList(given) ? undefined : named(given, use.name);
  return own === undefined ? variables.get(use.name.toLowerCase()) : own;
}

/** The exact name first, then the only one that differs in case; a prefix in the caller's key does not matter. */
function named(given: Readonly<Record<string, BindValue>>, name: string): BindValue {
  const find = (isSame: (key: string) => boolean): BindValue => {
    const found = Object.entries(given).filter(([key]) => isSame(key.replace(/^[:@$]/, "")));
    return found.length === 1 ? found[0]?.[1] : undefined;
  };
  const exact = find((key) => key === name);
  return exact === undefined ? find((key) => key.toLowerCase() === name.toLowerCase()) : exact;
}

function isList(given: Binds): given is readonly BindValue[] {
  return Array.isArray(given);
}

/** As better-sqlite3 takes them for the user's own text, where a bare `?` has no name, and a number that is left out is NULL. */
export function bindArguments(
  { binds }: { readonly binds: readonly BindUse[] },
  values: BoundValues,
): unknown[] {
  const bare = binds.filter((use) => use.text === "?");
  const hasNamed = bare.length < binds.length;
  const unused = unusedNumbers(binds).map((number) => ({ number, key: undefined }));
  const nameless = unused.length === 0 ? bare : [...bare, ...unused].toSorted(byNumber);
  const list = nameless.map(({ key }) => (key === undefined ? null : (values[key] ?? null)));
  return [...list, ...(hasNamed ? [values] : [])];
}

function byNumber(a: { readonly number?: number }, b: { readonly number?: number }): number {
  return (a.number ?? 0) - (b.number ?? 0);
}
