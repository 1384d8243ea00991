/** Result sets, one after the other, in the chosen format. */
import { setImmediate } from "node:timers/promises";
import type { ResultSet, SqlValue } from "../index.ts";
import type { Column, Row, Style } from "./format/column.ts";
import { separatorOf, written, type FormatName } from "./format/format.ts";
import type { Output } from "./output.ts";

const rowsPerTurn = 512;

export interface ResultWriterOptions {
  readonly output: Output;
  readonly format: FormatName;
  readonly style: Style;
  readonly hasStatementNumbers: boolean;
}

export class ResultWriter {
  readonly #options: ResultWriterOptions;
  #written = 0;

  constructor(options: ResultWriterOptions) {
    this.#options = options;
  }

  /** The number of rows. Changes and notices are not results: they leave standard output empty. */
  async write(result: ResultSet, statement: number, signal: AbortSignal): Promise<number> {
    if (result.kind !== "rows") return 0;
    const { output, format, style, hasStatementNumbers } = this.#options;
    if (this.#written++ > 0) await output.write(separatorOf(format));
    const number: Column = { name: "statement", type: "INTEGER", format: undefined };
    const columns = hasStatementNumbers ? [number, ...result.columns] : result.columns;
    const before: readonly SqlValue[] = hasStatementNumbers ? [statement] : [];
    const rows = new CountedRows(result.arrays(), before, signal);
    for await (const piece of written(format, columns, rows, style)) await output.write(piece);
    await output.flush();
    return rows.count;
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
