/** What a session promises about data, transactions, errors and results, seen from outside. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, describe, expect, test } from "vitest";
import { DiagnosticError, openSession, type BindValue } from "../../src/index.ts";
import { EchoFailure, openEcho, type Answers, type Echo } from "../support/echo.ts";

const folder = mkdtempSync(join(tmpdir(), "callsql-session-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const echo: Answers = (_, x) => (x === null ? null : `<${String(x)}>`);
const failing: Answers = (_, x) => {
  if (x === "bad") throw new EchoFailure(400, "content_policy_violation");
  return `<${String(x)}>`;
};

async function withTable(answers: Answers = echo, rows = 3, options = {}): Promise<Echo & AsyncDisposable> {
  const opened = await openEcho(answers, options);
  await opened.session.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, body TEXT, s TEXT)");
  await opened.session.execute(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows}) INSERT INTO t(id, body) SELECT i, 'b' || i FROM n`,
  );
  return { ...opened, [Symbol.asyncDispose]: () => opened.session.close() };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "no error",
    (error: unknown) => (error instanceof DiagnosticError ? error.code : String(error)),
  );
}

describe("calls are bought sparingly", () => {
  const many = [
    ["a LIMIT needs no more than its rows", "SELECT r.R FROM t, P(t.body) r LIMIT 3", 3, 3],
    [
      "a LIMIT over a filter on answers buys at most a window more",
      "SELECT id FROM t WHERE P(body) = '<b3>' LIMIT 1",
      3,
      16,
    ],
    [
      "EXISTS stops with the first row",
      "SELECT EXISTS (SELECT 1 FROM t, P(t.body) r WHERE r.R = '<b2>')",
      2,
      16,
    ],
    ["a cheap filter comes first", "SELECT id FROM t WHERE P(body) = '<b7>' AND id < 9", 8, 8],
    ["equal calls are one call", "SELECT P('same'), P('same'), r.R FROM t, P('same') r", 1, 1],
    ["a call with constant arguments is made once", "SELECT id FROM t WHERE P('k') = '<k>'", 1, 1],
    [
      "an inner join filters before the call",
      "SELECT P(t.body) FROM t JOIN (SELECT 5 AS k) k ON k.k = t.id",
      1,
      1,
    ],
    ["CASE decides row by row", "SELECT CASE WHEN id % 50 = 0 THEN P(body) END FROM t", 4, 4],
    [
      "a call below NOT EXISTS",
      "SELECT id FROM t WHERE id < 4 AND NOT EXISTS (SELECT 1 FROM P(t.body) r WHERE r.R = '<b2>')",
      3,
      3,
    ],
  ] as const;
  for (const [name, sql, least, most] of many) {
    test(name, async () => {
      await using opened = await withTable(echo, 200);
      await opened.rows(sql);
      expect(opened.asked.length).toBeGreaterThanOrEqual(least);
      expect(opened.asked.length).toBeLessThanOrEqual(most);
    });
  }

  // The table of planner traps: what each form costs is SQLite's choice, and documented; the other form is the advice.
  const traps = [
    [
      "LEFT JOIN … ON with an outer condition",
      "SELECT r.R FROM t LEFT JOIN P(t.body) r ON t.id < 5",
      200,
      "SELECT r.R FROM t LEFT JOIN P(iif(t.id < 5, t.body, NULL)) r ON t.id < 5",
      5,
    ],
    [
      "a table site under ORDER BY … LIMIT",
      "SELECT r.R FROM t, P(t.body) r ORDER BY t.body DESC LIMIT 3",
      200,
      "SELECT r.R FROM (SELECT body FROM t ORDER BY body DESC LIMIT 3) u, P(u.body) r",
      3,
    ],
    [
      "OFFSET over a table site",
      "SELECT r.R FROM t, P(t.body) r LIMIT 3 OFFSET 50",
      53,
      "SELECT P(body) FROM t LIMIT 3 OFFSET 50",
      3,
    ],
    [
      "IN instead of EXISTS",
      "SELECT 1 FROM (SELECT 1 AS id) WHERE id IN (SELECT t.id FROM t, P(t.body) r)",
      200,
      "SELECT 1 FROM (SELECT 1 AS id) k WHERE EXISTS (SELECT 1 FROM t, P(t.body) r WHERE t.id = k.id)",
      1,
    ],
    [
      "a MATERIALIZED CTE with the filter outside",
      "WITH c AS MATERIALIZED (SELECT id, P(body) r FROM t) SELECT r FROM c WHERE id < 5",
      200,
      "WITH c AS (SELECT id, P(body) r FROM t) SELECT r FROM c WHERE id < 5",
      4,
    ],
  ] as const;
  for (const [name, trap, cost, instead, better] of traps) {
    test(`known trap: ${name}`, async () => {
      await using trapped = await withTable(echo, 200);
      await trapped.rows(trap);
      expect(trapped.asked).toHaveLength(cost);
      await using advised = await withTable(echo, 200);
      await advised.rows(instead);
      expect(advised.asked).toHaveLength(better);
    });
  }
});

describe("columns are named as the user typed them", () => {
  test("in results, subqueries, views and tables made from a query", async () => {
    await using opened = await withTable();
    const name = async (sql: string): Promise<string[]> => {
      const result = await opened.session.execute(sql);
      return result.columns.map((column) => column.name);
    };
    expect(
      await name("SELECT P(body), id, upper( P(body) ) || 'x', P( /* c */ body) AS a, P(body) b FROM t"),
    ).toEqual(["P(body)", "id", "upper( P(body) ) || 'x'", "a", "b"]);
    expect(await name('SELECT "P(body)" FROM (SELECT P(body) FROM t)')).toEqual(["P(body)"]);
    await opened.session.execute("CREATE VIEW v AS SELECT id, P(body) FROM t");
    expect(await name("SELECT * FROM v")).toEqual(["id", "P(body)"]);
    await opened.session.execute("CREATE TABLE made AS SELECT P(body) FROM t");
    expect(await opened.rows('SELECT "P(body)" FROM made')).toEqual([["<b1>"], ["<b2>"], ["<b3>"]]);
    expect(await name("INSERT INTO t(body) VALUES ('z') RETURNING P(body)")).toEqual(["P(body)"]);
    expect(await name("CALL P('x')")).toEqual(["R", "Error_Code", "X"]);
  });
});

