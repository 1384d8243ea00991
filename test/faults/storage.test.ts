/**
 * A ledger that cannot be written, or is damaged (reference reliability.md, F3, F19): nothing is bought whose answer could
 * not be kept, nothing is paid again in silence, and the file stays sound.
 */
import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, describe, expect, test } from "vitest";
import { DiagnosticError } from "../../src/index.ts";
import { callsql, runShell } from "../e2e/support/process.ts";
import { openEcho } from "../support/echo.ts";
import { faults } from "../support/openai-faults.ts";
import { startOpenAIServer } from "../support/openai-server.ts";
import { onItsWayMax } from "./support/on-its-way.ts";
import { times } from "./support/soak.ts";

const folder = mkdtempSync(join(tmpdir(), "callsql-storage-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const concurrency = 8;

describe("F3: a disk that fills up", () => {
  test("stops the run with a clear error, loses at most what was in flight, and goes on when there is room", async () => {
    await using server = await startOpenAIServer({ faults: [faults.delay(5)] });
    const env = { OPENAI_API_KEY: "sk-test-12345678", OPENAI_BASE_URL: server.url };
    const rows = 300;
    const script = join(folder, "full.sql");
    writeFileSync(
      script,
      `SET concurrency = ${concurrency};
       SELECT count(GenerateResponse('row ' || value || printf('%.2000c', 'x'))) FROM generate_series_of_rows;`.replace(
        "generate_series_of_rows",
        `(WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < ${rows}) SELECT value FROM n)`,
      ),
    );
    const ledger = join(folder, "full-ledger.db");
    const command = `callsql run '${script}' '${join(folder, "full.db")}' --ledger '${ledger}' -o csv`;
    // No file may grow past 400 KiB: what a full disk says, for one process.
    const stopped = await runShell(`ulimit -f 400; ${command}`, { env });
    expect(stopped.code).toBe(1);
    expect(stopped.stderr).toContain("ledger/unwritable");
    expect(stopped.stderr).toContain("full-ledger.db");
    const { charged } = server;
    expect(charged).toBeLessThan(rows);
    const db = new Database(ledger);
    const kept = Number(db.prepare("SELECT count(*) FROM calls WHERE status = 'succeeded'").pluck().get());
    expect(db.pragma("integrity_check", { simple: true })).toBe("ok");
    db.close();
    expect(charged - kept).toBeLessThanOrEqual(onItsWayMax(concurrency));

    const resumed = await runShell(command, { env });
    expect(resumed, resumed.stderr).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`\n${rows}\n`),
    });
    expect(server.charged).toBe(charged + rows - kept);
  });

  test.each([
    ["/dev/full", "ledger/cannot-open"],
    // Node's own mkdir never comes back from there.
    ["/proc/x/ledger.db", "ledger/cannot-open"],
    [join(folder, "folder"), "ledger/cannot-open"],
  ])("a place that can never be written, %s, is refused before anything is bought", async (place, code) => {
    await using server = await startOpenAIServer();
    if (place.endsWith("folder")) await runShell(`mkdir -p '${place}'`);
    const env = { OPENAI_API_KEY: "sk-test-12345678", OPENAI_BASE_URL: server.url };
    const finished = await callsql(["-c", "CALL GenerateResponse('x')", "--ledger", place], { env });
    expect(finished.code).toBe(2);
    expect(finished.stderr).toContain(code);
    expect(server.requests).toEqual([]);
  });

  test("a ledger that may only be read is refused before anything is bought", async () => {
    const ledger = join(folder, "read-only.db");
    await (await openEcho(() => "", { ledger })).rows("SELECT P('a')");
    await using server = await startOpenAIServer();
    const env = { OPENAI_API_KEY: "sk-test-12345678", OPENAI_BASE_URL: server.url };
    // As root, modes do not count: a limit of nothing stands in for them.
    const finished = await runShell(
      `ulimit -f 0; callsql -c "CALL GenerateResponse('x')" --ledger '${ledger}'`,
      { env },
    );
    expect(finished.code).not.toBe(0);
    expect(finished.stderr).toMatch(/ledger\/(cannot-open|unwritable)/);
    expect(server.requests).toEqual([]);
  });
});

