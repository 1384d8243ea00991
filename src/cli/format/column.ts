/** The one model that every format writes from: named columns and rows of SQLite's values in their order. */
import type { ResultColumn, SqlValue } from "../../index.ts";
import type { Colours } from "../colours.ts";

export type Column = ResultColumn;
export type Row = readonly SqlValue[];

export interface Style {
  /** Off unless the format is read by a person on a terminal. Never changes what is said. */
  readonly colours: Colours;
  /** `.mode insert TABLE`: what the statements insert into. */
  readonly table?: string;
  /** CSV and TSV: no cell of text is a formula to a spreadsheet; default false, which is exact. */
  readonly isCsvSafe?: boolean;
}

/**
 * A result set as text, piece by piece; nothing is held back longer than the format needs. When
 * reading fails, what was read is written first, then the failure is thrown on.
 */
export type Format = (
  columns: readonly Column[],
  rows: AsyncIterable<Row>,
  style: Style,
) => AsyncIterable<string>;

/** For formats in which a name is a key: a repeated one becomes `name:1`, as SQLite names it in subqueries. */
export function distinctlyNamed(columns: readonly Column[]): Column[] {
  const taken = new Set<string>();
  return columns.map((column) => {
    let { name } = column;
    for (let count = 1; taken.has(name); count++) name = `${column.name}:${count}`;
    taken.add(name);
    return { ...column, name };
  });
}
