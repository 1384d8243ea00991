/**
 * What SQLite is given for a call that has not been made yet. No single placeholder can be told from a real answer by
 * every statement, so where a statement may react to its own results, several unlike ones are tried (2-runtime, rule 1).
 */
import { randomUUID } from "node:crypto";
import type { Procedure, Row } from "../catalog/procedure.ts";
import type { SqlValue } from "../catalog/value.ts";

export type Placeholder =
  | { readonly kind: "null" }
  | { readonly kind: "no-row" }
  | { readonly kind: "value"; readonly value: SqlValue }
  /** A real answer of the same procedure, where there is one: functions over it do not fail. `age` 0 is the latest. */
  | { readonly kind: "recent"; readonly age: number };

export const nullPlaceholder: Placeholder = { kind: "null" };

/** How many real answers a procedure keeps for placeholders. */
export const recentMax = 3;

/** All that a probing round tries. `literals`: text constants the statement may compare results with. */
export function probes(literals: readonly string[]): readonly Placeholder[] {
  return [
    nullPlaceholder,
    { kind: "no-row" },
    { kind: "value", value: `callsql-${randomUUID()}` },
    { kind: "value", value: 8.5e307 },
    { kind: "value", value: -8.5e307 },
    ...literals.map((value): Placeholder => ({ kind: "value", value })),
    ...Array.from({ length: recentMax }, (_, age): Placeholder => ({ kind: "recent", age })),
  ];
}

/** The row to give, or undefined for none. `recent` answers come latest first. */
export function placeholderRow(
  placeholder: Placeholder,
  procedure: Procedure,
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
  }
}

function filled(procedure: Procedure, value: SqlValue): Row {
  return procedure.columns.map(() => value);
}
