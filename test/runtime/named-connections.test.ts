/** `Connection => 'name'`: a call says who answers it, wherever a call may stand. */
import { describe, expect, test } from "vitest";
import { DiagnosticError, openSession, type CallDesk, type Confinement } from "../../src/index.ts";
import { echoConnection, echoProcedures, EchoFailure, openEcho, type Answers } from "../support/echo.ts";
import { Oracle } from "../support/oracle.ts";

const answer: Answers = (procedure, x, y, connection) => {
  if (x === "no") throw new EchoFailure(400, "refused_here");
  if (x === "locked") throw new EchoFailure(401, "invalid_api_key");
  return `${String(connection ?? "near")}:${procedure}${String(x)}${String(y ?? "")}`;
};

/** A session with the connection `near`, and another one that calls may name. */
async function openTwo(options: Parameters<typeof openEcho>[1] = {}) {
  const far: string[] = [];
  const near: string[] = [];
  const opened = await openEcho(answer, {
    connection: echoConnection((p, x, y) => answer(p, x, y, "near"), near, "near"),
    connections: [echoConnection((p, x, y) => answer(p, x, y, "far"), far, "far")],
    env: {},
    ...options,
  });
  const { session, rows } = opened;
  await session.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, body, who)");
  await session.execute("INSERT INTO t VALUES (1,'a','near'), (2,'b','far'), (3,'c',NULL), (4,'d','far')");
  return { session, rows, near, far, [Symbol.asyncDispose]: () => session.close() };
}

const failureOf = async (work: Promise<unknown>): Promise<DiagnosticError> => {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof DiagnosticError)) throw new Error(`no DiagnosticError: ${String(error)}`);
  return error;
};

describe("as plain SQLite would, had it two pure functions", () => {
  const setup =
    "CREATE TABLE t(id INTEGER PRIMARY KEY, body, who); INSERT INTO t VALUES (1,'a','near'), (2,'b','far'), (3,'c',NULL), (4,'d','far');";
  test.each([
    "CALL P('x', Connection => 'far')",
    "SELECT P(body, Connection => 'far') FROM t",
    "SELECT P(body), P(body, connection => 'far') FROM t",
    "SELECT id, P(body, Connection => who) FROM t",
    "SELECT t.id, r.* FROM t, P(t.body, Connection => t.who) r",
    "SELECT p.column1, r.R FROM (VALUES ('near'), ('far')) p, CALL P('same', Connection => p.column1) r",
    "SELECT t.id, r.R FROM t LEFT JOIN P(t.body, Connection => 'far') r ON r.X <> 'b'",
    "SELECT id FROM t WHERE P(body, Connection => 'far') = 'far:Pb'",
    "SELECT Q(P(body, Connection => 'far'), Connection => 'near') FROM t",
    "SELECT Q(P(body), Connection => 'far') FROM t WHERE id < 3",
    "SELECT P(body, Connection => CASE WHEN P(body) = 'near:Pa' THEN 'far' END) FROM t",
    "SELECT 'near:Pb' IN P('b', Connection => 'near'), 'x' IN P('b', Connection => 'far')",
    "SELECT P(body, CallKey => id, Connection => 'far') FROM t",
    "WITH RECURSIVE c(n, x) AS (SELECT 1, P('s', Connection => 'far') UNION ALL SELECT n + 1, P(x, Connection => iif(n % 2, 'near', 'far')) FROM c WHERE n < 4) SELECT * FROM c",
    "EXEC P @x = 'q', @Connection = 'far'",
    "{call P('q', Connection => 'far')}",
  ])("%s", async (sql) => {
    await using opened = await openTwo();
    const wanted = new Oracle(answer).run(`${setup} ${sql}`);
    expect(wanted.error).toBeUndefined();
    expect(await opened.rows(sql)).toEqual(wanted.rows);
    const bare = (calls: readonly string[]): string[] => calls.map((call) => call.replace(/@\w+$/, ""));
    const ofFar = wanted.calls.filter((call) => call.endsWith("@far"));
    const ofNear = wanted.calls.filter((call) => !call.endsWith("@far"));
    const distinct = (calls: readonly string[]): string[] => [...new Set(calls)].toSorted();
    expect(distinct(opened.far)).toEqual(distinct(bare(ofFar)));
    expect(distinct(opened.near)).toEqual(distinct(bare(ofNear)));
  });
});

