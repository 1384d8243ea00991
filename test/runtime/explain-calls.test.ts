/** EXPLAIN CALLS: what it counts, estimates and warns of, and that it never sends anything. */
import { describe, expect, test } from "vitest";
import { DiagnosticError, openSession, type Session } from "../../src/index.ts";
import type { SqlValue } from "../../src/catalog/value.ts";
import { openEcho, type Answers, type Echo } from "../support/echo.ts";

const echo: Answers = (_, x) => (x === null ? null : `<${String(x)}>`);

type Explained = Record<string, SqlValue>;

async function withTable(rows: number): Promise<Echo & AsyncDisposable> {
  const opened = await openEcho(echo);
  await fill(opened.session, rows);
  return { ...opened, [Symbol.asyncDispose]: () => opened.session.close() };
}

async function fill(session: Session, rows: number): Promise<void> {
  await session.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, body TEXT)");
  await session.execute(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows}) INSERT INTO t SELECT i, 'b' || i FROM n`,
  );
}

async function explain(session: Session, sql: string): Promise<Explained[]> {
  return (await session.execute(`EXPLAIN CALLS ${sql}`)).all();
}

describe("sites", () => {
  test("each is a row, in the order SQLite reaches them", async () => {
    await using opened = await withTable(7);
    const rows = await explain(opened.session, "SELECT Q(P(body)), S(body), P('k') FROM t");
    expect(rows.map(({ site, procedure, calls, bound }) => [site, procedure, calls, bound])).toEqual([
      [2, "P", 7, "exact"],
      [1, "Q", 0, "at least"],
      [3, "S", 7, "at least"],
      [4, "P", 1, "at least"],
    ]);
    expect(opened.asked).toEqual([]);
  });

  test("a site in a view or a trigger has no number", async () => {
    await using opened = await withTable(3);
    await opened.session.execute("CREATE VIEW v AS SELECT P(body) r FROM t");
    expect(await explain(opened.session, "SELECT r FROM v")).toMatchObject([
      { site: null, procedure: "P", calls: 3, bound: "exact" },
    ]);
  });

  test("a call that two sites ask for is counted once", async () => {
    await using opened = await withTable(3);
    const rows = await explain(opened.session, "SELECT P(body), P(body) FROM t");
    expect(rows.map(({ calls, requests }) => [calls, requests])).toEqual([
      [3, 3],
      [0, 0],
    ]);
  });

  test("with LIMIT, and where answers decide, there is only a lower bound", async () => {
    await using opened = await withTable(20);
    const boundOf = async (sql: string) =>
      (await explain(opened.session, sql)).map(({ calls, bound }) => [calls, bound]);
    expect(await boundOf("SELECT P(body) FROM t LIMIT 3")).toEqual([[3, "at least"]]);
    expect(await boundOf("SELECT id FROM t WHERE P(body) = '<b3>' LIMIT 1")).toEqual([[1, "at least"]]);
    expect(await boundOf("SELECT CASE WHEN P(body) = '<b1>' THEN Q(body) END FROM t")).toEqual([
      [20, "exact"],
      [0, "at least"],
    ]);
    expect(
      await boundOf("UPDATE t SET body = P(coalesce((SELECT body FROM t u WHERE u.id = t.id - 1), ''))"),
    ).toEqual([[1, "at least"]]);
    expect(opened.asked).toEqual([]);
  });

  test("a recursion over its own answers ends", async () => {
    await using opened = await withTable(1);
    const sql =
      "WITH RECURSIVE c(x) AS (SELECT P('s') UNION SELECT P(x || '.') FROM c WHERE x <> 'stop') SELECT * FROM c";
    expect((await explain(opened.session, sql)).every(({ bound }) => bound === "at least")).toBe(true);
  });

  test("what is written stays unwritten, in an open transaction too", async () => {
    await using opened = await withTable(3);
    await opened.session.execute("BEGIN");
    await explain(opened.session, "UPDATE t SET body = P(body)");
    await explain(opened.session, "INSERT INTO t(body) SELECT P('x')");
    await opened.session.execute("COMMIT");
    expect(await opened.rows("SELECT body FROM t")).toEqual([["b1"], ["b2"], ["b3"]]);
  });

  test("what SQLite refuses is refused with its place", async () => {
    await using opened = await withTable(3);
    const refused = explain(opened.session, "SELECT P(nope) FROM t");
    await expect(refused).rejects.toThrow(DiagnosticError);
    await expect(refused).rejects.toMatchObject({ code: "sql/error" });
  });
});

describe("what is known already", () => {
  test("recorded answers are counted, and what depends on them is seen", async () => {
    await using opened = await withTable(4);
    const { session } = opened;
    await session.execute("SET cache = 'on'");
    await opened.rows("SELECT P(body) FROM t WHERE id < 3");
    const sent = opened.asked.length;
    expect(await explain(session, "SELECT P(body) FROM t")).toMatchObject([
      { calls: 4, recorded: 2, requests: 2 },
    ]);
    expect(await explain(session, "SELECT Q(P(body)) FROM t WHERE id < 3")).toMatchObject([
      {
        procedure: "P",
        calls: 2,
        bound: "exact",
        recorded: 2,
        requests: 0,
        cost_min_usd: 0,
        cost_max_usd: 0,
      },
      { procedure: "Q", calls: 2, bound: "exact", recorded: 0, requests: 2 },
    ]);
    await session.execute("SET cache = 'off'");
    expect(await explain(session, "SELECT P(body) FROM t")).toMatchObject([{ calls: 4, recorded: 0 }]);
    expect(opened.asked).toHaveLength(sent);
  });

  test("calls that are refused here are no requests", async () => {
    await using opened = await withTable(3);
    const sql = "SELECT P(iif(id = 2, 'invalid', body)) FROM t";
    expect(await explain(opened.session, sql)).toMatchObject([{ calls: 3, invalid: 1, requests: 2 }]);
  });
});

describe("requests, tokens and cost, without a connection", () => {
  const open = async (): Promise<Session> => {
    const session = await openSession({ env: {} });
    await fill(session, 2049);
    return session;
  };

  test("embeddings are packed", async () => {
    await using session = await open();
    const [row] = await explain(session, "SELECT GetEmbeddings(body) FROM t");
    expect(row).toMatchObject({ model: "text-embedding-3-small", calls: 2049, recorded: 0, requests: 2 });
    expect(row?.["cost_min_usd"]).toBe(row?.["cost_max_usd"]);
    expect(row?.["cost_max_usd"]).toBeCloseTo((Number(row?.["input_tokens"]) * 0.02) / 1e6, 9);
    expect(row?.["cost_as_of"]).toMatch(/^\d{4}-\d\d-\d\d$/);
  });

  test("a response costs up to MaxOutputTokens, or what the model writes", async () => {
    await using session = await open();
    const sql = "SELECT GenerateResponse(Message => body, MaxOutputTokens => 50) FROM t WHERE id <= 10";
    const [few] = await explain(session, sql);
    const [many] = await explain(session, sql.replace("50", "5000"));
    const [usual] = await explain(session, sql.replace(", MaxOutputTokens => 50", ""));
    expect(few).toMatchObject({ model: "gpt-6-luna", calls: 10, requests: 10 });
    expect(few?.["cost_min_usd"]).toBe(many?.["cost_min_usd"]);
    expect(Number(few?.["cost_min_usd"])).toBeLessThan(Number(few?.["cost_max_usd"]));
    expect(Number(few?.["cost_max_usd"])).toBeLessThan(Number(usual?.["cost_max_usd"]));
    expect(Number(usual?.["cost_max_usd"])).toBeLessThan(Number(many?.["cost_max_usd"]));
  });

  test("an unknown price is NULL", async () => {
    await using session = await open();
    expect(await explain(session, "CALL GenerateResponse('x', Model => 'my-own')")).toMatchObject([
      { model: "my-own", calls: 1, requests: 1, cost_min_usd: null, cost_max_usd: null, cost_as_of: null },
    ]);
  });

  test("a connection without its key is no obstacle", async () => {
    await using session = await open();
    await session.execute("SET connection = 'openai'");
    expect(await explain(session, "CALL ModerateText('x')")).toMatchObject([{ calls: 1, cost_max_usd: 0 }]);
  });
});

describe("planner traps", () => {
  const traps = [
    [
      "plan/trap-left-join",
      "SELECT r.R FROM t LEFT JOIN P(t.body) r ON t.id < 5",
      200,
      "SELECT r.R FROM t LEFT JOIN P(iif(t.id < 5, t.body, NULL)) r ON t.id < 5",
    ],
    [
      "plan/trap-order-limit",
      "SELECT P(body) FROM t ORDER BY body DESC LIMIT 3",
      39,
      "SELECT P(body) FROM (SELECT body FROM t ORDER BY body DESC LIMIT 3)",
    ],
    [
      "plan/trap-order-limit",
      "SELECT r.R FROM t, P(t.body) r ORDER BY t.body DESC LIMIT 3",
      200,
      "SELECT r.R FROM (SELECT body FROM t ORDER BY body DESC LIMIT 3) u, P(u.body) r",
    ],
    [
      "plan/trap-offset",
      "SELECT r.R FROM t, P(t.body) r LIMIT 3 OFFSET 50",
      53,
      "SELECT P(body) FROM t LIMIT 3 OFFSET 50",
    ],
    [
      "plan/trap-join-order",
      "SELECT t.id FROM t CROSS JOIN u WHERE u.id = t.id AND u.active = 0 AND P(t.body) = '<b1>'",
      200,
      "SELECT t.id FROM t CROSS JOIN u WHERE u.id = t.id AND u.active = 0 AND P(iif(u.active IS NULL, t.body, t.body)) = '<b1>'",
    ],
    [
      "plan/trap-in",
      "SELECT 1 FROM (SELECT 1 AS id) k WHERE id IN (SELECT t.id FROM t, P(t.body) r WHERE r.R <> 'x')",
      200,
      "SELECT 1 FROM (SELECT 1 AS id) k WHERE EXISTS (SELECT 1 FROM t, P(t.body) r WHERE r.R <> 'x' AND t.id = k.id)",
    ],
    [
      "plan/trap-materialized",
      "WITH c AS MATERIALIZED (SELECT id, P(body) r FROM t) SELECT r FROM c WHERE id < 5",
      200,
      "WITH c AS (SELECT id, P(body) r FROM t) SELECT r FROM c WHERE id < 5",
    ],
  ] as const;

  const withTwo = async (): Promise<Echo & AsyncDisposable> => {
    const opened = await withTable(200);
    await opened.session.execute("CREATE TABLE u(id INTEGER PRIMARY KEY, active INTEGER)");
    await opened.session.execute("INSERT INTO u SELECT id, id > 4 FROM t");
    return opened;
  };

  const warningsOf = async (session: Session, sql: string) =>
    (await session.execute(`EXPLAIN CALLS ${sql}`)).warnings;

  test.each(traps)("%s: %s", async (code, trap, calls, advised) => {
    await using opened = await withTwo();
    const found = await warningsOf(opened.session, trap);
    expect(found.map((item) => item.code)).toEqual([code]);
    expect(found[0]?.message).toContain(` ${calls} calls`);
    expect(found[0]?.hint).not.toBe("");
    expect(found[0]?.span).toBeDefined();
    expect(await warningsOf(opened.session, advised)).toEqual([]);
    expect(opened.asked).toEqual([]);
  });

  // Ways to write the same traps.
  const spelled = [
    ["plan/trap-left-join", "SELECT r.R FROM t LEFT OUTER JOIN P(t.body) AS r ON (t.id + (0)) < 5"],
    ["plan/trap-left-join", "SELECT R FROM t LEFT JOIN P(t.body) ON t.id < 5 WHERE t.id > 0"],
    ["plan/trap-left-join", "SELECT * FROM (SELECT R FROM t LEFT JOIN P(t.body) ON t.id < 5)"],
    ["plan/trap-order-limit", "SELECT P(body) FROM t ORDER BY body DESC LIMIT 3 OFFSET 2"],
    ["plan/trap-order-limit", "SELECT P(body) FROM t ORDER BY body DESC LIMIT 2, 3"],
    ["plan/trap-order-limit", "SELECT P(body) FROM t ORDER BY body DESC LIMIT :n"],
    ["plan/trap-order-limit", "SELECT id, P(body) x FROM t ORDER BY body DESC LIMIT 3"],
    ["plan/trap-order-limit", "SELECT id IS DISTINCT FROM 3, P(body) FROM t ORDER BY body DESC LIMIT 3"],
    ["plan/trap-order-limit", "SELECT P(body), 1 AS window, 2 AS total FROM t ORDER BY body DESC LIMIT 3"],
    ["plan/trap-offset", "SELECT r.R FROM t, P(t.body) r LIMIT :from, :n"],
    [
      "plan/trap-join-order",
      "SELECT t.id FROM t CROSS JOIN u AS x WHERE x.id = t.id AND x.active = 0 AND P(t.body) = '<b1>'",
    ],
    [
      "plan/trap-join-order",
      "SELECT t.id FROM t CROSS JOIN u x ON x.id = t.id AND x.active = 0 AND P(t.body) = '<b1>'",
    ],
    [
      "plan/trap-join-order",
      "SELECT t.id FROM t JOIN u ON u.id = +t.id WHERE u.active = 0 AND P(t.body) = '<b1>'",
    ],
    [
      "plan/trap-join-order",
      "SELECT t.id FROM t, main.u x WHERE x.id = +t.id AND x.active = 0 AND P(t.body) <> ''",
    ],
    [
      "plan/trap-join-order",
      "SELECT t.id FROM u AS x JOIN t ON x.id = +t.id WHERE x.active = 0 AND P(t.body) <> ''",
    ],
    [
      "plan/trap-join-order",
      "SELECT t.id FROM t LEFT JOIN u ON u.id = t.id WHERE u.active IS 0 AND P(t.body) = '<b1>'",
    ],
    [
      "plan/trap-join-order",
      "SELECT t.id FROM t CROSS JOIN u USING (id) WHERE active = 0 AND P(body) = '<b1>'",
    ],
    [
      "plan/trap-join-order",
      'SELECT 1 FROM t CROSS JOIN u AS "an u" USING (id) WHERE active = 0 AND P(body) <> 1',
    ],
    ["plan/trap-in", "SELECT 1 FROM (SELECT 1 AS id) AS k WHERE k.id IN (SELECT t.id FROM t, P(t.body) r)"],
    ["plan/trap-in", "SELECT 1 FROM (SELECT 1 AS k) AS q WHERE k IN (SELECT id FROM t, P(t.body) r)"],
  ];
  test.each(spelled)("%s too: %s", async (code, sql) => {
    await using opened = await withTwo();
    const { warnings } = await opened.session.execute(`EXPLAIN CALLS ${sql}`, { n: 3, from: 50 });
    expect(warnings.map((item) => item.code)).toEqual([code]);
  });

  // What to write instead cannot be told, or may mean something else: better silent than wrong.
  const unsure = [
    "SELECT r.R FROM t LEFT JOIN P(t.body) r",
    "SELECT r.R FROM t LEFT JOIN P(t.body) r ON t.id < (SELECT count(P(body)) FROM t)",
    "SELECT r.R FROM t LEFT JOIN P(?) r ON t.id < 5",
    "SELECT P(body) FROM t ORDER BY body DESC LIMIT 1 + 2",
    "SELECT P(body) FROM t ORDER BY body DESC LIMIT 3 OFFSET 1 + 1",
    "SELECT P(body) FROM t ORDER BY body DESC LIMIT -1",
    "SELECT P(body) FROM t ORDER BY body DESC LIMIT true",
    "SELECT count(*) OVER w, P(body) FROM t WINDOW w AS (ORDER BY id) ORDER BY body DESC LIMIT 3",
    "SELECT 1 FROM (SELECT body, '<b1>' AS R FROM t) v JOIN P(v.body) USING (R) ORDER BY v.body LIMIT 3",
    "SELECT t.id FROM t CROSS JOIN u WHERE u.active = 0 AND P(P(t.body)) = '<b1>'",
    "SELECT t.id FROM t CROSS JOIN u WHERE u.active = 0 AND P(u.id) = '<b1>'",
    "SELECT t.id FROM t CROSS JOIN (SELECT 1 AS active) WHERE active = 0 AND P(t.body) = '<b1>'",
    "SELECT t.id FROM t CROSS JOIN u WHERE EXISTS (SELECT u.body FROM t AS u) AND P(t.body) = '<b1>'",
    "SELECT t.id FROM t CROSS JOIN json_each('[0]') WHERE value > t.id AND P(t.body) = '<b1>'",
    "WITH v AS (SELECT 1 AS active) SELECT t.id FROM t CROSS JOIN v WHERE active = 0 AND P(t.body) = '<b1>'",
    "SELECT t.id FROM t WHERE id IN (SELECT P(body))",
    "SELECT 1 FROM u WHERE id IN (VALUES (1) UNION SELECT P(body) FROM t)",
    "SELECT 1 FROM t JOIN u USING (id) WHERE id IN (SELECT t.id FROM t, P(t.body) r)",
    "SELECT 1 FROM u k WHERE -k.id IN (SELECT t.id FROM t, P(t.body) r)",
    "SELECT 1 FROM u k WHERE k.id + 1 IN (SELECT t.id FROM t, P(t.body) r)",
    "SELECT 1 FROM u t WHERE t.id IN (SELECT t.id FROM t, P(t.body) r)",
    "SELECT 1 FROM u WHERE id IN (SELECT t.id FROM t, P(t.body) r LIMIT 5)",
    "UPDATE u SET active = 1 WHERE id IN (SELECT t.id FROM t, P(t.body) r)",
  ];
  test.each(unsure)("silent: %s", async (sql) => {
    await using opened = await withTwo();
    const { warnings } = await opened.session.execute(`EXPLAIN CALLS ${sql}`, sql.includes("?") ? ["b"] : {});
    expect(warnings).toEqual([]);
    expect(opened.asked).toEqual([]);
  });

  // Each looks like a trap, and needs every call it makes.
  const sound = [
    "SELECT r.R FROM t LEFT JOIN P(t.body) r ON r.R = '<b1>'",
    "SELECT r.R FROM t LEFT JOIN P(t.body) r ON t.id > 0 AND r.R <> 'x'",
    "SELECT r.R FROM t LEFT JOIN P(t.body) r ON t.id > 0",
    "SELECT r.R FROM t LEFT JOIN P(t.body) r ON true",
    "SELECT P(body) AS s FROM t ORDER BY s LIMIT 3",
    "SELECT P(body) FROM t ORDER BY 1 LIMIT 3",
    "SELECT P(body) FROM t ORDER BY P(body) LIMIT 3",
    'SELECT P(body) FROM t ORDER BY "P(body)" LIMIT 3',
    "SELECT DISTINCT P(body) FROM t ORDER BY id LIMIT 3",
    "SELECT id % 2, max(P(body)) FROM t GROUP BY 1 ORDER BY id LIMIT 1",
    "SELECT id FROM t WHERE P(body) <> 'x' ORDER BY body LIMIT 3",
    "SELECT P(body) FROM t ORDER BY id LIMIT 3",
    "SELECT P(body) FROM t ORDER BY body LIMIT 500",
    "SELECT r.R FROM t, P(t.body) r ORDER BY r.R LIMIT 3",
    "SELECT r.R FROM t, P(t.body) r ORDER BY Error_Code LIMIT 3",
    "SELECT r.R FROM t, P(t.body) r WHERE r.R <> 'x' ORDER BY t.body LIMIT 3",
    "SELECT r.R FROM t, P(t.body) r WHERE R <> 'x' LIMIT 3 OFFSET 50",
    "SELECT P(body) FROM t UNION ALL SELECT body FROM t ORDER BY 1 LIMIT 3",
    "SELECT t.id FROM t CROSS JOIN u WHERE u.id = t.id AND P(t.body) = '<b1>'",
    "SELECT t.id FROM u CROSS JOIN t WHERE u.id = t.id AND u.active = 0 AND P(t.body) = '<b1>'",
    "SELECT t.id FROM t JOIN u USING (id) WHERE P(body) = '<b1>'",
    "SELECT u.id FROM u WHERE id IN (SELECT t.id FROM t, P(t.body) r)",
    "SELECT id FROM u WHERE 'x' IN (SELECT P(body) FROM t)",
    "WITH c AS MATERIALIZED (SELECT id, P(body) r FROM t) SELECT r FROM c",
    "WITH c AS MATERIALIZED (SELECT body FROM t) SELECT P(body) FROM c",
    "WITH c AS MATERIALIZED (SELECT id, P(body) r FROM t WHERE id < 5) SELECT r FROM c WHERE r <> 'x'",
    "WITH c AS NOT MATERIALIZED (SELECT id, P(body) r FROM t) SELECT r FROM c WHERE id < 5",
  ];
  test.each(sound)("no trap: %s", async (sql) => {
    await using opened = await withTwo();
    expect(await warningsOf(opened.session, sql)).toEqual([]);
  });
});
