/** Result sets, one after the other, in the chosen format. */
import { setImmediate } from "node:timers/promises";
import type { ResultSet, SqlValue } from "../index.ts";
import type { Column, Row, Style } from "./format/column.ts";
import { mediaOf, saveMedia } from "./format/media-file.ts";
import { separatorOf, written, type FormatName } from "./format/format.ts";
import type { Output } from "./output.ts";

const rowsPerTurn = 512;

export interface ResultWriterOptions {
  readonly output: Output;
  readonly format: FormatName;
  readonly style: Style;
  readonly hasStatementNumbers: boolean;
  /** Where BLOBs of results become files; absent: nowhere. */
  readonly mediaFolder?: string;
}

export class ResultWriter {
  readonly #options: ResultWriterOptions;
  #written = 0;
  #saved = 0;

  constructor(options: ResultWriterOptions) {
    this.#options = options;
  }

  /** How many files were saved. */
  get saved(): number {
    return this.#saved;
  }

  /** The number of rows. Changes and notices are not results: they leave standard output empty. */
  async write(
    result: Pick<ResultSet, "kind" | "columns" | "arrays">,
    statement: number,
    signal: AbortSignal,
  ): Promise<number> {
    if (result.kind !== "rows") return 0;
    const { hasStatementNumbers } = this.#options;
    const number: Column = { name: "statement", type: "INTEGER", format: undefined };
    const columns = hasStatementNumbers ? [number, ...result.columns] : result.columns;
    const before: readonly SqlValue[] = hasStatementNumbers ? [statement] : [];
    const rows = new CountedRows(result.arrays(), before, signal);
    await this.writeRows(columns, this.#saving(rows, columns));
    return rows.count;
  }

  async writeRows(columns: readonly Column[], rows: AsyncIterable<Row>): Promise<void> {
    const { output, format, style } = this.#options;
    if (this.#written++ > 0) await output.write(separatorOf(format));
    for await (const piece of written(format, columns, rows, style)) await output.write(piece);
    await output.flush();
  }

  async *#saving(rows: AsyncIterable<Row>, columns: readonly Column[]): AsyncGenerator<Row> {
    const { mediaFolder } = this.#options;
    let number = 0;
    for await (const row of rows) {
      number += 1;
      if (mediaFolder !== undefined) {
        for (const value of mediaOf(row, columns, number)) {
          await saveMedia(value, mediaFolder);
          this.#saved += 1;
        }
      }
      yield row;
    }
  }
}

class CountedRows implements AsyncIterable<Row> {
  count = 0;
  readonly #rows: AsyncIterable<Row>;
  readonly #before: readonly SqlValue[];
  readonly #signal: AbortSignal;

  constructor(rows: AsyncIterable<Row>, before: readonly SqlValue[], signal: AbortSignal) {
    this.#rows = rows;
    this.#before = before;
    this.#signal = signal;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Row> {
    for await (const row of this.#rows) {
      // Rows of SQLite come without waiting; Ctrl-C is heard only when the event loop gets its turn.
      if (++this.count % rowsPerTurn === 0) await setImmediate();
      this.#signal.throwIfAborted();
      yield this.#before.length === 0 ? row : [...this.#before, ...row];
    }
  }
}