test("a view and a trigger keep the name they were given", async () => {
  await using opened = await openTwo();
  const { session, rows } = opened;
  await session.execute("CREATE VIEW v AS SELECT id, P(body, Connection => who) AS said FROM t");
  expect(await rows("SELECT said FROM v WHERE id < 3")).toEqual([["near:Pa"], ["far:Pb"]]);
  await session.execute("CREATE TABLE log(said)");
  await session.execute(
    "CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO log VALUES (Q(new.body, Connection => 'far')); END",
  );
  await session.execute("INSERT INTO t VALUES (9, 'z', 'near')");
  expect(await rows("SELECT * FROM log")).toEqual([["far:Qz"]]);
  expect(opened.far).toEqual(["P(b)", "Q(z)"]);
});

test("a bind, a variable, and NULL for the session's own", async () => {
  await using opened = await openTwo();
  const { session, rows } = opened;
  const sql = "SELECT P('x', Connection => :who)";
  expect(await rows(sql, { who: "far" })).toEqual([["far:Px"]]);
  expect(await rows(sql, { who: null })).toEqual([["near:Px"]]);
  await session.execute("SET :who = 'far'");
  expect(await rows("SELECT Q('x', Connection => :who)")).toEqual([["far:Qx"]]);
  expect(session.prepare(sql).parameters).toMatchObject([
    { text: ":who", parameter: { name: "Connection", type: "text" }, procedure: { name: "P" } },
  ]);
  expect(opened.far).toEqual(["P(x)", "Q(x)"]);
});

test("SET connection changes where a call goes that names none", async () => {
  await using opened = await openTwo();
  await opened.session.execute("SET connection = 'far'");
  expect(await opened.rows("SELECT P('x'), P('x', Connection => 'near')")).toEqual([["far:Px", "near:Px"]]);
});

test("calls that all name one need no connection of the session's", async () => {
  await using session = await openSession({
    connections: [echoConnection((p, x, y) => answer(p, x, y, "far"), [], "far")],
    procedures: echoProcedures,
    env: {},
  });
  const result = await session.execute("SELECT P('x', Connection => 'far') AS said");
  expect(await result.first()).toEqual({ said: "far:Px" });
  const bare = await session.execute("CALL P('y', Connection => 'far')");
  expect(await bare.first()).toMatchObject({ R: "far:Py" });
  expect((await failureOf(session.execute("SELECT P('x')"))).code).toBe("connect/none");
});

describe("executeForEach", () => {
  test("a row chooses who answers it", async () => {
    await using opened = await openTwo();
    const rows = [
      { x: "1", who: "far" },
      { x: "2", who: null },
      { x: "3", who: "fra" },
      { x: "4", who: "near" },
    ];
    const outputs = await Array.fromAsync(
      opened.session.executeForEach("CALL P(:x, Connection => :who)", rows),
    );
    expect(outputs.map((out) => (out.output === "error" ? out.error.code : out.row["R"]))).toEqual([
      "far:P1",
      "near:P2",
      "call/failed",
      "near:P4",
    ]);
    const [, , third] = outputs;
    expect(third?.output === "error" && third.error.message).toContain('there is no connection "fra"');
    expect(opened.far).toEqual(["P('1')"]);
  });

  test("a misspelt constant ends it before a row is called for", async () => {
    await using opened = await openTwo();
    const run = opened.session.executeForEach("CALL P(:x, Connection => 'fra')", [{ x: "1" }]);
    const error = await failureOf(Array.fromAsync(run));
    expect(error.diagnostics).toMatchObject([{ code: "connect/unknown", span: { start: 25, end: 30 } }]);
    expect([...opened.near, ...opened.far]).toEqual([]);
  });
});