describe("F19: a damaged ledger", () => {
  const rows = 150;
  const pages = 50;
  const sql = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows}) SELECT P('row ' || i) FROM n`;
  const answer = (_: string, x: unknown): string => `<${String(x)}>${"y".repeat(2400)}`;
  const sound = join(folder, "sound.db");

  /** What a session on a damaged copy answers, and how many calls it made. */
  async function ask(
    ledger: string,
    query = sql,
  ): Promise<{ rows: readonly unknown[]; asked: number } | string> {
    try {
      const { rows: read, asked, session } = await openEcho(answer, { ledger });
      try {
        await read("SET cache = on");
        return { rows: await read(query), asked: asked.length };
      } finally {
        await session.close().catch(() => undefined);
      }
    } catch (error) {
      if (error instanceof DiagnosticError) return error.code;
      throw error;
    }
  }

  test("a byte flipped in each of 50 pages: right answers, or an error by name", async () => {
    const first = await openEcho(answer, { ledger: sound });
    const right = await first.rows(sql);
    await first.session.close();
    const bytes = readFileSync(sound);
    const pageBytes = bytes.readUInt16BE(16);
    expect(bytes.length / pageBytes).toBeGreaterThanOrEqual(pages);
    const seen = new Set<string>();
    for (let round = 0; round < pages; round++) {
      const damaged = join(folder, "damaged.db");
      const copy = Buffer.from(bytes);
      const page = Math.floor((round / pages) * (copy.length / pageBytes));
      // Anywhere in it, and in another place of each.
      const place = page * pageBytes + ((round * 1021) % pageBytes);
      copy[place] = (copy[place] ?? 0) ^ 0x40;
      for (const end of ["", "-wal", "-shm"]) rmSync(damaged + end, { force: true });
      writeFileSync(damaged, copy);
      const got = await ask(damaged);
      if (typeof got === "string") seen.add(got.startsWith("ledger/") ? "ledger" : got);
      else {
        expect(got.rows).toHaveLength(right.length);
        const wrong = got.rows.filter((row, index) => JSON.stringify(row) !== JSON.stringify(right[index]));
        // The flipped byte may stand in an answer itself: SQLite keeps no checksums of its content.
        expect(wrong.length, `byte ${place}`).toBeLessThanOrEqual(1);
        // Or in the key of a call, which then looks like one that was never made.
        expect(got.asked, `byte ${place}`).toBeLessThanOrEqual(1);
      }
    }
    expect([...seen].filter((phase) => phase !== "ledger")).toEqual([]);
  });

  const cutting = "a WAL cut at any place: what came before the cut is there, the rest is asked again";
  test(cutting, { timeout: 300_000 }, async () => {
    const ledger = join(folder, "wal.db");
    const opened = await openEcho(answer, { ledger });
    await opened.rows("SET concurrency = 4");
    const cutSql = sql.replace(`i < ${rows}`, "i < 60");
    const right = await opened.rows(cutSql);
    const wal = statSync(`${ledger}-wal`).size;
    copyFileSync(ledger, join(folder, "base.db"));
    copyFileSync(`${ledger}-wal`, join(folder, "base.db-wal"));
    await opened.session.close();
    const cuts = times(50, 200);
    const asked: number[] = [];
    for (let cut = 0; cut < cuts; cut++) {
      const damaged = join(folder, "cut.db");
      for (const end of ["", "-wal", "-shm"]) rmSync(damaged + end, { force: true });
      copyFileSync(join(folder, "base.db"), damaged);
      copyFileSync(join(folder, "base.db-wal"), `${damaged}-wal`);
      truncateSync(`${damaged}-wal`, Math.floor((wal * cut) / cuts));
      const got = await ask(damaged, cutSql);
      expect(got).toMatchObject({ rows: right });
      if (typeof got !== "string") asked.push(got.asked);
    }
    // The more is left, the less is asked again, and nothing that is there.
    expect(asked).toEqual(asked.toSorted((a, b) => b - a));
    expect(asked[0]).toBe(60);
    expect(asked.at(-1)).toBeLessThan(60);
  });

  test("one that was deleted is a new one", async () => {
    expect(await ask(join(folder, "deleted.db"))).toMatchObject({ asked: rows });
  });
});