describe("views and triggers", () => {
  test("are stored under readable names and work in another session", async () => {
    const database = join(folder, "views.db");
    {
      await using opened = await withTable(echo, 3, { database });
      await opened.session.execute("CREATE VIEW v AS SELECT id, P(body, y => 'k') AS r FROM t WHERE id > 1");
      await opened.session.execute("CREATE TABLE log(v TEXT)");
      await opened.session.execute(
        "CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO log SELECT R FROM Q(new.body); END",
      );
    }
    const plain = new Database(database);
    const stored = plain.prepare("SELECT sql FROM sqlite_schema WHERE type = 'view'").pluck().get();
    plain.close();
    expect(stored).toBe("CREATE VIEW v AS SELECT id, callsql_P(body, 'k') AS r FROM t WHERE id > 1");

    const opened = await openEcho((_, x, y) => `${String(x)}/${String(y)}`, { database });
    expect(await opened.rows("SELECT * FROM v WHERE id = 2")).toEqual([[2, "b2/k"]]);
    await opened.session.execute("INSERT INTO t(body) VALUES ('n1'), ('n2')");
    expect(await opened.rows("SELECT * FROM log")).toEqual([["n1/null"], ["n2/null"]]);
    expect(opened.asked).toEqual(["P(b2, k)", "Q(n1)", "Q(n2)"]);
    await opened.session.close();
  });

  test("an INSTEAD OF trigger with a call", async () => {
    await using opened = await withTable();
    await opened.session.execute("CREATE VIEW v AS SELECT id, body FROM t");
    await opened.session.execute(
      "CREATE TRIGGER tr INSTEAD OF INSERT ON v BEGIN INSERT INTO t(body, s) VALUES (new.body, P(new.body)); END",
    );
    await opened.session.execute("INSERT INTO v(body) VALUES ('x'), ('y')");
    expect(await opened.rows("SELECT s FROM t WHERE s IS NOT NULL")).toEqual([["<x>"], ["<y>"]]);
    expect(opened.asked).toEqual(["P(x)", "P(y)"]);
  });
});

