/**
 * CSV and TSV with a header, row by row. Cells that are written as numbers are numbers (see cell.ts), an empty
 * cell is NULL, a quoted empty cell ("") is the empty text: what `-o csv` writes comes back the same.
 */
import { Readable } from "node:stream";
import { CsvError, parse, type InfoField } from "csv-parse";
import { diagnostic, DiagnosticError, fail, type Diagnostic, type SqlValue } from "../../index.ts";
import { typedValue } from "../cell.ts";
import { readTextChunks } from "../data-text.ts";
import { columnNames } from "./header.ts";
import type { Importable } from "./importable.ts";

/** A row larger than this is taken for a quote that was never closed. */
const recordBytesMax = 256 * 1024 * 1024;

/** Lines that are named when several have another number of fields than the header. */
const namedLinesMax = 10;

/** Without a delimiter the header says it: see `delimiterOf`. */
export async function readCsv(file: string, delimiter?: "\t"): Promise<Importable> {
  const chunks = readTextChunks(file);
  const { value: start = "" } = await chunks.next();
  const records = parseRecords(file, rejoined(start, chunks), delimiter ?? delimiterOf(start));
  const header = await records.next();
  if (header.done) fail("cli/import-empty", { file });
  const names = header.value.map((cell) => (cell === null ? "" : String(cell)));
  return { columns: columnNames(file, names), rows: records };
}

/** A comma, unless the first line has none and has another mark that spreadsheets write: `;`, a tab or `|`. */
function delimiterOf(text: string): string {
  const header = /^(?:"(?:[^"]|"")*"|[^\r\n"])*/.exec(text)?.[0] ?? "";
  const unquoted = header.replace(/"(?:[^"]|"")*"/g, "");
  return [",", ";", "\t", "|"].find((mark) => unquoted.includes(mark)) ?? ",";
}

async function* rejoined(start: string, rest: AsyncIterable<string>): AsyncGenerator<string> {
  yield start;
  yield* rest;
}

/** The header first, then the rows, all of its length. */
async function* parseRecords(
  file: string,
  chunks: AsyncIterable<string>,
  delimiter: string,
): AsyncGenerator<SqlValue[]> {
  const text = Readable.from(chunks, { objectMode: true });
  const parser = parse({
    delimiter,
    cast: parseCell,
    info: true,
    max_record_size: recordBytesMax,
    relax_column_count: true,
  });
  // `pipe` does not carry errors; destroying the parser makes them surface in the loop below.
  text.on("error", (error) => parser.destroy(error));
  let expected: number | undefined;
  const bad = new BadLines(file);
  try {
    for await (const item of text.pipe(parser)) {
      const { record, line } = readRecord(item);
      expected ??= record.length;
      // An empty line is no row, except where a row is one cell and the line one NULL.
      if (expected > 1 && record.length === 1 && record[0] === null) continue;
      if (record.length !== expected) bad.add({ line, fields: record.length, expected });
      else if (bad.count === 0) yield record;
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    failMalformed(file, error);
  } finally {
    text.destroy();
  }
  bad.report();
}

/** Lines of another length than the header's: the whole file is read for them, so that one look mends it. */
class BadLines {
  count = 0;
  readonly #file: string;
  readonly #named: Diagnostic[] = [];

  constructor(file: string) {
    this.#file = file;
  }

  add(bad: { readonly line: number; readonly fields: number; readonly expected: number }): void {
    if (this.count++ < namedLinesMax)
      this.#named.push(diagnostic("cli/csv-field-count", { file: this.#file, ...bad }));
  }

  report(): void {
    if (this.count === 0) return;
    const lines = this.count - this.#named.length;
    const more = lines === 0 ? [] : [diagnostic("cli/csv-more-bad-lines", { file: this.#file, lines })];
    throw new DiagnosticError([...this.#named, ...more]);
  }
}

/** The header keeps its text: a column may be called 2024. */
function parseCell(cell: string, context: InfoField): SqlValue {
  if (context.records === 0) return cell;
  if (cell === "") return context.quoting ? "" : null;
  return typedValue(cell);
}

function readRecord(item: unknown): { record: SqlValue[]; line: number } {
  const { record, info } = item as { record: SqlValue[]; info: { lines: number } };
  return { record, line: info.lines };
}

function failMalformed(file: string, error: CsvError): never {
  const line = typeof error["lines"] === "number" ? error["lines"] : 0;
  switch (error.code) {
    case "CSV_QUOTE_NOT_CLOSED":
    case "CSV_MAX_RECORD_SIZE":
      return fail("cli/csv-open-quote", { file, line });
    case "CSV_INVALID_CLOSING_QUOTE":
    case "INVALID_OPENING_QUOTE":
      return fail("cli/csv-stray-quote", { file, line });
    default:
      return fail("cli/csv-malformed", { file, line, reason: error.message });
  }
}
