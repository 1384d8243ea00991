/** RETRY FAILED: what failed is called again, what succeeded is not, and what is kept of statements suffices for it. */
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { Connection } from "../../src/catalog/request.ts";
import { DiagnosticError, openSession } from "../../src/index.ts";
import { open } from "../faults/support/open.ts";
import { faults } from "../support/openai-server.ts";
import { echoConnection, EchoFailure, openEcho, type Answers, type Echo } from "../support/echo.ts";
import { audioBytes } from "../support/tiny-media.ts";

const folder = mkdtempSync(join(tmpdir(), "callsql-retry-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newFile = (name: string): string => join(folder, `${++files}-${name}.db`);

/** Fails for the texts in `broken`, as the service refuses them. */
function flaky(broken: Set<string>): Answers {
  return (_, x) => {
    if (broken.has(String(x))) throw new EchoFailure(400, "refused");
    return `<${String(x)}>`;
  };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "no error",
    (error: unknown) => (error instanceof DiagnosticError ? error.code : String(error)),
  );
}

const three = "SELECT id, P(body) FROM t ORDER BY id";

async function withRows(echo: Echo): Promise<Echo> {
  await echo.session.importRows(
    "t",
    ["id", "body"],
    [
      [1, "a"],
      [2, "b"],
      [3, "c"],
    ],
  );
  return echo;
}

describe("in the session that failed", () => {
  test("only the failed calls are made again, and the statement's rows come", async () => {
    const broken = new Set(["b"]);
    const { rows, asked, session } = await withRows(await openEcho(flaky(broken)));
    expect(await rows(three)).toEqual([
      [1, "<a>"],
      [2, null],
      [3, "<c>"],
    ]);
    broken.clear();
    expect(await rows("RETRY FAILED")).toEqual([
      [1, "<a>"],
      [2, "<b>"],
      [3, "<c>"],
    ]);
    expect(asked).toEqual(["P(a)", "P(b)", "P(c)", "P(b)"]);
    expect(await rows("SELECT succeeded, failed FROM sys_runs")).toEqual([[3, 0]]);
    expect(await codeOf(rows("RETRY FAILED"))).toBe("session/nothing-to-retry");
    await session.close();
  });

  test("a write that left gaps is repeated where that is safe", async () => {
    const broken = new Set(["b"]);
    const { rows, session } = await withRows(await openEcho(flaky(broken)));
    await rows("ALTER TABLE t ADD COLUMN reply");
    await rows("UPDATE t SET reply = P(body) WHERE reply IS NULL");
    broken.clear();
    await rows("RETRY FAILED");
    expect(await rows("SELECT reply FROM t")).toEqual([["<a>"], ["<b>"], ["<c>"]]);
    await session.close();
  });

  test("rows that are in the database are not inserted a second time", async () => {
    const { rows, session } = await withRows(await openEcho(flaky(new Set(["b"]))));
    await rows("CREATE TABLE out(id PRIMARY KEY, reply)");
    await rows("INSERT INTO out SELECT id, P(body) FROM t");
    expect(await codeOf(rows("RETRY FAILED"))).toBe("session/retry-would-repeat");
    expect(await rows("SELECT count(*) FROM out")).toEqual([[3]]);
    await rows("CREATE TABLE copy AS SELECT Q(body) AS reply FROM t");
    expect(await codeOf(rows("RETRY FAILED"))).toBe("session/retry-would-repeat");
    expect(await rows("SELECT reply FROM copy")).toEqual([["<a>"], [null], ["<c>"]]);
    await session.close();
  });

  test("INSERT OR REPLACE, and an INSERT that was rolled back, are", async () => {
    const broken = new Set(["b"]);
    const { rows, session } = await withRows(await openEcho(flaky(broken)));
    await rows("CREATE TABLE out(id PRIMARY KEY, reply)");
    await rows("SET on_error = 'abort'");
    expect(await codeOf(rows("INSERT INTO out SELECT id, P(body) FROM t"))).toBe("call/failed");
    broken.clear();
    const result = await session.execute("RETRY FAILED");
    expect(await rows("SELECT reply FROM out")).toEqual([["<a>"], ["<b>"], ["<c>"]]);
    expect(result.counts).toMatchObject({ made: 1 });
    await rows("RESET on_error");
    broken.add("c");
    await rows("INSERT OR REPLACE INTO out SELECT id, Q(body) FROM t");
    expect(await rows("SELECT reply FROM out")).toEqual([["<a>"], ["<b>"], [null]]);
    broken.clear();
    await rows("RETRY FAILED");
    expect(await rows("SELECT reply FROM out")).toEqual([["<a>"], ["<b>"], ["<c>"]]);
    await session.close();
  });

  test("a statement that stopped at a budget goes on where it was", async () => {
    const { rows, asked, session } = await withRows(await openEcho(flaky(new Set())));
    await rows("SET max_calls = 2");
    await rows("SET concurrency = 1");
    expect(await codeOf(rows(three))).toBe("call/budget-reached");
    await rows("RESET max_calls");
    expect(await rows("RETRY FAILED")).toHaveLength(3);
    expect(asked).toEqual(["P(a)", "P(b)", "P(c)"]);
    await session.close();
  });

  test("values that were refused are in the record, too", async () => {
    const { rows, session } = await openEcho(flaky(new Set()));
    await rows("SELECT P('invalid'), P('a')");
    expect(
      await rows(
        "SELECT procedure, status, error_code, attempts, request FROM sys_calls ORDER BY error_code",
      ),
    ).toEqual([
      ["P", "succeeded", null, 1, '{"procedure":"P","x":"a","y":null}'],
      ["P", "failed", "call/test-invalid", 0, null],
    ]);
    expect(await rows("SELECT succeeded, failed FROM sys_runs")).toEqual([[1, 1]]);
    await session.close();
  });
});

describe("later, in another process", () => {
  const setting = (): { database: string; ledger: string } => ({
    database: newFile("data"),
    ledger: newFile("ledger"),
  });

  test("binds and variables are as they were", async () => {
    const options = setting();
    const broken = new Set(["b"]);
    const first = await openEcho(flaky(broken), options);
    await first.rows("SET :who = 'b'");
    await first.rows("SELECT P(:who), P(?), typeof(?), typeof(:whole), typeof(:big)", {
      2: "a",
      3: 2.5,
      whole: 3,
      big: 2n ** 62n,
    });
    await first.session.close();

    broken.clear();
    const second = await openEcho(flaky(broken), options);
    expect(await second.rows("RETRY FAILED")).toEqual([["<b>", "<a>", "real", "integer", "integer"]]);
    expect(second.asked).toEqual(["P(b)"]);
    await second.session.close();
  });

  test("bytes are kept by their hash and must be given again", async () => {
    const options = setting();
    const broken = new Set(["b"]);
    const first = await openEcho(flaky(broken), options);
    await first.rows("SELECT P('b'), length(:file)", { file: Buffer.from("canary in a file") });
    await first.session.close();
    expect(readFileSync(options.ledger).includes("canary in a file")).toBe(false);

    broken.clear();
    const second = await openEcho(flaky(broken), options);
    expect(await codeOf(second.rows("RETRY FAILED"))).toBe("session/retry-lacks-values");
    expect(await second.rows("RETRY FAILED", { file: Buffer.from("four") })).toEqual([["<b>", 4]]);
    await second.session.close();
  });

  test("what looks like a key is not kept, and not repeated", async () => {
    const options = setting();
    const first = await openEcho(flaky(new Set(["b"])), options);
    await first.rows("SELECT P('b'), P('sk-canary-0123456789'), P(:key)", { key: "Bearer canary-abcdefgh" });
    expect(await codeOf(first.rows("RETRY FAILED"))).toBe("session/retry-masked");
    await first.session.close();
    const record = readFileSync(options.ledger, "latin1");
    // The service's answer stands as it came: here, it repeats the prompt.
    expect(record.replaceAll(/<[^<>]*canary[^<>]*>/g, "")).not.toContain("canary");
  });

  test("a run is named with OF; one of another database, and one that is not there, are refused", async () => {
    const options = setting();
    const broken = new Set(["b"]);
    const first = await openEcho(flaky(broken), options);
    await first.rows("SELECT P('b')");
    await first.session.close();
    broken.clear();
    const elsewhere = await openEcho(flaky(broken), { ...options, database: newFile("other") });
    expect(await codeOf(elsewhere.rows("RETRY FAILED"))).toBe("session/nothing-to-retry");
    expect(await codeOf(elsewhere.rows("RETRY FAILED OF 1"))).toBe("session/retry-other-database");
    expect(await codeOf(elsewhere.rows("RETRY FAILED OF 99"))).toBe("ledger/unknown-run");
    await elsewhere.session.close();
    const second = await openEcho(flaky(broken), options);
    expect(await second.rows("RETRY FAILED OF 1")).toEqual([["<b>"]]);
    expect(await second.rows("SELECT id, status, succeeded, failed FROM sys_runs")).toEqual([
      [1, "finished", 1, 0],
    ]);
    await second.session.close();
  });

  test("calls of executeForEach have no statement that is kept: refused, or said beside what there is", async () => {
    const options = setting();
    const broken = new Set(["b"]);
    const first = await openEcho(flaky(broken), options);
    const each = first.session.executeForEach("CALL P(:x)", [{ x: "a" }, { x: "b" }]);
    for await (const _ of each);
    expect(await codeOf(first.rows("RETRY FAILED"))).toBe("session/retry-not-kept");
    expect(first.asked).toHaveLength(2);
    await first.session.close();

    const second = await openEcho(flaky(broken), options);
    expect(await codeOf(second.rows("RETRY FAILED"))).toBe("session/retry-not-kept");
    expect(await codeOf(second.rows("RETRY FAILED OF 1"))).toBe("session/retry-not-kept");
    // What can be tried again comes first, though it is older or younger.
    expect(await second.rows("SELECT P('b')")).toEqual([[null]]);
    broken.add("c");
    for await (const _ of second.session.executeForEach("CALL P(:x)", [{ x: "b" }, { x: "c" }]));
    broken.clear();
    const { warnings } = await second.session.execute("RETRY FAILED");
    expect(warnings.map(({ message }) => message)).toEqual([expect.stringMatching(/^run 2 has a call /)]);
    // The other one was answered with the statement.
    expect(await second.rows("SELECT P('b')")).toEqual([["<b>"]]);
    await second.session.close();
  });

  test("a session whose last statement failed has failed", async () => {
    const options = setting();
    const first = await openEcho(flaky(new Set(["b"])), options);
    await first.rows("SELECT P('a')");
    expect(await codeOf(first.rows("CALL P('b')"))).toBe("call/failed");
    await first.session.close();
    const second = await openEcho(flaky(new Set()), options);
    expect(await second.rows("SELECT status FROM sys_runs")).toEqual([["failed"]]);
    expect(await second.rows("SELECT status, error_code, text FROM sys_statements ORDER BY id")).toEqual([
      ["finished", null, "SELECT P('a')"],
      ["failed", "call/failed", "CALL P('b')"],
    ]);
    await second.session.close();
  });
});

test("options and defaults that shape requests are as they were, and the session's own afterwards", async () => {
  await using opened = await open({ faults: [faults.contentPolicy({ times: 1 })] });
  await opened.all("SET DEFAULT GenerateResponse.Instructions = 'be brief'");
  await opened.all("SET text_model = 'gpt-6-sol'");
  expect(await opened.all("SELECT GenerateResponse('hi') AS r")).toEqual([{ r: null }]);
  await opened.all("SET DEFAULT GenerateResponse.Instructions = 'be long'");
  await opened.all("RESET text_model");
  await opened.all("RETRY FAILED");
  await opened.all("SELECT GenerateResponse('hi')");
  const asked = opened.server.requests.map(({ body }) => [body["model"], body["instructions"]]);
  expect(asked).toEqual([
    ["gpt-6-sol", "be brief"],
    ["gpt-6-sol", "be brief"],
    ["gpt-6-luna", "be long"],
  ]);
});

test("sys_run_changes: changed answers, and requests that only one of two runs had", async () => {
  const ledger = newFile("ledger");
  const runs = [
    ["SELECT P('same'), P('other'), P('gone')", "old"],
    ["SELECT P('same'), P('other'), P('new')", "changed"],
  ] as const;
  for (const [sql, other] of runs) {
    const { rows, session } = await openEcho((_, x) => (x === "other" ? other : `<${String(x)}>`), {
      ledger,
    });
    await rows(sql);
    await session.close();
  }
  const { rows, session } = await openEcho(() => "", { ledger });
  const changes = await rows(
    "SELECT change, json_extract(request, '$.x'), json_extract(before, '$.r'), json_extract(after, '$.r') FROM sys_run_changes(1, 2)",
  );
  expect(changes).toEqual([
    ["changed", "other", "old", "changed"],
    ["only in run 1", "gone", "<gone>", null],
    ["only in run 2", "new", null, "<new>"],
  ]);
  await session.close();
});

test("sys_run_changes: sounds are told apart by their bytes, and shown by size and hash", async () => {
  const ledger = newFile("ledger");
  const say = async (words: string, sound: string): Promise<void> => {
    await using session = await openSession({ ledger, connection: speaking(sound) });
    await session.execute(`CALL GenerateAudio('${words}', Voice => 'alloy', Model => 'tts-1')`);
  };
  for (const sound of ["one", "one", "other"]) await say("hello", sound);
  await using session = await openSession({ ledger, connection: speaking("none") });
  const changes = async (a: number, b: number) =>
    (await session.execute(`SELECT change, before, after FROM sys_run_changes(${a}, ${b})`)).all();
  expect(await changes(1, 2)).toEqual([]);
  expect(await changes(2, 3)).toEqual([
    { change: "changed", before: shownSound("one"), after: shownSound("other") },
  ]);
});

/** A service that answers each request with one sound. */
function speaking(sound: string): Connection {
  const answer = { body: audioBytes("mp3", sound), status: 200, contentType: "audio/mpeg" };
  return { ...echoConnection(() => null), send: async () => ({ ok: true, answer }) };
}

function shownSound(sound: string): string {
  const bytes = audioBytes("mp3", sound);
  return `${bytes.length} bytes, SHA-256 ${createHash("sha256").update(bytes).digest("hex")}`;
}