describe("data is changed wholly or not at all", () => {
  test("a call that fails under on_error = abort leaves the table as it was", async () => {
    await using opened = await withTable(failing);
    await opened.session.execute("UPDATE t SET body = 'bad' WHERE id = 2");
    await opened.session.execute("SET on_error = abort");
    expect(await codeOf(opened.session.execute("UPDATE t SET s = P(body)"))).toBe("call/failed");
    expect(await opened.rows("SELECT s FROM t")).toEqual([[null], [null], [null]]);
  });

  test("under on_error = row a failed value is NULL, with a warning that names the row", async () => {
    await using opened = await withTable(failing);
    await opened.session.execute("UPDATE t SET body = 'bad' WHERE id = 2");
    const result = await opened.session.execute("SELECT id, P(body) AS p FROM t");
    expect(await result.all()).toEqual([
      { id: 1, p: "<b1>" },
      { id: 2, p: null },
      { id: 3, p: "<b3>" },
    ]);
    expect(result.warnings.map((item) => [item.code, item.message])).toEqual([
      ["call/row-failed", "row 2: P failed: failed with content_policy_violation (content_policy_violation)"],
    ]);
    expect(result.counts).toMatchObject({ calls: 3, made: 3, failed: 1 });
  });

  test("of many failed calls a hundred are named, and the rest are counted", async () => {
    const all: Answers = () => {
      throw new EchoFailure(400, "content_policy_violation");
    };
    await using opened = await withTable(all, 130);
    await opened.session.execute("SET on_error = row");
    const result = await opened.session.execute("SELECT P(body) FROM t");
    await result.all();
    expect(result.warnings).toHaveLength(101);
    expect(result.warnings.at(-1)).toMatchObject({
      code: "call/more-rows-failed",
      message: expect.stringContaining("30"),
    });
  });

  test("a failed call of a table site is a row that says why", async () => {
    await using opened = await withTable(failing);
    expect(await opened.rows("SELECT r.R, r.Error_Code FROM (SELECT 'bad' AS b) x, P(x.b) r")).toEqual([
      [null, "content_policy_violation"],
    ]);
  });

  test("a failed call of a write is told by what it was asked, cut to a line and never a key", async () => {
    await using opened = await withTable(() => {
      throw new EchoFailure(400, "not_wanted");
    });
    await opened.session.execute("SET on_error = 'row'");
    const values = ["a\nb", "long ".repeat(40), "sk-proj-canary0123456789abcdef0123456789", "seen"];
    await opened.session.execute("CREATE TABLE w(x, r)");
    for (const x of values) await opened.session.execute("INSERT INTO w(x) VALUES (:x)", { x });
    const { warnings } = await opened.session.execute("UPDATE w SET r = P(x)");
    expect(warnings.map(({ message }) => message.replace(/ failed: .*/, ""))).toEqual([
      'P for "a b"',
      `P for "${"long ".repeat(12)}…"`,
      "P",
      'P for "seen"',
    ]);
    const { warnings: ofNull } = await opened.session.execute("UPDATE w SET r = P(NULL, 'the same for all')");
    expect(ofNull.map(({ message }) => message)).toEqual([expect.stringMatching(/^P failed: /)]);
  });

  test("a bare CALL that fails is an error by default", async () => {
    await using opened = await withTable(failing);
    expect(await codeOf(opened.session.execute("CALL P('bad')"))).toBe("call/failed");
    await opened.session.execute("SET on_error = 'row'");
    expect(await opened.rows("CALL P('bad')")).toEqual([[null, "content_policy_violation", null]]);
  });

  test("where a procedure is called twice, the call that failed is the one that is marked", async () => {
    await using opened = await withTable(failing);
    const sql = "SELECT P('fine'), P('also fine'), P('bad')";
    await opened.session.execute("SET on_error = 'abort'");
    await expect(opened.session.execute(sql)).rejects.toMatchObject({
      code: "call/failed",
      diagnostics: [{ span: { start: sql.indexOf("P('bad')") } }],
    });
    const nested = "SELECT P(P('fine') || P('bad'))";
    await expect(opened.session.execute(nested)).rejects.toMatchObject({
      diagnostics: [{ span: { start: nested.indexOf("P('bad')") } }],
    });
  });

  test("a bad value is an error of its call, and nothing is sent for it", async () => {
    await using opened = await withTable();
    expect(await opened.rows("SELECT r.Error_Code FROM P('invalid') r")).toEqual([["call/test-invalid"]]);
    expect(opened.asked).toEqual([]);
  });

  test("a failure that no row needs does not end the statement", async () => {
    await using opened = await withTable(failing);
    await opened.session.execute("SET on_error = abort");
    await opened.session.execute("UPDATE t SET body = 'bad' WHERE id = 3");
    expect(await opened.rows("SELECT P(body) FROM t WHERE P(body) = '<b1>' LIMIT 1")).toEqual([["<b1>"]]);
  });

  test("a constraint that a real answer breaks is SQLite's own error", async () => {
    await using opened = await withTable(() => "same");
    await opened.session.execute("CREATE TABLE o(v TEXT UNIQUE)");
    expect(await codeOf(opened.session.execute("INSERT INTO o SELECT P(body) FROM t"))).toBe(
      "sql/constraint",
    );
    expect(await opened.rows("SELECT count(*) FROM o")).toEqual([[0]]);
  });

  test("a deferred foreign key that fails at the commit undoes the statement", async () => {
    await using opened = await withTable();
    await opened.session.execute("CREATE TABLE parent(id TEXT PRIMARY KEY)");
    await opened.session.execute(
      "CREATE TABLE child(p TEXT REFERENCES parent(id) DEFERRABLE INITIALLY DEFERRED)",
    );
    expect(await codeOf(opened.session.execute("INSERT INTO child SELECT P(body) FROM t"))).toBe(
      "sql/constraint",
    );
    expect(await opened.rows("SELECT count(*) FROM child")).toEqual([[0]]);
    await opened.session.execute("BEGIN");
    await opened.session.execute("INSERT INTO child SELECT P(body) FROM t WHERE id = 1");
    await opened.session.execute("INSERT INTO parent VALUES ('<b1>')");
    await opened.session.execute("COMMIT");
    expect(await opened.rows("SELECT * FROM child")).toEqual([["<b1>"]]);
  });

  test("a transaction of the user's is neither committed nor lost", async () => {
    await using opened = await withTable();
    await opened.session.execute("BEGIN");
    await opened.session.execute("UPDATE t SET s = 'kept' WHERE id = 1");
    await opened.session.execute("UPDATE t SET s = P(body) WHERE id = 2");
    expect(await codeOf(opened.session.execute("UPDATE t SET id = 1 WHERE P(body) = '<b3>'"))).toBe(
      "sql/constraint",
    );
    expect(await opened.rows("SELECT s FROM t")).toEqual([["kept"], ["<b2>"], [null]]);
    await opened.session.execute("ROLLBACK");
    expect(await opened.rows("SELECT s FROM t")).toEqual([[null], [null], [null]]);
  });

  test("savepoints of the user's nest with calls", async () => {
    await using opened = await withTable();
    await opened.session.execute("SAVEPOINT a");
    await opened.session.execute("UPDATE t SET s = P(body)");
    await opened.session.execute("ROLLBACK TO a");
    await opened.session.execute("RELEASE a");
    expect(await opened.rows("SELECT count(s) FROM t")).toEqual([[0]]);
  });

  test("OR ROLLBACK with a real conflict ends the user's transaction, as in SQLite", async () => {
    await using opened = await withTable(() => "same");
    await opened.session.execute("CREATE TABLE o(v TEXT UNIQUE)");
    await opened.session.execute("BEGIN");
    await opened.session.execute("UPDATE t SET s = 'lost'");
    expect(await codeOf(opened.session.execute("INSERT OR ROLLBACK INTO o SELECT P(body) FROM t"))).toBe(
      "sql/constraint",
    );
    expect(await opened.rows("SELECT count(s) FROM t")).toEqual([[0]]);
    expect(await codeOf(opened.session.execute("COMMIT"))).toBe("sql/error");
  });

  test("changes() after a statement with calls is the number of rows it changed", async () => {
    await using opened = await withTable();
    const result = await opened.session.execute("UPDATE t SET s = P(body) WHERE id < 3");
    expect(result.affectedRows).toBe(2);
    expect(await opened.rows("SELECT changes()")).toEqual([[2]]);
  });

  test("no trigger, table or savepoint of ours is left behind", async () => {
    await using opened = await withTable();
    await opened.session.execute("UPDATE t SET s = P(body)");
    expect(
      await opened.rows("SELECT name FROM sqlite_schema UNION ALL SELECT name FROM sqlite_temp_schema"),
    ).toEqual([["t"]]);
    expect(await codeOf(opened.session.execute("COMMIT"))).toBe("sql/error");
  });

  test("attached databases, WITHOUT ROWID tables and partial indexes", async () => {
    await using opened = await withTable();
    await opened.session.execute("ATTACH ':memory:' AS other");
    await opened.session.execute("CREATE TABLE other.o(k TEXT PRIMARY KEY, v TEXT NOT NULL) WITHOUT ROWID");
    await opened.session.execute("CREATE UNIQUE INDEX other.i ON o(v) WHERE v <> '<b9>'");
    await opened.session.execute("INSERT INTO other.o SELECT body, P(body) FROM t");
    await opened.session.execute("UPDATE other.o SET v = Q(v) WHERE k = 'b2'");
    expect(await opened.rows("SELECT * FROM other.o")).toEqual([
      ["b1", "<b1>"],
      ["b2", "<<b2>>"],
      ["b3", "<b3>"],
    ]);
    expect(opened.asked).toHaveLength(4);
  });

  test("a read-only database can be asked about", async () => {
    const database = join(folder, "readonly.db");
    await (await withTable(echo, 3, { database })).session.close();
    const opened = await openEcho(echo, { database, readonly: true });
    expect(await opened.rows("SELECT P(body) FROM t WHERE id = 1")).toEqual([["<b1>"]]);
    expect(await codeOf(opened.session.execute("UPDATE t SET s = P(body)"))).toBe("sql/readonly");
    await opened.session.close();
  });

  test("writefile acts once, when the statement is done", async () => {
    const path = join(folder, "written.txt");
    const opened = await openEcho(echo, { files: true });
    await opened.session.execute("SELECT writefile(:path, P('a') || P('b') || Q(P('c')))", { path });
    expect(readFileSync(path, "utf8")).toBe("<a><b><<c>>");
    await opened.session.close();
  });

  test("writefile of a statement that fails writes nothing", async () => {
    const path = join(folder, "unwritten.txt");
    const opened = await openEcho(failing, { files: true });
    await opened.session.execute("SET on_error = abort");
    expect(await codeOf(opened.session.execute("SELECT writefile(:path, 'x'), P('bad')", { path }))).toBe(
      "call/failed",
    );
    expect(() => readFileSync(path)).toThrow("ENOENT");
    await opened.session.close();
  });

  test("readfile is not there unless the host allows files", async () => {
    await using opened = await withTable();
    expect(await codeOf(opened.session.execute("SELECT readfile('/etc/passwd')"))).toBe("sql/error");
  });
});

