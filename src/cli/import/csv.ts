/**
 * CSV and TSV with a header, row by row. Cells that are written as numbers are numbers (see cell.ts), an empty
 * cell is NULL, a quoted empty cell ("") is the empty text: what `-o csv` writes comes back the same.
 */
import { Readable } from "node:stream";
import { CsvError, parse, type InfoField } from "csv-parse";
import { fail, type SqlValue } from "../../index.ts";
import { typedValue } from "../cell.ts";
import { readTextChunks } from "../file.ts";
import { columnNames } from "./header.ts";
import type { Importable } from "./importable.ts";

/** A row larger than this is taken for a quote that was never closed. */
const recordBytesMax = 256 * 1024 * 1024;

export async function readCsv(file: string, delimiter: "," | "\t"): Promise<Importable> {
  const records = parseRecords(file, delimiter);
  const header = await records.next();
  if (header.done) fail("cli/import-empty", { file });
  const names = header.value.map((cell) => (cell === null ? "" : String(cell)));
  return { columns: columnNames(file, names), rows: records };
}

/** The header first, then the rows, all of its length. */
async function* parseRecords(file: string, delimiter: string): AsyncGenerator<SqlValue[]> {
  const text = Readable.from(readTextChunks(file), { objectMode: true });
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
  try {
    for await (const item of text.pipe(parser)) {
      const { record, line } = readRecord(item);
      expected ??= record.length;
      // An empty line is no row, except where a row is one cell and the line one NULL.
      if (expected > 1 && record.length === 1 && record[0] === null) continue;
      if (record.length !== expected)
        fail("cli/csv-field-count", { file, line, fields: record.length, expected });
      yield record;
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    failMalformed(file, error);
  } finally {
    text.destroy();
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
