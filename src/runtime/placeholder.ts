/**
 * What SQLite is given for a call that has not been made yet. No single placeholder can be told from a real answer by
 * every statement, so where a statement may react to its own results, several unlike ones are tried (2-runtime, rule 1).
 */
import { hash, randomUUID } from "node:crypto";
import type { Procedure, Row } from "../catalog/procedure.ts";
import type { SqlValue } from "../catalog/value.ts";
import type { Call } from "./memo.ts";
import { known } from "../diagnostics/known.ts";

export type Placeholder =
  | { readonly kind: "null" }
  | { readonly kind: "no-row" }
  | { readonly kind: "value"; readonly value: SqlValue }
  /** A real answer of the same procedure, where there is one: functions over it do not fail. `age` 0 is the latest. */
  | { readonly kind: "recent"; readonly age: number }
  /** Another for each call, by its key: a statement that compares answers with each other sees equal and unequal ones. */
  | { readonly kind: "mixed"; readonly of: readonly Placeholder[]; readonly salt: string };

export const nullPlaceholder: Placeholder = { kind: "null" };

/** How many real answers a procedure keeps for placeholders. */
export const recentMax = 3;

/** How often answers are mixed anew in a probing round. */
const mixes = 24;

/**
 * All that a probing round tries. `literals`: text constants the statement may compare results with; `recent`: how many
 * real answers there are.
 */
export function probes(literals: readonly string[], recent: number): readonly Placeholder[] {
  const alike: readonly Placeholder[] = [
    nullPlaceholder,
    { kind: "no-row" },
    { kind: "value", value: `callsql-${randomUUID()}` },
    { kind: "value", value: 8.5e307 },
    { kind: "value", value: -8.5e307 },
    ...literals.map((value): Placeholder => ({ kind: "value", value })),
    ...Array.from({ length: recent }, (_, age): Placeholder => ({ kind: "recent", age })),
  ];
  const salts = Array.from({ length: mixes }, (_, number) => String(number));
  return [...alike, ...salts.map((salt): Placeholder => ({ kind: "mixed", of: alike, salt }))];
}

/** The row to give to a call, or undefined for none. `recent` answers come latest first. */
export function placeholderRow(
  placeholder: Placeholder,
  { key, procedure }: Pick<Call, "key" | "procedure">,
  recent: readonly Row[],
): Row | undefined {
  switch (placeholder.kind) {
    case "null":
      return filled(procedure, null);
    case "no-row":
      return undefined;
    case "value":
      return filled(procedure, placeholder.value);
    case "recent":
      return recent[placeholder.age] ?? recent[0] ?? filled(procedure, null);
    case "mixed": {
      const { of, salt } = placeholder;
      const drawn = Number.parseInt(hash("sha256", salt + key, "hex").slice(0, 8), 16);
      return placeholderRow(known(of[drawn % of.length]), { key, procedure }, recent);
    }
  }
}

/** One array a procedure and value: a pass may ask a hundred thousand times, and only reads it. */
function filled(procedure: Procedure, value: SqlValue): Row {
  const last = lastFilled.get(procedure);
  if (last !== undefined && last[0] === value) return last;
  const row = procedure.columns.map(() => value);
  lastFilled.set(procedure, row);
  return row;
}

const lastFilled = new WeakMap<Procedure, Row>();
