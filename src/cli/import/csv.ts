/**
 * CSV and TSV with a header, row by row. Cells that are written as numbers are numbers (see cell.ts), an empty
 * cell is NULL, a quoted empty cell ("") is the empty text: what `-o csv` writes comes back the same.
 */
import { diagnostic, fail, type SqlValue } from "../../index.ts";
import { typedValue } from "../cell.ts";
import { readTextChunks } from "../data-text.ts";
import { BadLines } from "./bad-lines.ts";
import { csvRecords, type CsvRecord } from "./csv-records.ts";
import { columnNames } from "./header.ts";
import type { Importable } from "./importable.ts";
import { known } from "../known.ts";

/** Without a delimiter the header says it: see `delimiterOf`. */
export async function readCsv(file: string, delimiter?: "\t"): Promise<Importable> {
  const chunks = readTextChunks(file);
  const { value: start = "" } = await chunks.next();
  const all = rejoined(start, chunks);
  const batches = csvRecords({ file, delimiter: delimiter ?? delimiterOf(start) }, all);
  const { header, records } = await readHeader(batches);
  if (header === undefined) fail("cli/import-empty", { file });
  const columns = columnNames(file, header.cells);
  return { columns, rows: rowsOf(file, { expected: columns.length, records, batches }) };
}

/** The first line that is not empty, and the records that came along with it. */
async function readHeader(
  batches: AsyncGenerator<CsvRecord[]>,
): Promise<{ header?: CsvRecord; records: readonly CsvRecord[] }> {
  for (let step = await batches.next(); step.done !== true; step = await batches.next()) {
    const at = step.value.findIndex((record) => !isEmpty(record));
    const header = step.value[at];
    if (header !== undefined) return { header, records: step.value.slice(at + 1) };
  }
  return { records: [] };
}

/** A comma, unless the first line has none and has another mark that spreadsheets write: `;`, a tab or `|`. */
function delimiterOf(text: string): string {
  const header = known(/^(?:"(?:[^"]|"")*"|[^\r\n"])*/.exec(text)?.[0]);
  const unquoted = header.replace(/"(?:[^"]|"")*"/g, "");
  return [",", ";", "\t", "|"].find((mark) => unquoted.includes(mark)) ?? ",";
}

async function* rejoined(start: string, rest: AsyncIterable<string>): AsyncGenerator<string> {
  yield start;
  yield* rest;
}

/** All of the header's length. */
async function* rowsOf(
  file: string,
  {
    expected,
    records,
    batches,
  }: {
    readonly expected: number;
    readonly records: readonly CsvRecord[];
    readonly batches: AsyncGenerator<CsvRecord[]>;
  },
): AsyncGenerator<SqlValue[]> {
  const bad = new BadLines(file);
  try {
    for (let batch = records; ;) {
      for (const record of batch) {
        const fields = record.cells.length;
        // An empty line is no row, except where a row is one cell and the line one NULL.
        if (fields === 1 && expected > 1 && isEmpty(record)) continue;
        if (fields !== expected)
          bad.add(diagnostic("cli/csv-field-count", { file, line: record.line, fields, expected }));
        else if (bad.count === 0)
          yield record.cells.map((cell, index) => valueOf(cell, record.isQuoted[index]));
      }
      const step = await batches.next();
      if (step.done === true) break;
      batch = step.value;
    }
  } finally {
    await batches.return(undefined);
  }
  bad.report();
}

function isEmpty({ cells, isQuoted }: CsvRecord): boolean {
  return cells.length === 1 && cells[0] === "" && isQuoted[0] !== true;
}

function valueOf(cell: string, isQuoted = false): SqlValue {
  if (cell === "") return isQuoted ? "" : null;
  return typedValue(cell);
}