describe("arguments", () => {
  test("bytes go in and come out whole", async () => {
    const bytes = Buffer.from([0, 1, 2, 0, 255]);
    await using opened = await withTable((_, x) =>
      x instanceof Uint8Array ? Buffer.from(x.toReversed()) : x,
    );
    expect(await opened.rows("SELECT P(:b), hex(R) FROM P(:b)", { b: bytes })).toEqual([
      [Buffer.from([255, 0, 2, 1, 0]), "FF00020100"],
    ]);
    expect(opened.asked).toEqual(["P(<5 bytes>)"]);
  });

  test("that change in every pass stop the statement within one window, with advice", async () => {
    await using opened = await withTable(echo, 100, { files: true });
    const sql = "SELECT P(readfile('/proc/sys/kernel/random/uuid') || id) FROM t";
    const error = await opened.session.execute(sql).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(DiagnosticError);
    expect(error).toMatchObject({ code: "plan/unstable-arguments" });
    expect(opened.asked.length).toBeLessThanOrEqual(16);
  });

  test("CallKey and dedup = off keep equal calls apart", async () => {
    await using opened = await withTable();
    await opened.rows("SELECT P('same', CallKey => id) FROM t");
    expect(opened.asked).toEqual(["P(same)", "P(same)", "P(same)"]);
    await opened.session.execute("SET dedup = off");
    await opened.rows("SELECT P('other') FROM t");
    expect(opened.asked).toHaveLength(6);
  });

  test("calls that come to one request share its answer, also one that joins as the answer arrives", async () => {
    await using opened = await withTable(echo, 8);
    await opened.session.execute("SET concurrency = 1");
    // The echo reads integers as doubles: of those beyond 2^53 two neighbours are the same request.
    const rows = await opened.rows("SELECT P(id + 9007199254740992) FROM t");
    expect(rows).toHaveLength(8);
    expect(rows.flat()).not.toContain(null);
    expect(opened.asked).toHaveLength(5);
  });

  test("an equal call of an earlier statement answers again, unless cache is off", async () => {
    await using opened = await withTable();
    await opened.rows("SELECT P('a')");
    const again = await opened.session.execute("SELECT P('a')");
    expect(again.counts).toMatchObject({ calls: 1, made: 0, cached: 1 });
    await opened.session.execute("SET cache = off");
    await opened.rows("SELECT P('a')");
    expect(opened.asked).toEqual(["P(a)", "P(a)"]);
  });

  test("a value of a bind is needed, NULL is a value, and values without a bind are ignored", async () => {
    await using opened = await withTable();
    expect(await codeOf(opened.session.execute("SELECT :a, @b", { c: 1 }))).toBe("bind/missing-bind");
    expect(await opened.rows("SELECT :a, P(:a)", { a: null, unused: 5 })).toEqual([[null, null]]);
    expect(await opened.rows("SELECT ?, ?2, ?", { "1": "x", "2": "y", "3": "z" })).toEqual([["x", "y", "z"]]);
    const result = await opened.session.execute("SELECT ?, P(?), ?1", ["x", "y"]);
    expect(await Array.fromAsync(result.arrays())).toEqual([["x", "<y>", "x"]]);
  });

  test.each([
    ["SELECT ?2, :n, ?", ["b", "c", "d"]],
    ["SELECT P(?2), :n, ?", ["<b>", "c", "d"]],
    ["CALL P(?2)", ["<b>", null, "b"]],
    ["SELECT ?3, ?, ?1", ["c", "d", "a"]],
    ["SELECT P(?3), ?, P(?1)", ["<c>", "d", "<a>"]],
  ])("numbers may be left out of a list of binds: %s", async (sql, row) => {
    await using opened = await withTable();
    const given = sql.includes(":n") ? { 2: "b", n: "c", 4: "d" } : ["a", "b", "c", "d"];
    const result = await opened.session.execute(sql, given);
    expect(await Array.fromAsync(result.arrays())).toEqual([row]);
  });

  test("a bind keeps its number when a name moves its argument", async () => {
    await using opened = await withTable((_, x, y) => `${String(x)}-${String(y)}`);
    const result = await opened.session.execute("SELECT P(y => ?, x => ?), ?", ["first", "second", "third"]);
    expect(await Array.fromAsync(result.arrays())).toEqual([["second-first", "third"]]);
  });
});

