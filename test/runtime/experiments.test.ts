/**
 * Every row of the replay experiments: shapes in which a naive replay buys calls that never occur, loses rows or never
 * ends. The oracle says which calls SQLite needs; exactly those may be bought.
 */
import { setTimeout } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { openEcho, type Answers, type Echo } from "../support/echo.ts";
import { Oracle } from "../support/oracle.ts";

const echo: Answers = (_, x, y) => (x === null && y === null ? null : `<${String(x)}>`);

interface Shape {
  readonly name: string;
  readonly setup: readonly string[];
  readonly sql: string;
  /** Read after the statement, to compare what it wrote. */
  readonly check?: string;
  readonly answers?: Answers;
}

const numbered = "CREATE TABLE t(id INTEGER PRIMARY KEY, body TEXT, s TEXT)";
const filled = "INSERT INTO t(id, body) VALUES (1, 'a'), (2, 'b'), (3, 'c')";

const shapes: Shape[] = [
  {
    name: "an update that reads the row it wrote before",
    setup: [numbered, filled],
    sql: "UPDATE t SET s = P(coalesce((SELECT s FROM t u WHERE u.id = t.id - 1), 'none:' || id))",
    check: "SELECT id, s FROM t ORDER BY id",
  },
  {
    name: "an AFTER INSERT trigger with a call that reads the table it writes",
    setup: [
      "CREATE TABLE c(id INTEGER PRIMARY KEY, v TEXT)",
      "CREATE TABLE log(r TEXT)",
      "CREATE TRIGGER tr AFTER INSERT ON c BEGIN INSERT INTO log SELECT R FROM P('n=' || (SELECT count(*) FROM log) || ':' || coalesce((SELECT max(r) FROM log), 'none')); END",
    ],
    sql: "INSERT INTO c(v) VALUES ('a'), ('b')",
    check: "SELECT * FROM log",
  },
  {
    name: "an upsert whose update uses the stored answer",
    setup: ["CREATE TABLE o(id INTEGER PRIMARY KEY, x TEXT)", numbered, filled],
    sql: "INSERT INTO o SELECT 1, P(body) FROM t WHERE true ON CONFLICT(id) DO UPDATE SET x = P(coalesce(o.x, 'FAKE') || excluded.x)",
    check: "SELECT * FROM o",
  },
  {
    name: "recursive triggers",
    setup: [
      "PRAGMA recursive_triggers = ON",
      "CREATE TABLE c(n INTEGER, v TEXT)",
      "CREATE TRIGGER tr AFTER INSERT ON c WHEN new.n < 3 BEGIN INSERT INTO c SELECT new.n + 1, P(coalesce(new.v, 'lost')); END",
    ],
    sql: "INSERT INTO c SELECT 0, P('start')",
    check: "SELECT * FROM c ORDER BY n",
  },
  {
    name: "a CTE used twice, the second arm counting the first",
    setup: [numbered, filled],
    sql: "WITH v AS (SELECT id, P(body) r FROM t WHERE id < 3) SELECT r FROM v WHERE id = 1 UNION ALL SELECT r FROM v WHERE id = 3 - (SELECT count(r) FROM v WHERE id = 1)",
  },
  {
    name: "a view joined with itself on its answers",
    setup: [numbered, filled, "CREATE VIEW v AS SELECT id, P(body) r FROM t"],
    sql: "SELECT a.id, b.id FROM v a JOIN v b ON b.id = length(a.r) WHERE a.id = 1",
  },
  {
    name: "NOT EXISTS over the same view",
    setup: [numbered, filled, "CREATE VIEW v AS SELECT id, P(body) r FROM t"],
    sql: "SELECT a.id FROM v a WHERE a.r = '<a>' AND NOT EXISTS (SELECT 1 FROM v b WHERE b.id = a.id + 1 AND b.r = a.r)",
  },
  {
    name: "nested calls of one procedure",
    setup: [numbered, filled],
    sql: "SELECT P(P(P(body))) FROM t",
  },
  {
    name: "a choice that looks the same under every placeholder, in the text",
    setup: [numbered, filled],
    sql: "SELECT Q(CASE WHEN P(body) = 'yes' THEN 'A' ELSE 'B' END) FROM t WHERE id = 1",
    answers: (procedure) => (procedure === "P" ? "yes" : "done"),
  },
  {
    name: "a choice that looks the same under every placeholder, fed back through an update",
    setup: [numbered, filled],
    sql: "UPDATE t SET s = P(CASE WHEN (SELECT s FROM t u WHERE u.id = t.id - 1) = 'yes' THEN 'A' || id ELSE 'B' || id END)",
    check: "SELECT id, s FROM t ORDER BY id",
    answers: () => "yes",
  },
  {
    name: "a condition that a missing answer would pass",
    setup: [numbered, filled],
    sql: "SELECT P(body) FROM t WHERE id = 1 OR Q(body) IS NULL",
  },
  {
    name: "a user trigger with a conflict clause of its own",
    setup: [
      "CREATE TABLE c(id INTEGER PRIMARY KEY)",
      "CREATE TABLE log(r TEXT)",
      "CREATE TABLE src(id INTEGER)",
      "INSERT INTO src VALUES (1), (2), (3)",
      "CREATE TRIGGER tr AFTER INSERT ON src BEGIN INSERT OR REPLACE INTO c VALUES (new.id % 2); INSERT INTO log SELECT R FROM P('n=' || (SELECT count(*) FROM c) || ':' || (SELECT max(rowid) FROM c)); END",
    ],
    sql: "INSERT INTO src SELECT id + 10 FROM src",
    check: "SELECT * FROM log",
  },
  {
    name: "WITH … INSERT under NOT NULL",
    setup: [numbered, filled, "CREATE TABLE o(v TEXT NOT NULL UNIQUE CHECK (length(v) > 1))"],
    sql: "WITH w AS (SELECT body FROM t) INSERT INTO o SELECT P(body) FROM w",
    check: "SELECT * FROM o",
  },
  {
    name: "REPLACE INTO",
    setup: [numbered, filled],
    sql: "REPLACE INTO t(id, body, s) SELECT id, body, P(body) FROM t",
    check: "SELECT * FROM t",
  },
  {
    name: "INSERT OR IGNORE into a STRICT table",
    setup: [numbered, filled, "CREATE TABLE o(v TEXT NOT NULL) STRICT"],
    sql: "INSERT OR IGNORE INTO o SELECT P(body) FROM t",
    check: "SELECT * FROM o",
  },
  {
    name: "an answer as a primary key",
    setup: [numbered, filled],
    sql: "UPDATE t SET id = length(P(body)) + id * 100",
    check: "SELECT id FROM t",
  },
  {
    name: "a NULL argument of a table site",
    setup: [numbered, filled],
    sql: "SELECT t.id, r.R FROM t, P(body, NULL) r",
  },
  {
    name: "a NULL in every argument of a table site",
    setup: ["CREATE TABLE t(a TEXT)", "INSERT INTO t VALUES (NULL), ('x')"],
    sql: "SELECT r.R FROM t, P(a) r",
  },
  {
    name: "a call of an aggregate",
    setup: [numbered, filled],
    sql: "SELECT P(max(body)), Q(group_concat(body)) FROM t",
  },
  {
    name: "a call of a window function",
    setup: [numbered, filled],
    sql: "SELECT id, P(lag(body) OVER (ORDER BY id)) FROM t",
  },
  {
    name: "a window function in a condition",
    setup: [numbered, filled],
    sql: "SELECT * FROM (SELECT id, lag(body) OVER (ORDER BY id) l FROM t) WHERE P(l) = '<a>'",
  },
  {
    name: "ORDER BY a call in a compound",
    setup: [numbered, filled],
    sql: "SELECT body FROM t UNION SELECT 'z' ORDER BY 1",
  },
  {
    name: "a cheap term beside a call in a condition",
    setup: [
      "CREATE TABLE t(k INTEGER, body TEXT)",
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) INSERT INTO t SELECT i % 7, 'b' || i FROM n",
    ],
    sql: "SELECT count(*) FROM t WHERE P(body) IS NOT NULL AND k = 3",
  },
  {
    name: "table and value sites of one name",
    setup: [numbered, filled, "CREATE TABLE b(v TEXT)", "INSERT INTO b VALUES ('<a>')"],
    sql: "SELECT t.id, b.v, r.R FROM t JOIN b ON P(t.body) = b.v, P(t.body) r",
  },
  {
    name: "a call in an IN list",
    setup: [numbered, filled],
    sql: "SELECT id FROM t WHERE '<a>' IN (P(body))",
  },
  {
    name: "membership in a call",
    setup: [numbered, filled],
    sql: "SELECT id FROM t WHERE '<a>' IN P(body)",
  },
  { name: "VALUES", setup: [], sql: "VALUES (P('a')), (P('b'))" },
  {
    name: "RETURNING",
    setup: [numbered],
    sql: "INSERT INTO t(body) VALUES ('a'), ('b'), ('c') RETURNING id, P(body)",
    check: "SELECT * FROM t",
  },
  {
    name: "HAVING and BETWEEN",
    setup: [numbered, filled],
    sql: "SELECT body FROM t GROUP BY body HAVING P(body) BETWEEN '<a>' AND '<b>'",
  },
  {
    name: "a CTE that is called like the procedure",
    setup: [numbered, filled],
    sql: "WITH Q(a) AS (SELECT body FROM t) SELECT P(a) FROM Q",
  },
  {
    name: "LATERAL",
    setup: [numbered, filled],
    sql: "SELECT t.id, r.R FROM t, LATERAL (CALL P(t.body)) r",
  },
  {
    name: "a call below a nested LEFT JOIN",
    setup: [numbered, filled, "CREATE TABLE o(tid INTEGER)", "INSERT INTO o VALUES (1), (2)"],
    sql: "SELECT t.id, r.R FROM t LEFT JOIN o ON o.tid = t.id LEFT JOIN P(o.tid) r ON r.R = '<1>'",
  },
];