describe("what cannot be had", () => {
  test("a constant is refused at its place, with a suggestion, before anything is sent", async () => {
    await using opened = await openTwo();
    const sql = "SELECT P(body), Q(body, Connection => 'farr') FROM t";
    const error = await failureOf(opened.session.execute(sql));
    expect(error.diagnostics).toMatchObject([
      {
        code: "connect/unknown",
        message: 'there is no connection "farr"',
        span: { start: sql.indexOf("'farr'"), end: sql.indexOf("'farr'") + 6 },
      },
    ]);
    expect(error.diagnostics[0]?.hint).toMatch(
      /did you mean "far"\? connections are: far, near, offline, openai/,
    );
    expect((await failureOf(opened.session.explain(sql))).code).toBe("connect/unknown");
    const alone = opened.session.callAlone("CALL P('x', Connection => 'farr')");
    expect((await failureOf(alone ?? Promise.resolve())).code).toBe("connect/unknown");
    expect([...opened.near, ...opened.far]).toEqual([]);
  });

  test.each([
    ["CALL P('x', Connection => ?)", ["farr"]],
    ["CALL P('x', Connection => ?1)", ["farr"]],
    ["CALL P(?, Connection => ?)", ["x", "farr"]],
    ["SELECT P(body), Q(P(?1), Connection => ?2) FROM t", ["x", "farr"]],
    ["SELECT P(body), Q(body, Connection => @who) FROM t", { who: "farr" }],
    ["SELECT P(body), Q(body, Connection => $who) FROM t", { who: "farr" }],
  ])("a bind is refused as a constant is: %s", async (sql, binds) => {
    await using opened = await openTwo();
    const text = /Connection => (\S+?)\)/.exec(sql)?.[1] ?? "";
    const start = sql.lastIndexOf(text);
    const refused = { code: "connect/unknown", span: { start, end: start + text.length } };
    const { session } = opened;
    expect((await failureOf(session.execute(sql, binds))).diagnostics).toMatchObject([refused]);
    expect((await failureOf(session.explain(sql, binds))).diagnostics).toMatchObject([refused]);
    expect([...opened.near, ...opened.far]).toEqual([]);
  });

  test("in a column it is the error of its row", async () => {
    await using opened = await openTwo();
    await opened.session.execute("UPDATE t SET who = 'gone' WHERE id = 2");
    const sql = "SELECT t.id, r.R, r.Error_Code FROM t, P(t.body, Connection => t.who) r ORDER BY id";
    const result = await opened.session.execute(sql);
    expect(await Array.fromAsync(result.arrays())).toEqual([
      [1, "near:Pa", null],
      [2, null, "connect/unknown"],
      [3, "near:Pc", null],
      [4, "far:Pd", null],
    ]);
    expect(result.warnings).toMatchObject([{ code: "call/row-failed" }]);
    await opened.session.execute("SET on_error = 'abort'");
    const error = await failureOf(opened.session.execute(sql));
    expect(error.diagnostics).toMatchObject([
      { code: "call/failed", span: { start: sql.indexOf("t.who"), end: sql.indexOf("t.who") + 5 } },
    ]);
  });

  test("who refuses the key is named", async () => {
    await using opened = await openTwo();
    const error = await failureOf(opened.session.execute("SELECT P('locked', Connection => 'far')"));
    expect(error.diagnostics[0]).toMatchObject({
      code: "connect/refused",
      message: expect.stringMatching(/^connection "far" refused the credentials/),
    });
  });

  test("a name is taken as text, as CAST does", async () => {
    await using opened = await openTwo();
    expect(await opened.rows("SELECT P('x', Connection => x'666172')")).toEqual([["far:Px"]]);
    const error = await failureOf(opened.session.execute("CALL P('x', Connection => 1 + 1)"));
    expect(error.diagnostics[0]?.message).toContain('there is no connection "2"');
  });

  test("it goes by its name alone, and once", async () => {
    await using opened = await openTwo();
    const codeOf = async (sql: string) => (await failureOf(opened.session.execute(sql))).code;
    expect(await codeOf("CALL P('x', 'y', 'far')")).toBe("bind/too-many-arguments");
    expect(await codeOf("CALL P('x', Connection => 'far', Connection => 'near')")).toBe(
      "bind/duplicate-argument",
    );
    expect(await codeOf("CALL P('x', CallKey => 1, CallKey => 2)")).toBe("bind/duplicate-argument");
    const misspelt = await failureOf(opened.session.execute("CALL P('x', Conection => 'far')"));
    expect(misspelt.diagnostics).toMatchObject([
      { code: "bind/unknown-parameter", hint: 'did you mean "Connection"?' },
    ]);
  });
});

test("caps are the session's, whoever answers", async () => {
  await using opened = await openTwo();
  await opened.session.execute("SET max_calls = 3");
  const error = await failureOf(
    opened.session.execute("SELECT P(body, Connection => 'near'), P(body, Connection => 'far') FROM t"),
  );
  expect(error.code).toBe("call/budget-reached");
  expect(opened.near.length + opened.far.length).toBe(3);
});

