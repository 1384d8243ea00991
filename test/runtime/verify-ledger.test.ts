/** What `callsql runs verify` finds in a damaged record of calls, and that it finds nothing in a sound one. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { diagnostic, verifyLedger, type LedgerDamage } from "../../src/index.ts";
import { openEcho } from "../support/echo.ts";

const folder = mkdtempSync(join(tmpdir(), "callsql-verify-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const sound = join(folder, "sound.db");

/** Short answers, a long one that is kept apart, one with a failed call, and one that is refused. */
beforeAll(async () => {
  const { session, rows } = await openEcho(
    (_, x) => (x === "long" ? "y".repeat(40_000) : `answer to ${String(x)}`),
    { ledger: sound },
  );
  await rows('SELECT R FROM (SELECT value AS v FROM json_each(\'["a", "b", "c", "long"]\')), P(v)');
  await session.close();
});

/** What is found after `sql` was done to a copy. */
function damagedBy(sql: string): readonly LedgerDamage[] {
  const file = join(folder, "damaged.db");
  for (const end of ["", "-wal", "-shm"]) rmSync(file + end, { force: true });
  copyFileSync(sound, file);
  const db = new Database(file);
  db.pragma("foreign_keys = OFF");
  db.exec(sql);
  db.close();
  return verifyLedger(file).damages;
}

test("a sound one has no damage, and is not changed by the look", () => {
  const before = readFileSync(sound);
  const { checked, damages } = verifyLedger(sound);
  expect(damages).toEqual([]);
  expect(checked).toMatchObject({ runs: 1, statements: 1, calls: 4, blobs: 1 });
  expect(checked.file).toBe(statSync(sound).size / 4096);
  expect(readFileSync(sound).equals(before)).toBe(true);
});

test.each<readonly [string, readonly LedgerDamage[]]>([
  [
    "UPDATE calls SET response = replace(response, '\"', '!') WHERE id = 2",
    [{ part: "calls", id: 2, problem: "answer" }],
  ],
  [
    "UPDATE calls SET response = CAST(CAST(response AS BLOB) || x'ff' AS TEXT) WHERE id = 1",
    [{ part: "calls", id: 1, problem: "answer" }],
  ],
  ["UPDATE calls SET response = NULL WHERE id = 3", [{ part: "calls", id: 3, problem: "no-answer" }]],
  ["UPDATE calls SET vector = x'00' WHERE id = 1", [{ part: "calls", id: 1, problem: "answer" }]],
  ["UPDATE calls SET status = 'rucceeded' WHERE id = 3", [{ part: "calls", id: 3, problem: "status" }]],
  ["UPDATE calls SET request = '{' WHERE id = 3", [{ part: "calls", id: 3, problem: "request" }]],
  ["UPDATE calls SET key = x'00' WHERE id = 3", [{ part: "calls", id: 3, problem: "key" }]],
  ["UPDATE calls SET run = 7 WHERE id = 1", [{ part: "calls", id: 1, problem: "no-run" }]],
  ["UPDATE calls SET statement = 7 WHERE id = 1", [{ part: "calls", id: 1, problem: "no-statement" }]],
  ["DELETE FROM blobs", [{ part: "calls", id: 4, problem: "no-blob" }]],
  [
    "UPDATE blobs SET content = replace(content, 'yyyy', 'yyyz')",
    [{ part: "blobs", id: 4, problem: "hash" }],
  ],
  ["UPDATE statements SET run = 7", [{ part: "statements", id: 1, problem: "no-run" }]],
  ["UPDATE statements SET settings = '{'", [{ part: "statements", id: 1, problem: "unreadable" }]],
])("%s is found, by its row", (sql, expected) => {
  const found = damagedBy(sql);
  expect(found).toEqual(expected);
  for (const damage of found) {
    expect(diagnostic("ledger/damaged-row", { file: "x.db", ...damage }).hint).toMatch(/./);
  }
});

test("a byte flipped in a key is found, in the row or in its index", () => {
  const bytes = readFileSync(sound);
  const db = new Database(sound, { readonly: true });
  const key = db.prepare("SELECT key FROM calls WHERE id = 2").pluck().get();
  db.close();
  if (!(key instanceof Uint8Array)) throw new Error("a key is bytes");
  const file = join(folder, "flipped.db");
  const places: number[] = [];
  for (let at = bytes.indexOf(key); at >= 0; at = bytes.indexOf(key, at + 1)) places.push(at);
  expect(places).toHaveLength(2);
  for (const place of places) {
    const copy = Buffer.from(bytes);
    copy[place + 5] = (copy[place + 5] ?? 0) ^ 0x40;
    writeFileSync(file, copy);
    expect(verifyLedger(file).damages).toContainEqual({ part: "calls", id: 2, problem: "index" });
  }
});

test("a file cut in half, and one that is no database, are damage, not an exception", () => {
  const cut = join(folder, "cut.db");
  const bytes = readFileSync(sound);
  writeFileSync(cut, bytes.subarray(0, bytes.length / 2));
  expect(verifyLedger(cut).damages).toContainEqual(expect.objectContaining({ part: "file" }));
  writeFileSync(cut, bytes.fill(0x55, 0, 100));
  expect(verifyLedger(cut).damages).toEqual([
    expect.objectContaining({ part: "file", problem: "unreadable" }),
  ]);
});

test.each([
  [join(folder, "none.db"), "ledger/none"],
  [folder, "ledger/cannot-open"],
])("%s is %s", (file, code) => {
  expect(() => verifyLedger(file)).toThrow(expect.objectContaining({ code }));
});

test("a database that is no ledger, and a newer one, are refused", () => {
  const file = join(folder, "other.db");
  const db = new Database(file);
  db.exec("CREATE TABLE t(a)");
  expect(() => verifyLedger(file)).toThrow(expect.objectContaining({ code: "ledger/not-a-ledger" }));
  db.pragma("user_version = 1000");
  db.close();
  expect(() => verifyLedger(file)).toThrow(expect.objectContaining({ code: "ledger/newer" }));
});