describe("results", () => {
  test("a large result streams, and another statement may run meanwhile", async () => {
    await using opened = await withTable(echo, 30_000);
    const result = await opened.session.execute("SELECT id, r.R FROM t, P('k' || (t.id % 5)) r");
    let seen = 0;
    for await (const [id] of result.arrays()) {
      expect(id).toBe(++seen);
      if (seen === 10) expect(await opened.rows("SELECT count(*) FROM t")).toEqual([[30_000]]);
      if (seen === 20) await opened.session.execute("UPDATE t SET s = 'w' WHERE id = 1");
    }
    expect(seen).toBe(30_000);
    expect(opened.asked).toHaveLength(5);
  });

  test("a result that is not read to its end frees the database", async () => {
    await using opened = await withTable(echo, 30_000);
    const result = await opened.session.execute("SELECT id, P('x') FROM t");
    await result.first();
    await opened.session.execute("DROP TABLE t");
    expect(await codeOf(result.all())).toBe("session/result-consumed");
  });

  test("statements asked for at once run one after the other", async () => {
    await using opened = await withTable();
    const all = await Promise.all([1, 2, 3].map((id) => opened.rows(`SELECT P('c${id}')`)));
    expect(all).toEqual([[["<c1>"]], [["<c2>"]], [["<c3>"]]]);
  });

  test("duplicate and odd column names and large integers survive", async () => {
    await using opened = await withTable();
    const result = await opened.session.execute(
      "SELECT 1 AS a, 2 AS a, 3 AS __proto__, 9007199254740993 AS big",
    );
    const [row] = await result.all();
    expect(Object.entries(row ?? {})).toEqual([
      ["a", 1],
      ["a_2", 2],
      ["__proto__", 3],
      ["big", 9007199254740993n],
    ]);
  });

  test("values of JavaScript that SQLite does not have are turned, or refused", async () => {
    await using opened = await withTable();
    const typed = async (x: BindValue) =>
      (await (await opened.session.execute("SELECT typeof(:x), :x", { x })).arrays().next()).value;
    expect(await typed(true)).toEqual(["integer", 1]);
    expect(await typed(false)).toEqual(["integer", 0]);
    expect(await typed(-0)).toEqual(["real", -0]);
    expect(await typed(9_007_199_254_740_993n)).toEqual(["integer", 9_007_199_254_740_993n]);
    expect(await typed(new Date(0))).toEqual(["text", "1970-01-01T00:00:00.000Z"]);
    expect((await typed(new Uint8Array([1, 2]).buffer))?.[0]).toBe("blob");
    for (const x of [new Date(Number.NaN), 2n ** 63n])
      expect(await codeOf(opened.session.execute("SELECT :x", { x }))).toBe("bind/unusable-bind-value");
  });

  test("two sessions on one file do not wait for each other's calls", async () => {
    const database = join(folder, "two.db");
    const gate = Promise.withResolvers<void>();
    const first = await withTable(echo, 3, { database });
    const slow = await openEcho(echo, { database });
    const second = await openEcho(echo, { database });
    const running = slow.session.execute(
      "UPDATE t SET s = P(body)",
      {},
      { onProgress: () => gate.resolve() },
    );
    await gate.promise;
    await second.session.execute("INSERT INTO t(body) VALUES ('more')");
    await running;
    expect(await first.rows("SELECT count(*) FROM t")).toEqual([[4]]);
    for (const { session } of [first, slow, second]) await session.close();
  });
});

