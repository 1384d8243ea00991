/**
 * 1,000,000 CSV rows of 73 MB into a table of a new file, against the same rows put there by a bare loop over a prepared
 * statement, the rows being in memory: what reading, typing and checking cost on top. `node bench/import.ts [rows]`.
 */
import Database from "better-sqlite3";
import { createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { importFile } from "../src/cli/import/import.ts";
import { openSession } from "../src/index.ts";
import { publish } from "./harness.ts";

const rows = Number(process.argv[2] ?? 1_000_000);
const secondsMax = 15;
const columns = ["id", "name", "email", "city", "amount", "note"];
const folder = mkdtempSync(join(tmpdir(), "callsql-bench-"));
const file = join(folder, "people.csv");

function* lines(): Generator<string> {
  yield `${columns.join(",")}\n`;
  for (let i = 0; i < rows; i++)
    yield `${i},Person ${i},p${i}@example.com,Köln,${(i % 9973) / 100},"said ""hi"", left"\n`;
}

function* values(): Generator<readonly (string | number | bigint)[]> {
  for (let i = 0; i < rows; i++)
    yield [BigInt(i), `Person ${i}`, `p${i}@example.com`, "Köln", (i % 9973) / 100, 'said "hi", left'];
}

async function ours(): Promise<number> {
  const database = join(folder, "ours.db");
  await using session = await openSession({ database, ledger: ":memory:" });
  const startedAt = performance.now();
  const { rows: count } = await importFile(session, { table: "people", file }, new AbortController().signal);
  const elapsed = performance.now() - startedAt;
  if (count !== rows) throw new Error(`${count} rows were imported`);
  rmSync(database);
  return elapsed / 1000;
}

function bare(): number {
  const database = join(folder, "bare.db");
  const db = new Database(database);
  const all = [...values()];
  const startedAt = performance.now();
  db.exec(`CREATE TABLE people(${columns.join(", ")})`);
  const insert = db.prepare("INSERT INTO people VALUES (?, ?, ?, ?, ?, ?)");
  db.transaction(() => all.forEach((row) => insert.run(...row)))();
  const elapsed = performance.now() - startedAt;
  db.close();
  rmSync(database);
  return elapsed / 1000;
}

await pipeline(Readable.from(lines()), createWriteStream(file));
const [first, firstBare] = [await ours(), bare()];
const seconds = Math.min(first, await ours());
const bareSeconds = Math.min(firstBare, bare());
rmSync(folder, { recursive: true });

const what = `${rows.toLocaleString("en-US")} CSV rows into a table`;
const detail = `${seconds.toFixed(1)} s, the loop ${bareSeconds.toFixed(1)} s`;
publish("import", "Import", [
  { what, against: "a bare insert loop", ratio: seconds / bareSeconds, goal: { atMost: 6 }, detail },
  { what, against: `${secondsMax} s`, ratio: seconds / secondsMax, goal: { atMost: 1 }, detail },
]);