describe("replay buys the calls SQLite needs and gives its result", () => {
  for (const shape of shapes) {
    test(shape.name, async () => {
      const answers = shape.answers ?? echo;
      const oracle = new Oracle(answers);
      await using opened = await open(answers);
      for (const sql of shape.setup) {
        oracle.run(sql);
        await opened.session.execute(sql);
      }
      const expected = oracle.run(shape.sql);
      expect(expected.error).toBeUndefined();
      const rows = await opened.rows(shape.sql);
      expect(rows).toEqual(expected.rows);
      expect(opened.asked.toSorted()).toEqual(expected.calls.toSorted());
      if (shape.check !== undefined)
        expect(await opened.rows(shape.check)).toEqual(oracle.run(shape.check).rows);
    });
  }
});

describe("stability", () => {
  test("total_changes() and last_insert_rowid() are frozen at the start of the statement", async () => {
    await using opened = await open(echo);
    await opened.session.execute("CREATE TABLE o(v TEXT)");
    await opened.session.execute("INSERT INTO o VALUES ('x'), ('y')");
    await opened.session.execute(
      "INSERT INTO o(v) SELECT R FROM P(total_changes() || ':' || last_insert_rowid())",
    );
    expect(opened.asked).toEqual(["P(2:2)"]);
  });

  test("random() and randomblob() are the same in every pass", async () => {
    await using opened = await open(echo);
    const rows = await opened.rows(
      "SELECT P(random()), P(hex(randomblob(4))), Q(random()) FROM (VALUES (1), (2))",
    );
    expect(rows).toHaveLength(2);
    expect(new Set(opened.asked).size).toBe(opened.asked.length);
    expect(opened.asked).toHaveLength(6);
  });

  test("random() still differs from statement to statement", async () => {
    await using opened = await open(echo);
    await opened.rows("SELECT P(random())");
    await opened.rows("SELECT P(random())");
    expect(opened.asked[0]).not.toBe(opened.asked[1]);
  });

  test("'now' is the time the statement began", async () => {
    await using opened = await open(echo);
    const rows = await opened.rows(
      "SELECT P(strftime('%Y-%m-%d %H:%M:%f', 'now')), Q(julianday('now')), current_timestamp = datetime('now'), date() = date('now')",
    );
    expect(opened.asked).toHaveLength(2);
    expect(rows[0]?.slice(2)).toEqual([1, 1]);
  });

  test("'subsec' in the place of a time is the time the statement began, to the millisecond", async () => {
    await using opened = await open(echo);
    const rows = await opened.rows(
      "SELECT P(unixepoch('subsec')), P(datetime('subsec')), datetime('SUBSECOND') = datetime('now', 'subsec'), strftime('%f', 'subsec') = strftime('%f', 'now')",
    );
    expect(opened.asked).toHaveLength(2);
    expect(opened.asked[1]).toMatch(/^P\(\d+-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\)$/);
    expect(rows[0]?.slice(2)).toEqual([1, 1]);
  });

  test("changes() in ORDER BY and GROUP BY is a value, and not the place of a column", async () => {
    await using opened = await open(echo);
    await opened.session.execute("CREATE TABLE o(v TEXT)");
    await opened.session.execute("INSERT INTO o VALUES ('b'), ('a')");
    expect(await opened.rows("SELECT P(v), v FROM o ORDER BY changes(), v DESC")).toEqual([
      ["<b>", "b"],
      ["<a>", "a"],
    ]);
    expect(await opened.rows("SELECT P('x'), count(*) FROM o GROUP BY last_insert_rowid()")).toEqual([
      ["<x>", 2],
    ]);
  });

  test("once a statement with a call has asked for 'now', a plain one still gets its own time", async () => {
    await using opened = await open(echo);
    const clock = "SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')";
    const [before] = await opened.rows(`${clock}, P('a')`);
    await setTimeout(5);
    const [plain] = await opened.rows(clock);
    expect(String(plain?.[0]) > String(before?.[0])).toBe(true);
    await setTimeout(5);
    await opened.session.execute("CREATE TABLE log(at DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')), x)");
    await opened.session.execute("INSERT INTO log(x) VALUES (1)");
    const [row] = await opened.rows("SELECT at FROM log");
    expect(String(row?.[0]) > String(plain?.[0])).toBe(true);
  });

  test("time functions keep their meaning once they are frozen", async () => {
    await using opened = await open(echo);
    await opened.rows("SELECT P(datetime('now'))");
    expect(
      await opened.rows(
        "SELECT datetime('2024-02-29 12:00:00', '+1 year'), strftime('%j', '2024-03-01'), unixepoch('1970-01-02'), typeof(julianday('2000-01-01')), date(NULL), time('12:34:56.789'), timediff('2024-01-02', '2024-01-01')",
      ),
    ).toEqual([["2025-03-01 12:00:00", "061", 86400, "real", null, "12:34:56", "+0000-00-01 00:00:00.000"]]);
  });

  test("a generated column over a time function keeps working", async () => {
    await using opened = await open(echo);
    await opened.session.execute("CREATE TABLE g(d TEXT, y TEXT AS (strftime('%Y', d)) STORED)");
    await opened.rows("SELECT P(strftime('%Y', 'now'))");
    await opened.session.execute("INSERT INTO g(d) VALUES ('2024-05-06')");
    expect(await opened.rows("SELECT y FROM g")).toEqual([["2024"]]);
  });
});

async function open(answers: Answers): Promise<Echo & AsyncDisposable> {
  const opened = await openEcho(answers);
  return { ...opened, [Symbol.asyncDispose]: () => opened.session.close() };
}
