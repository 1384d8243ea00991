/**
 * Results that fit the screen: the widths of columns shared out, values cut to them by display width, and rows turned
 * on their side where columns do not fit at all. How many values were cut is told, never hidden. For people on a
 * terminal only: files and pipes get every value whole.
 */
import type { SqlValue } from "../../../index.ts";
import { shownValue } from "../../format/cell.ts";
import type { Column, Format, Row } from "../../format/column.ts";
import { formats, type TextFormat } from "../../format/format.ts";
import { safeLine, widthOf } from "../../format/text.ts";
import { cutToCells } from "../edit/graphemes.ts";
import { known } from "../../known.ts";

/** `auto`: box, or line where a box would be unreadable. */
export type Mode = TextFormat | "auto";

export interface Fit {
  readonly columns: number;
  /** Values shown shorter than they are. */
  cut: number;
  /** Columns left out because they hold nothing but NULL. */
  hidden: number;
  /** Set when rows are written one value a line, whole. */
  isOnSide: boolean;
}

const measuredRowsMax = 1000;
/** A column is not made narrower than this for its neighbours' sake. */
const columnWidthMin = 10;
/** Lines of one value in a table. */
const valueLinesMax = 8;
/** One row of so many columns is shown without its NULLs. */
const manyColumns = 12;

export function fitted(mode: Mode, fit: Fit): Format {
  return async function* write(columns, rows, style) {
    const start = await readStart(rows);
    const all = () => joined(start);
    if (mode !== "auto" && mode !== "box" && mode !== "table" && mode !== "markdown") {
      fit.isOnSide = mode === "line";
      yield* formats[mode](columns, all(), style);
      return;
    }
    const natural = naturalWidths(columns, start.rows);
    const widths = shareOut(natural, fit.columns - (3 * columns.length + 1));
    if (mode === "auto" && !isReadable({ natural, widths, rows: start.rows })) {
      fit.isOnSide = true;
      const [only] = start.rows;
      if (only === undefined || start.rows.length > 1) return yield* formats.line(columns, all(), style);
      // What a call leaves empty would push its answer off the screen.
      const isKept = (_: unknown, index: number): boolean =>
        columns.length < manyColumns || only[index] !== null;
      fit.hidden = columns.length - columns.filter(isKept).length;
      const kept = mapped(all(), (row) => row.filter(isKept));
      return yield* formats.line(columns.filter(isKept), kept, style);
    }
    const cutColumns = columns.map((column, index) => ({
      ...column,
      name: cutToCells(safeLine(column.name), known(widths[index])),
    }));
    const cutRows = mapped(all(), (row) =>
      row.map((value, index) => cutValue(value, known(columns[index]), known(widths[index]), fit)),
    );
    yield* formats[mode === "auto" ? "box" : mode](cutColumns, cutRows, style);
  };
}

/** Widths that add up to `available`: columns that need less than their share keep what they need. */
export function shareOut(natural: readonly number[], available: number): number[] {
  const widths = natural.map(() => 0);
  const order = natural.map((_, index) => index).toSorted((a, b) => known(natural[a]) - known(natural[b]));
  let left = Math.max(available, natural.length);
  for (const [done, index] of order.entries()) {
    const share = Math.floor(left / (natural.length - done));
    widths[index] = Math.max(1, Math.min(known(natural[index]), share));
    left -= widths[index];
  }
  return widths;
}

interface Start {
  readonly rows: readonly Row[];
  readonly rest: AsyncIterator<Row>;
  readonly failure: { readonly error: unknown } | undefined;
}

async function readStart(source: AsyncIterable<Row>): Promise<Start> {
  const rest = source[Symbol.asyncIterator]();
  const rows: Row[] = [];
  try {
    while (rows.length < measuredRowsMax) {
      const step = await rest.next();
      if (step.done === true) break;
      rows.push(step.value);
    }
  } catch (error) {
    return { rows, rest, failure: { error } };
  }
  return { rows, rest, failure: undefined };
}

async function* joined({ rows, rest, failure }: Start): AsyncGenerator<Row> {
  yield* rows;
  if (failure !== undefined) throw failure.error;
  for (let step = await rest.next(); step.done !== true; step = await rest.next()) yield step.value;
}

async function* mapped(rows: AsyncIterable<Row>, change: (row: Row) => Row): AsyncGenerator<Row> {
  for await (const row of rows) yield change(row);
}

function naturalWidths(columns: readonly Column[], rows: readonly Row[]): number[] {
  return columns.map((column, index) =>
    rows.reduce(
      (widest, row) => Math.max(widest, textWidth(shownValue(row[index] ?? null, column))),
      widthOf(safeLine(column.name)),
    ),
  );
}

function textWidth(text: string): number {
  return text.split("\n").reduce((widest, line) => Math.max(widest, widthOf(line)), 0);
}

function cutValue(value: SqlValue, column: Column, width: number, fit: Fit): SqlValue {
  if (value === null) return value;
  const text = shownValue(value, column);
  const lines = text.split("\n");
  const kept = lines.slice(0, valueLinesMax).map((line) => cutToCells(line, width));
  if (lines.length > valueLinesMax) kept.push("…");
  const cut = kept.join("\n");
  if (cut !== text) fit.cut++;
  else if (typeof value === "number" || typeof value === "bigint") return value;
  return cut;
}

/** Not where columns are too narrow, nor where one answer would be cut or is as long as a page. */
function isReadable(table: {
  readonly natural: readonly number[];
  readonly widths: readonly number[];
  readonly rows: readonly Row[];
}): boolean {
  const { natural, widths, rows } = table;
  const cut = widths.filter((width, index) => width < known(natural[index]));
  if (cut.some((width) => width < columnWidthMin)) return false;
  if (rows.length !== 1) return true;
  const isLong = (value: SqlValue): boolean =>
    typeof value === "string" && value.split("\n").length > valueLinesMax;
  return cut.length === 0 && rows[0]?.some(isLong) !== true;
}
