/**
 * Rows in aligned columns: measured over the first rows, written with those widths from then on. A later value
 * that is wider is written whole and pushes its line out of shape; nothing is ever cut.
 */
import { shownValue } from "./cell.ts";
import type { Column, Format, Row, Style } from "./column.ts";
import { padEnd, padStart, safeLine, widthOf } from "./text.ts";
import { known } from "../known.ts";

/** How one kind of grid draws; every text it gives ends in a line end, or is empty. */
export interface Drawing {
  /** A value's text, fit for this kind of grid. */
  cell(text: string): string;
  top(widths: readonly number[]): string;
  /** One line of a row or of the header: its cells are already padded. */
  line(cells: readonly string[]): string;
  /** Between the header and the rows. */
  rule(widths: readonly number[], alignments: readonly Alignment[]): string;
  bottom(widths: readonly number[]): string;
}

export type Alignment = "left" | "right";

interface Cell {
  readonly lines: readonly string[];
  readonly isNull: boolean;
}

/** Rows that are held back to measure them. */
const measuredRowsMax = 1000;

export function grid(drawing: Drawing): Format {
  return async function* write(columns, rows, style) {
    const measured: Row[] = [];
    let layout: Layout | undefined;
    try {
      for await (const row of rows) {
        if (layout !== undefined) {
          yield layout.row(row);
        } else if (measured.push(row) === measuredRowsMax) {
          layout = new Layout(drawing, columns, measured, style);
          yield layout.start;
        }
      }
    } catch (error) {
      if (layout === undefined && measured.length > 0)
        yield new Layout(drawing, columns, measured, style).start;
      throw error;
    }
    layout ??= new Layout(drawing, columns, measured, style);
    if (measured.length < measuredRowsMax) yield layout.start;
    yield layout.end;
  };
}

class Layout {
  /** Header and the measured rows. */
  readonly start: string;
  readonly end: string;
  readonly #drawing: Drawing;
  readonly #columns: readonly Column[];
  readonly #style: Style;
  readonly #widths: readonly number[];
  readonly #alignments: readonly Alignment[];

  constructor(drawing: Drawing, columns: readonly Column[], rows: readonly Row[], style: Style) {
    this.#drawing = drawing;
    this.#columns = columns;
    this.#style = style;
    const names = columns.map(({ name }) => drawing.cell(safeLine(name)));
    const cells = rows.map((row) => this.#cells(row));
    this.#widths = columns.map((_, index) =>
      cells.reduce(
        (widest, row) => Math.max(widest, widestLine(known(row[index]))),
        widthOf(known(names[index])),
      ),
    );
    this.#alignments = columns.map((_, index) => alignmentOf(rows, index));
    const header = names.map((name, index) => style.colours.bold(this.#pad(name, index)));
    this.start = [
      drawing.top(this.#widths),
      drawing.line(header),
      drawing.rule(this.#widths, this.#alignments),
      ...cells.map((row) => this.#lines(row)),
    ].join("");
    this.end = drawing.bottom(this.#widths);
  }

  row(row: Row): string {
    return this.#lines(this.#cells(row));
  }

  #cells(row: Row): Cell[] {
    return this.#columns.map((column, index) => {
      const value = row[index] ?? null;
      const lines = this.#drawing.cell(shownValue(value, column)).split("\n");
      return { lines, isNull: value === null };
    });
  }

  /** A row is as high as its highest cell. */
  #lines(cells: readonly Cell[]): string {
    const height = cells.reduce((highest, { lines }) => Math.max(highest, lines.length), 1);
    const lines: string[] = [];
    for (let number = 0; number < height; number++) {
      const padded = cells.map((cell, index) => {
        const text = this.#pad(cell.lines[number] ?? "", index);
        return cell.isNull ? this.#style.colours.dim(text) : text;
      });
      lines.push(this.#drawing.line(padded));
    }
    return lines.join("");
  }

  #pad(text: string, index: number): string {
    const width = known(this.#widths[index]);
    return this.#alignments[index] === "right" ? padStart(text, width) : padEnd(text, width);
  }
}

function widestLine({ lines }: Cell): number {
  return lines.reduce((widest, text) => Math.max(widest, widthOf(text)), 0);
}

/** Numbers stand right, if the column holds nothing else. */
function alignmentOf(rows: readonly Row[], index: number): Alignment {
  const values = rows.map((row) => row[index] ?? null).filter((value) => value !== null);
  const areNumbers = values.every((value) => typeof value === "number" || typeof value === "bigint");
  return values.length > 0 && areNumbers ? "right" : "left";
}
