/** CSV text → rows, through the importer. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Row } from "../../../src/cli/format/column.ts";
import { readCsv } from "../../../src/cli/import/csv.ts";

export async function csv(text: string): Promise<Row[]> {
  const file = join(mkdtempSync(join(tmpdir(), "callsql-")), "t.csv");
  writeFileSync(file, text);
  return Array.fromAsync((await readCsv(file)).rows);
}
