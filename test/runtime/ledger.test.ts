/** The durable record of calls: what is on disk when, what is found again, and what happens when it cannot be written. */
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { fromBase64 } from "../../src/catalog/media.ts";
import { createOpenAIConnection } from "../../src/connection/openai.ts";
import { DiagnosticError, openSession } from "../../src/index.ts";
import { Ledger } from "../../src/runtime/ledger/ledger.ts";
import { bodyOf, storedAnswer } from "../../src/runtime/ledger/stored-answer.ts";
import { echoConnection, echoProcedures, EchoFailure, openEcho, type Answers } from "../support/echo.ts";
import { startOpenAIServer, type OpenAIServer } from "../support/openai-server.ts";

const folder = mkdtempSync(join(tmpdir(), "callsql-ledger-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const echo: Answers = (_, x) => `<${String(x)}>`;
let files = 0;
const newFile = (): string => join(folder, `ledger-${++files}.db`);

async function codeOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return "no error";
  } catch (error) {
    return error instanceof DiagnosticError ? error.code : String(error);
  }
}

function read(file: string, sql: string): unknown[] {
  const db = new Database(file, { readonly: true });
  const rows = db.prepare(sql).raw().all();
  db.close();
  return rows;
}

describe("what is on disk", () => {
  test("a call is recorded as started before its request is sent, and as succeeded before its row is shown", async () => {
    const ledger = newFile();
    const seen: unknown[] = [];
    const connection = echoConnection((_, x) => {
      seen.push(read(ledger, "SELECT status, procedure, request FROM calls"));
      return `<${String(x)}>`;
    });
    await using session = await openSession({ connection, procedures: echoProcedures, ledger });
    await (await session.execute("SELECT P('a')")).all();
    expect(seen).toEqual([[["started", "P", '{"procedure":"P","x":"a","y":null}']]]);
    expect(read(ledger, "SELECT status, response, attempts FROM calls")).toEqual([
      ["succeeded", '{"r":"<a>"}', 1],
    ]);
  });

  test("commits are synced: WAL with synchronous = FULL, asked for explicitly", async () => {
    const ledger = new Ledger(newFile());
    ledger.runs.begin({ kind: "session", name: "s" });
    expect(ledger.db.pragma("journal_mode", { simple: true })).toBe("wal");
    expect(ledger.db.pragma("synchronous", { simple: true })).toBe(2);
    ledger.close();
  });

  test("what was answered a moment ago is found, though it waits to be written", async () => {
    const ledger = new Ledger(newFile());
    const run = ledger.runs.begin({ kind: "session", name: "s" });
    const key = "ab".repeat(32);
    const request = { endpoint: "responses" as const, body: { input: "x" } };
    const call = { key, procedure: "P", connection: "c", request, requestText: "{}" };
    const id = await ledger.started(call, run);
    const reuse = { scope: "run", run: () => run, isRetry: false } as const;
    expect(ledger.find(key, reuse)).toBeUndefined();
    const answer = { body: { r: 1 }, status: 200, contentType: "application/json" };
    const ended = { outcome: { answer, attempts: 1, durationMs: 1 }, inputTokens: 0, outputTokens: 0 };
    const written = ledger.ended(id, { ...ended, costUsd: 0 });
    expect(ledger.find(key, reuse)).toBe(id);
    await written;
    ledger.close();
  });

  test("looking ahead names no key that is there, nor one that is answered meanwhile", async () => {
    const file = newFile();
    const ledger = new Ledger(file);
    const run = ledger.runs.begin({ kind: "session", name: "s" });
    const [known, answered, absent] = ["01", "02", "03"].map((byte) => byte.repeat(32));
    const begin = (key = ""): Promise<number> => {
      const request = { endpoint: "responses" as const, body: {} };
      return ledger.started({ key, procedure: "P", connection: "c", request, requestText: "{}" }, run);
    };
    await begin(known);
    using absence = ledger.lookAhead();
    absence.look([known, answered, absent].map(String));
    const outcome = { attempts: 1, durationMs: 1 };
    const used = { inputTokens: 0, outputTokens: 0, costUsd: 0 };
    const written = ledger.ended(await begin(answered), { outcome, ...used });
    expect([known, answered, absent, absent].map((key) => absence.take(String(key)))).toEqual([
      false,
      false,
      true,
      false,
    ]);
    await written;
    const late = ["04", "05"].map((byte) => byte.repeat(32));
    absence.look(late);
    expect(absence.take(String(late[0]))).toBe(true);
    const other = new Ledger(file);
    other.runs.begin({ kind: "session", name: "another process" });
    expect(absence.take(String(late[1]))).toBe(false);
    other.close();
    ledger.close();
  });

  test("a call that was not sent after all is taken out again", async () => {
    const ledger = new Ledger(newFile());
    const run = ledger.runs.begin({ kind: "session", name: "s" });
    const request = { endpoint: "responses" as const, body: { input: "x" } };
    const call = { key: "cd".repeat(32), procedure: "P", connection: "c", request, requestText: "{}" };
    await ledger.withdrawn(await ledger.started(call, run));
    expect(ledger.db.prepare("SELECT count(*) FROM calls").pluck().get()).toBe(0);
    ledger.close();
  });

  test("the file is its owner's alone, whatever the umask", async () => {
    const file = newFile();
    const before = process.umask(0);
    try {
      new Ledger(file).close();
    } finally {
      process.umask(before);
    }
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test("SQL without calls opens no ledger", async () => {
    const ledger = newFile();
    const { session, rows } = await openEcho(echo, { ledger });
    await rows("SELECT 1");
    await session.close();
    expect(() => statSync(ledger)).toThrow("ENOENT");
  });

  test("large responses are kept once, by their hash", async () => {
    const ledger = newFile();
    const large = "x".repeat(100_000);
    const { session, rows } = await openEcho(() => large, { ledger });
    expect(await rows("SELECT length(P('a')), length(P('b'))")).toEqual([[100_000, 100_000]]);
    await rows("SET cache = on");
    expect(await rows("SELECT length(P('a'))")).toEqual([[100_000]]);
    await session.close();
    expect(read(ledger, "SELECT count(*) FROM blobs")).toEqual([[1]]);
    expect(statSync(ledger).size).toBeLessThan(200_000);
  });
});

describe("what is found again", () => {
  test("by another session only with cache = on, for as long as cache_ttl, never a failure", async () => {
    const ledger = newFile();
    const first = await openEcho(
      (_, x) => {
        if (x === "bad") throw new EchoFailure(400, "refused");
        return `<${String(x)}>`;
      },
      { ledger },
    );
    await first.rows("SELECT P('a'), P('bad')");
    await first.session.close();

    const second = await openEcho(() => "anew", { ledger });
    expect(await second.rows("SELECT P('a')")).toEqual([["anew"]]);
    await second.rows("SET cache = on");
    await second.rows("SET cache_ttl = 0");
    expect(await second.rows("SELECT P('a', 'other')")).toEqual([["anew"]]);
    await second.rows("RESET cache_ttl");
    expect(await second.rows("SELECT P('a'), P('bad')")).toEqual([["anew", "anew"]]);
    expect(second.asked).toEqual(["P(a)", "P(a, other)", "P(bad)"]);
    await second.session.close();
  });

  test("with cache = 'only' nothing is sent, and a call without a record is an error", async () => {
    const ledger = newFile();
    const first = await openEcho(echo, { ledger });
    const sql = "SELECT P('a') || Q(P('b'))";
    const expected = await first.rows(sql);
    await first.session.close();
    const replayed = await openEcho(echo, { ledger });
    await replayed.rows("SET cache = 'only'");
    expect(await replayed.rows(sql)).toEqual(expected);
    expect(await codeOf(() => replayed.rows("SELECT P('new')"))).toBe("ledger/not-recorded");
    expect(replayed.asked).toEqual([]);
    await replayed.session.close();
  });

  test("answers that memory does not hold are read from the ledger in later passes", async () => {
    const opened = await openEcho((_, x) => String(x).padEnd(1_000_000, "."));
    await opened.rows("SET concurrency = 32");
    await opened.rows(
      "CREATE TABLE n AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40) SELECT i FROM n",
    );
    const sql = "SELECT i, substr(P('k' || i), 1, 3), length(Q(substr(P('k' || i), 1, 3))) FROM n";
    const rows = await opened.rows(sql);
    expect(rows).toHaveLength(40);
    expect(rows[39]).toEqual([40, "k40", 1_000_000]);
    expect(new Set(opened.asked).size).toBe(opened.asked.length);
    await opened.session.close();
  });

  test("sys_calls and sys_runs show it all, and a statement that calls sees what was there before it", async () => {
    const { session, rows } = await openEcho(echo, { ledger: newFile() });
    await rows("SELECT P('a'), P('b')");
    expect(await rows("SELECT procedure, status, input_tokens FROM sys_calls")).toEqual([
      ["P", "succeeded", 1],
      ["P", "succeeded", 1],
    ]);
    expect(await rows("SELECT count(*), P('c') FROM sys_calls")).toEqual([[2, "<c>"]]);
    expect(await rows("SELECT kind, status, succeeded, failed FROM sys_runs")).toEqual([
      ["session", "running", 3, 0],
    ]);
    expect(await rows("SELECT Q(request) FROM sys_calls LIMIT 1")).toHaveLength(1);
    await session.close();
  });

  test("CallKey keeps equal calls apart in the record too", async () => {
    const { session, rows, asked } = await openEcho(echo, { ledger: newFile() });
    await rows("SELECT P('a', CallKey => 1), P('a', CallKey => 2)");
    await rows("SELECT P('a', CallKey => 2)");
    expect(asked).toHaveLength(2);
    await session.close();
  });
});

describe("what goes wrong", () => {
  test("a ledger that cannot grow stops the buying at once, and what it holds is found again", async () => {
    const file = newFile();
    const ledger = new Ledger(file);
    const run = ledger.runs.begin({ kind: "session", name: "s" });
    const pages = Number(ledger.db.pragma("page_count", { simple: true }));
    ledger.db.pragma(`max_page_count = ${pages + 2}`);
    const request = { endpoint: "responses", body: {} } as const;
    const call = {
      key: "ab".repeat(32),
      procedure: "P",
      connection: "c",
      request,
      requestText: "x".repeat(50_000),
    };
    expect(await codeOf(() => ledger.started(call, run))).toBe("ledger/unwritable");
    expect(await codeOf(() => ledger.started({ ...call, requestText: "" }, run))).toBe("ledger/unwritable");
    ledger.close();
    expect(read(file, "PRAGMA integrity_check")).toEqual([["ok"]]);
  });

  test("a file that is no ledger, a newer one, a link and a folder without rights are refused by name", async () => {
    const other = newFile();
    const db = new Database(other);
    db.exec("CREATE TABLE mine(a)");
    db.close();
    const newer = newFile();
    new Ledger(newer).close();
    const changed = new Database(newer);
    changed.pragma("user_version = 99");
    changed.close();
    const link = newFile();
    symlinkSync(newer, link);
    const text = newFile();
    writeFileSync(text, "not a database, but long enough to be taken for one".repeat(20));
    const codes = [other, newer, link, text, join(text, "ledger.db")].map((file) =>
      codeOf(async () => new Ledger(file)),
    );
    expect(await Promise.all(codes)).toEqual([
      "ledger/not-a-ledger",
      "ledger/newer",
      "ledger/cannot-open",
      "ledger/cannot-open",
      "ledger/cannot-open",
    ]);
    expect(readFileSync(text, "utf8")).toContain("not a database");
  });

  test("a file of version 1 is brought up to date, with its answers", async () => {
    const ledger = newFile();
    const first = await openEcho(echo, { ledger });
    await first.rows("SELECT P('a'), P('b')");
    await first.session.close();
    const old = new Database(ledger);
    old.exec(`DROP TABLE statements; DROP TABLE spending; ALTER TABLE calls DROP COLUMN statement; ALTER TABLE calls DROP COLUMN vector;
      UPDATE calls SET error_code = 'refusal' WHERE request LIKE '%"b"%'; PRAGMA user_version = 1`);
    old.close();
    const second = await openEcho(echo, { ledger });
    await second.rows("SET cache = on");
    expect(await second.rows("SELECT P('a'), P('b')")).toEqual([["<a>", "<b>"]]);
    expect(second.asked).toEqual([]);
    expect(await second.rows("SELECT status FROM sys_calls ORDER BY id")).toEqual([
      ["succeeded"],
      ["unusable"],
    ]);
    await second.session.close();
  });

  describe("vectors", () => {
    const select = "WITH t(x) AS (VALUES ('a'), ('b'), ('c')) SELECT hex(GetEmbeddings(x)) AS v FROM t";

    async function bought(server: OpenAIServer, ledger: string): Promise<unknown> {
      const connection = createOpenAIConnection({ name: "openai", apiKey: "sk-t", baseUrl: server.url });
      await using session = await openSession({ connection, ledger });
      await session.execute("SET cache = on");
      const vectors = await (await session.execute(select)).all();
      const answers = "SELECT response FROM sys_calls ORDER BY id";
      return { vectors, answers: await (await session.execute(answers)).all() };
    }

    test("are kept as bytes, and their answers are shown and found as they came", async () => {
      const server = await startOpenAIServer();
      const file = newFile();
      const first = await bought(server, file);
      expect(read(file, "SELECT length(vector), length(response) < 300 FROM calls")).toEqual([
        [6144, 1],
        [6144, 1],
        [6144, 1],
      ]);
      expect(await bought(server, file)).toEqual(first);
      expect(server.requests).toHaveLength(1);
      const [row] = read(file, "SELECT vector, response FROM calls") as [[Buffer, string]];
      const text = row[1].replace("null", JSON.stringify(row[0].toString("base64")));
      expect(first).toMatchObject({ answers: [{ response: text }, {}, {}] });
      await server.close();
    });

    const anyVector = fc.uint8Array({ minLength: 1, maxLength: 40 }).map((some) => Buffer.from(some));
    const spellings: readonly ((base64: string) => string)[] = [
      (base64) => base64,
      (base64) => base64.replaceAll("+", "-").replaceAll("/", "_"),
      (base64) => base64.replaceAll("=", ""),
      (base64) => `${base64.slice(0, 2)}\n${base64.slice(2)}`,
      // Bits behind the last byte, which no reader looks at.
      (base64) => base64.replace(/[AQgw]==$/, (end) => `${String.fromCharCode(end.charCodeAt(0) + 1)}==`),
      (base64) => base64.replace(/.$/s, "!"),
    ];

    test("come back as they were spelled, and are bytes only where that is base64 as it is written", () => {
      fc.assert(
        fc.property(anyVector, fc.constantFrom(...spellings), (vector, spell) => {
          const embedding = spell(vector.toString("base64"));
          const body = { data: [{ index: 0, embedding, object: "embedding" }], model: "m" };
          const stored = storedAnswer(body, [null, fromBase64(embedding) ?? null]);
          expect(JSON.stringify(bodyOf(stored))).toBe(JSON.stringify(body));
          expect(stored.vector !== null).toBe(embedding === vector.toString("base64"));
          const others = Buffer.from(vector).fill(vector.readUInt8(0) ^ 1, 0, 1);
          expect(storedAnswer(body, [others]).vector).toBeNull();
        }),
      );
    });

    test("in a file of version 3 stand in their answers' text, and answer again", async () => {
      const server = await startOpenAIServer();
      const file = newFile();
      const first = await bought(server, file);
      const old = new Database(file);
      old.function("base64", (bytes) => (bytes as Buffer).toString("base64"));
      old.exec(`UPDATE calls SET response = replace(response, 'null', '"' || base64(vector) || '"');
        ALTER TABLE calls DROP COLUMN vector; PRAGMA user_version = 3`);
      old.close();
      expect(await bought(server, file)).toEqual(first);
      expect(server.requests).toHaveLength(1);
      await server.close();
    });
  });

  test("two sessions may write one ledger at once", async () => {
    const ledger = newFile();
    const opened = await Promise.all([1, 2, 3].map(() => openEcho(echo, { ledger })));
    const sql =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) SELECT P(:who || i) FROM n";
    await Promise.all(opened.map(({ rows }, who) => rows(sql, { who })));
    for (const { session } of opened) await session.close();
    expect(
      read(ledger, "SELECT count(*), count(DISTINCT run) FROM calls WHERE status = 'succeeded'"),
    ).toEqual([[300, 3]]);
  });

  test("pruning removes ended runs with their calls and the responses nobody else needs", async () => {
    const file = newFile();
    const first = await openEcho(() => "y".repeat(50_000), { ledger: file });
    await first.rows("SELECT P('a')");
    await first.session.close();
    const second = await openEcho(echo, { ledger: file });
    await second.rows("SELECT P('b')");
    const before = statSync(file).size;
    expect(await second.session.pruneRuns(0)).toBe(1);
    expect(statSync(file).size).toBeLessThan(before - 40_000);
    await second.session.close();
    expect(
      read(
        file,
        "SELECT (SELECT count(*) FROM calls), (SELECT count(*) FROM blobs), (SELECT count(*) FROM runs)",
      ),
    ).toEqual([[1, 0, 1]]);
  });

  describe("what pruning leaves", () => {
    const dayAgo = Date.now() - 86_400_000;
    async function prepared(change: string): Promise<string> {
      const file = newFile();
      const first = await openEcho(() => "y".repeat(2000), { ledger: file });
      const many = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) SELECT P(i) FROM n`;
      await first.rows(many);
      await first.session.close();
      const db = new Database(file);
      db.exec(`UPDATE runs SET started_at = ${dayAgo}, ended_at = ${dayAgo}; UPDATE calls SET started_at = ${dayAgo}, ended_at = ${dayAgo};
        INSERT INTO spending VALUES (date(), 1, 2.5, 0), ('2020-01-01', 1, 9, 0); ${change}`);
      db.close();
      return file;
    }
    const counts = (file: string) =>
      read(
        file,
        "SELECT (SELECT count(*) FROM runs), (SELECT count(*) FROM calls), (SELECT total(spent_usd) FROM spending)",
      )[0];

    test("what was spent in the days it keeps: max_cost_per_day goes on counting it", async () => {
      const file = await prepared("");
      const ledger = new Ledger(file);
      expect(ledger.runs.prune(Date.now() - 3_600_000)).toBe(1);
      ledger.close();
      expect(counts(file)).toEqual([0, 0, 2.5]);
    });

    test("not a run whose process died without a word, nor its calls", async () => {
      const file = await prepared(
        "UPDATE runs SET status = 'running', ended_at = NULL, process = 1, process_start = 'long ago'; UPDATE calls SET status = 'started', ended_at = NULL WHERE id > 190",
      );
      const ledger = new Ledger(file);
      expect(ledger.runs.prune(dayAgo - 1)).toBe(0);
      // It is over, and says so.
      expect(read(file, "SELECT status, ended_at FROM runs")).toEqual([["interrupted", dayAgo]]);
      expect(read(file, "SELECT count(*) FROM calls WHERE status = 'unknown'")).toEqual([[10]]);
      expect(ledger.runs.prune(Date.now() - 3_600_000)).toBe(1);
      ledger.close();
      expect(counts(file)).toEqual([0, 0, 2.5]);
    });

    test("the file's size while another process is at work, since giving space back would shut it out", async () => {
      // The process of the test runner is another, and alive.
      const other = `INSERT INTO runs(kind, name, process, status, started_at) VALUES ('session', 's', ${process.ppid}, 'running', ${dayAgo})`;
      const file = await prepared(other);
      const before = statSync(file).size;
      const ledger = new Ledger(file);
      expect(ledger.runs.prune(Date.now() - 3_600_000)).toBe(1);
      expect(counts(file)).toEqual([1, 0, 2.5]);
      const [free, size] = ["freelist_count", "page_size"].map((name) =>
        Number(ledger.db.pragma(name, { simple: true })),
      );
      expect((free ?? 0) * (size ?? 0)).toBeGreaterThan(before / 2);
      ledger.close();
    });
  });
});