describe("another process", () => {
  test("that writes between the passes is no reason to pay twice", async () => {
    const database = join(folder, "busy.db");
    const opened = await withTable(echo, 50, { database });
    await opened.session.execute("PRAGMA journal_mode = WAL");
    const other = new Database(database);
    let writes = 0;
    const late = await openEcho(
      (_, x) => {
        // The data change under the statement while its calls are out.
        if (writes++ % 7 === 0) other.prepare("INSERT INTO t(body) VALUES (NULL)").run();
        return `<${String(x)}>`;
      },
      { database },
    );
    await late.session.execute("UPDATE t SET s = P(body) WHERE body IS NOT NULL");
    expect(late.asked).toHaveLength(50);
    expect(await late.rows("SELECT count(s) FROM t")).toEqual([[50]]);
    other.close();
    await late.session.close();
    await opened.session.close();
  });
});

describe("statements of our own", () => {
  test("options are set, shown, reset, and refused with a hint", async () => {
    await using opened = await withTable();
    await opened.session.execute("SET concurrency = 4");
    const shown = async (): Promise<unknown> =>
      (await opened.rows("SELECT value, source FROM sys_options WHERE option = 'concurrency'"))[0];
    expect(await shown()).toEqual(["4", "set"].map((value, index) => (index === 0 ? 4 : value)));
    await opened.session.execute("RESET concurrency");
    expect(await shown()).toEqual([16, "default"]);
    expect(await codeOf(opened.session.execute("SET concurrencyy = 4"))).toBe("session/unknown-option");
    expect(await codeOf(opened.session.execute("SET concurrency = 0"))).toBe("session/bad-option-value");
    expect(await codeOf(opened.session.execute("SET on_error = maybe"))).toBe("session/bad-option-value");
    await expect(opened.session.execute("SET cache = maybe")).rejects.toThrow(
      "expected one of off, run, on, only",
    );
  });

  test.each([
    ["CALL P(:a)", true],
    ["CALL P(-1, 'y')", true],
    ["CALL P(NULL)", true],
    ["CALL P(TRUE)", true],
    ["CALL P(- :a)", false],
    ["CALL P(1 + 2)", false],
    ["CALL P(a)", false],
    ["CALL P('a' COLLATE nocase)", false],
    ["CALL P('a') INTO u", false],
    ["SELECT P('a')", false],
  ])("%s runs alone, beside the database: %s", async (sql, isAlone) => {
    await using opened = await withTable();
    const running = opened.session.callAlone(sql, { a: "a" });
    expect(running !== undefined).toBe(isAlone);
    expect(await (await running)?.first()).toEqual(
      isAlone ? expect.objectContaining({ Error_Code: null }) : undefined,
    );
  });

  test("what is known of a call of values is forgotten when a default changes", async () => {
    await using session = await openSession({ env: {} });
    const statement = session.readStatement("CALL ModerateText()");
    const missing = expect.objectContaining({ code: "bind/missing-parameter" });
    expect(() => session.isCallAlone(statement)).toThrow(missing);
    await session.execute("SET DEFAULT ModerateText.Text = 'x'");
    expect(session.isCallAlone(statement)).toBe(true);
    await session.execute("SET DEFAULT ModerateText.Text = NULL");
    expect(() => session.isCallAlone(statement)).toThrow(missing);
  });

  test.each([
    ["SET dedup = perhaps", "session/bad-option-value"],
    ["SET concurrency = NULL", "session/bad-option-value"],
    ["SET concurrency = ''", "session/bad-option-value"],
    ["SET concurrency = 2.5", "session/bad-option-value"],
    ["SET cache = 7", "session/bad-option-value"],
    ["RESET concurrencyy", "session/unknown-option"],
    ["SET :x = 1, 2", "parse/expected"],
    ["SET :x = 1 WHERE false", "session/variable-needs-one-value"],
    ["SET :x = no_such_column", "sql/error"],
    ["SET DEFAULT P.X = no_such_column", "sql/error"],
    ["SET DEFAULT Nobody.X = 1", "bind/unknown-procedure"],
    ["ATTACH '/nonexistent/folder/x.db' AS x", "sql/storage"],
    ["DESCRIBE Nobody", "bind/unknown-name"],
  ])("%s is refused", async (sql, code) => {
    await using opened = await withTable();
    expect(await codeOf(opened.session.execute(sql))).toBe(code);
    expect(opened.asked).toEqual([]);
  });

  test("what is set is shown as it would be written", async () => {
    await using opened = await withTable();
    for (const sql of [
      "SET dedup = NO",
      "SET max_calls = 7",
      "SET max_calls = NULL",
      "SET DEFAULT P.X = 'd'",
    ])
      await opened.session.execute(sql);
    const options = await opened.rows("SHOW OPTIONS");
    expect(options.find(([name]) => name === "dedup")?.slice(0, 3)).toEqual(["dedup", "off", "set"]);
    expect(options.find(([name]) => name === "max_calls")?.slice(0, 3)).toEqual(["max_calls", null, "set"]);
    expect(await opened.rows("SELECT value FROM sys_options WHERE option = 'dedup'")).toEqual([["off"]]);
    expect(await opened.rows("SHOW DEFAULTS")).toEqual([["P", "x", "d"]]);
  });

  test("a session variable may be an answer, and is bound like any value", async () => {
    await using opened = await withTable();
    await opened.session.execute("SET :greeting = P('hello') || '!'");
    expect(await opened.rows("SELECT :greeting")).toEqual([["<hello>!"]]);
    expect(await opened.rows("SHOW VARIABLES")).toEqual([["greeting", "<hello>!"]]);
  });

  test("max_calls stops the statement and keeps what was bought", async () => {
    await using opened = await withTable(echo, 10);
    await opened.session.execute("SET concurrency = 1");
    await opened.session.execute("SET max_calls = 4");
    expect(await codeOf(opened.session.execute("UPDATE t SET s = P(body)"))).toBe("call/budget-reached");
    expect(await opened.rows("SELECT count(s) FROM t")).toEqual([[0]]);
    await opened.session.execute("SET max_calls = 10");
    await opened.session.execute("UPDATE t SET s = P(body)");
    expect(opened.asked).toHaveLength(10);
  });

  test("EXPLAIN CALLS counts without calling", async () => {
    await using opened = await withTable(echo, 50);
    const rows = await opened.rows("EXPLAIN CALLS SELECT Q(P(body)) FROM t WHERE id <= 7");
    expect(rows.map((row) => row.slice(0, 6))).toEqual([
      [2, "P", null, "echo", 7, "exact"],
      [1, "Q", null, null, 0, "at least"],
    ]);
    expect(await opened.rows("EXPLAIN CALLS SELECT body FROM t")).toEqual([]);
    expect(opened.asked).toEqual([]);
  });

  test("EXPLAIN QUERY PLAN of a statement with a call calls nothing", async () => {
    await using opened = await withTable();
    expect((await opened.rows("EXPLAIN QUERY PLAN SELECT P(body) FROM t")).length).toBeGreaterThan(0);
    expect(opened.asked).toEqual([]);
  });

  test("a call in a CHECK, DEFAULT, index or generated column is refused", async () => {
    await using opened = await withTable();
    const statements = [
      "CREATE TABLE c(a TEXT CHECK (P(a) = 'x'))",
      "CREATE TABLE c(a TEXT DEFAULT (P('x')))",
      "CREATE TABLE c(a TEXT, b TEXT AS (P(a)))",
      "CREATE INDEX i ON t(P(body))",
    ];
    for (const sql of statements)
      expect(await codeOf(opened.session.execute(sql)), sql).toBe("plan/call-in-schema");
  });

  test("importRows makes a table, replaces the rows of the same table, and refuses another", async () => {
    await using opened = await withTable();
    const { session } = opened;
    expect(
      await session.importRows(
        "i",
        ["a", "b"],
        [
          [1, "x"],
          [2, null],
        ],
      ),
    ).toBe(2);
    expect(await session.importRows("i", ["a", "b"], [[3, "y"]])).toBe(1);
    expect(await opened.rows("SELECT a, b, typeof(a) FROM i")).toEqual([[3, "y", "integer"]]);
    expect(await codeOf(session.importRows("i", ["a"], [[1]]))).toBe("session/import-other-columns");
    expect(await codeOf(session.importRows("j", ["a", "b"], [[1, 2], [3]]))).toBe("session/import-mismatch");
    expect(await codeOf(session.execute("SELECT * FROM j"))).toBe("sql/error");
  });
});