test("the record says who answered, and one answer is not another's", async () => {
  await using opened = await openTwo();
  const sql = "SELECT P('x'), P('x', Connection => 'far'), P('x', Connection => 'near')";
  expect(await opened.rows(sql)).toEqual([["near:Px", "far:Px", "near:Px"]]);
  expect(await opened.rows(sql)).toEqual([["near:Px", "far:Px", "near:Px"]]);
  expect([opened.near, opened.far]).toEqual([["P(x)"], ["P(x)"]]);
  expect(await opened.rows("SELECT connection FROM sys_calls ORDER BY id")).toEqual(
    expect.arrayContaining([["near"], ["far"]]),
  );
});

test("RETRY FAILED asks again where it was asked", async () => {
  await using opened = await openTwo();
  const { session } = opened;
  await session.execute("CREATE TABLE replies AS SELECT 'no' AS x, NULL AS said");
  await session.execute("UPDATE replies SET said = P(x, Connection => 'far')");
  expect(await opened.rows("SELECT said FROM replies")).toEqual([[null]]);
  await session.execute("RETRY FAILED");
  expect([opened.near, opened.far]).toEqual([[], ["P(no)", "P(no)"]]);
});

test("EXPLAIN CALLS says where calls would go", async () => {
  await using opened = await openTwo();
  const { session } = opened;
  await session.execute("SET cache = 'on'");
  await opened.rows("SELECT P(body, Connection => 'far') FROM t WHERE id = 1");
  const { sites } = await session.explain(
    "SELECT P(body, Connection => 'far'), Q(body, Connection => who), S(body) FROM t",
  );
  expect(sites).toMatchObject([
    { procedure: "P", connections: ["far"], calls: 4, recorded: 1 },
    { procedure: "Q", connections: ["near", "far"], calls: 4, recorded: 0 },
    { procedure: "S", connections: ["near"], calls: 4 },
  ]);
  const unknown = await session.explain("SELECT P(body, Connection => body) FROM t");
  expect(unknown.sites).toMatchObject([{ calls: 4, invalid: 4, requests: 0, connections: [] }]);
  const shown = await session.execute("EXPLAIN CALLS SELECT P('new', Connection => 'far')");
  expect(await shown.first()).toMatchObject({ site: 1, procedure: "P", connection: "far", calls: 1 });
  expect(opened.far).toHaveLength(1);
});

describe("SQL of strangers", () => {
  const open = (confined: Confinement) => {
    const far = echoConnection((p, x, y) => answer(p, x, y, "far"), [], "far");
    return openEcho(answer, { connections: [far], confined, env: {} });
  };

  test("may name no connection, unless it is allowed", async () => {
    await using session = (await open({})).session;
    const error = await failureOf(session.execute("SELECT P('x', Connection => 'far')"));
    expect(error.diagnostics).toMatchObject([
      { code: "serve/connection-refused", span: { start: 28, end: 33 } },
    ]);
    const late = await session.execute(
      "SELECT r.Error_Code AS code FROM P('x', Connection => 'f' || 'ar') r",
    );
    expect(await late.first()).toEqual({ code: "serve/connection-refused" });
    await using allowed = (await open({ allowsConnection: (name) => name === "far" })).session;
    const result = await allowed.execute("SELECT P('x', Connection => 'far') AS said");
    expect(await result.first()).toEqual({ said: "far:Px" });
  });

  test("a desk decides for the sessions that buy at it", async () => {
    await using main = await openTwo();
    const desk: CallDesk = {
      buy: async (orders, options) => main.session.buyCalls(orders, options),
      connectionFacts: async (name) => {
        const facts = await main.session.connectionFacts(name);
        if (facts === undefined) throw new Error("there is one");
        return facts;
      },
    };
    await using session = await openSession({ desk, procedures: echoProcedures, confined: {}, env: {} });
    const result = await session.execute("SELECT P('x', Connection => 'far') AS said");
    expect(await result.first()).toEqual({ said: "far:Px" });
    const { sites } = await session.explain("SELECT P('x', Connection => 'far')");
    expect(sites).toMatchObject([{ connections: ["far"] }]);
    expect((await failureOf(session.execute("CALL P('x', Connection => 'gone')"))).code).toBe(
      "connect/unknown",
    );
  });
});
