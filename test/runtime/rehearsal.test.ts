/** session.explain and session.rehearse: what a script would call, without calling, and with everything taken back. */
import { mkdtempSync, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { DiagnosticError, type Explanation } from "../../src/index.ts";
import { openEcho, type Echo } from "../support/echo.ts";

async function opened(options: { readonly files?: boolean } = {}): Promise<Echo & AsyncDisposable> {
  const echo = await openEcho((_, x) => `<${String(x)}>`, options);
  await echo.session.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, body TEXT)");
  await echo.session.execute("INSERT INTO t(body) VALUES ('a'), ('b'), ('a')");
  return { ...echo, [Symbol.asyncDispose]: () => echo.session.close() };
}

async function rehearsed({ session }: Echo, script: string): Promise<Explanation[]> {
  const { statements } = session.parse(script);
  await using rehearsal = await session.rehearse();
  const explanations: Explanation[] = [];
  for (const statement of statements) explanations.push(await rehearsal.step(statement));
  return explanations;
}

const callsOf = (explanations: readonly Explanation[]) =>
  explanations.map(({ sites }) =>
    sites.map(({ procedure, calls, bound }) => `${procedure} ${calls} ${bound}`),
  );

test("what nobody waits for any more is not explained: before its turn, and between its passes", async () => {
  await using echo = await opened();
  const { session } = echo;
  const cancelled = { code: "call/cancelled" };
  const signal = AbortSignal.abort();
  await expect(session.explain("SELECT P(body) FROM t", {}, { signal })).rejects.toMatchObject(cancelled);
  await expect(session.rehearse({ signal })).rejects.toMatchObject(cancelled);
  const [statement] = session.parse("SELECT P(body) FROM t").statements;
  if (statement === undefined) throw new Error("no statement");
  await using rehearsal = await session.rehearse();
  await expect(rehearsal.step(statement, {}, { signal })).rejects.toMatchObject(cancelled);
  expect(callsOf([await rehearsal.step(statement)])).toEqual([["P 2 exact"]]);
  // A connection that a column names is looked for behind a pass.
  const late = new AbortController();
  const running = session.explain("SELECT P(body, Connection => body) FROM t", {}, { signal: late.signal });
  queueMicrotask(() => late.abort());
  await expect(running).rejects.toMatchObject(cancelled);
});

describe("one statement", () => {
  test("is explained with names, as SQL, EXPLAIN CALLS or SET", async () => {
    await using echo = await opened();
    const { sites, warnings } = await echo.session.explain("SELECT P(body) FROM t WHERE id > :id", { id: 1 });
    expect(sites).toMatchObject([
      { site: 1, procedure: "P", calls: 2, bound: "exact", recorded: 0, invalid: 0, requests: 2 },
    ]);
    expect(warnings).toEqual([]);
    expect((await echo.session.explain("EXPLAIN CALLS SELECT P(body) FROM t")).sites[0]?.calls).toBe(2);
    expect((await echo.session.explain("SET :x = P('y')")).sites[0]?.calls).toBe(1);
    expect(echo.asked).toEqual([]);
  });

  test("that cannot call has no sites, and is not run", async () => {
    await using echo = await opened();
    for (const sql of ["SELECT 1", "DELETE FROM t", "DROP TABLE t", "SHOW OPTIONS", "BEGIN"])
      expect(await echo.session.explain(sql)).toEqual({ sites: [], warnings: [] });
    expect(await echo.rows("SELECT count(*) FROM t")).toEqual([[3]]);
  });

  test("that is wrong is refused", async () => {
    await using echo = await opened();
    await expect(echo.session.explain("SELECT P(nope) FROM t")).rejects.toThrow(DiagnosticError);
    await expect(echo.session.explain("SELECT P(:missing)")).rejects.toMatchObject({
      code: "bind/missing-bind",
    });
  });

  test("of a hundred thousand calls takes one pass", async () => {
    await using echo = await opened();
    const rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)";
    await echo.session.execute(`${rows} INSERT INTO t(body) SELECT 'b' || i FROM n`);
    const { sites } = await echo.session.explain("SELECT P(body) FROM t");
    expect(sites).toMatchObject([{ calls: 20_002, bound: "exact", requests: 20_002 }]);
  });
});

describe("a script", () => {
  test("finds the tables and rows of its earlier statements, and leaves nothing behind", async () => {
    await using echo = await opened();
    const explanations = await rehearsed(
      echo,
      `CREATE TABLE o(body TEXT); INSERT INTO o VALUES ('x'), ('y'), ('z'); SELECT P(body) FROM o; SET :n = 2;
       SELECT Q(body) FROM o LIMIT :n`,
    );
    expect(callsOf(explanations)).toEqual([[], [], ["P 3 exact"], [], ["Q 2 at least"]]);
    expect(echo.asked).toEqual([]);
    await expect(echo.rows("SELECT * FROM o")).rejects.toThrow("no such table");
  });

  test("goes on with made-up answers, and says so", async () => {
    await using echo = await opened();
    const explanations = await rehearsed(
      echo,
      `CREATE TABLE o AS SELECT id, P(body) AS r FROM t;
       UPDATE o SET r = Q(r) WHERE id > 1;
       SELECT S(r) FROM o;
       SET :v = P('q'); CALL Q(:v)`,
    );
    expect(callsOf(explanations)).toEqual([
      ["P 2 exact"],
      ["Q 2 about"],
      ["S 3 about"],
      ["P 1 about"],
      ["Q 1 about"],
    ]);
    await expect(echo.rows("SELECT * FROM o")).rejects.toThrow("no such table");
  });

  test("heeds its settings and variables, and is asked nothing by what only shows", async () => {
    await using echo = await opened();
    const explained = await rehearsed(
      echo,
      `SET DEFAULT P.Y = 'y'; SET :n = 2; SET max_calls = 5; RESET max_calls;
       SELECT P(body) FROM t WHERE id <= :n;
       SHOW OPTIONS; DESCRIBE P; EXPLAIN CALLS SELECT P(body) FROM t; RETRY FAILED; EXPLAIN SELECT P('x'); PRAGMA user_version;
       INSERT INTO t(body) SELECT P(body) FROM t WHERE id = 1 RETURNING id;
       SELECT P(body) FROM t`,
    );
    expect(callsOf(explained).map((sites) => sites.join())).toEqual([
      "",
      "",
      "",
      "",
      "P 2 exact",
      "",
      "",
      "",
      "",
      "",
      "",
      "P 1 at least",
      "P 3 about",
    ]);
    expect(echo.asked).toEqual([]);
    expect(await echo.rows("SELECT count(*) FROM t")).toEqual([[3]]);
  });

  test("whose constraints refuse made-up answers goes on without them", async () => {
    await using echo = await opened();
    const explanations = await rehearsed(
      echo,
      "CREATE TABLE o(r TEXT CHECK (r LIKE '<%')); INSERT INTO o SELECT P(body) FROM t; SELECT Q(r) FROM o",
    );
    expect(callsOf(explanations)).toEqual([[], ["P 2 exact"], ["Q 0 about"]]);
  });

  test("keeps its transactions and savepoints apart from the dry run's own", async () => {
    await using echo = await opened();
    const explanations = await rehearsed(
      echo,
      `BEGIN; DELETE FROM t; SELECT P(body) FROM t; ROLLBACK; SELECT P(body) FROM t;
       BEGIN; DELETE FROM t WHERE id = 2; COMMIT; SELECT P(body) FROM t;
       SAVEPOINT s; INSERT INTO t(body) VALUES ('new'); ROLLBACK TO s; RELEASE s; SELECT P(body) FROM t;
       COMMIT; PRAGMA user_version = 7; VACUUM`,
    );
    expect(callsOf(explanations).flat()).toEqual(["P 0 exact", "P 2 exact", "P 1 exact", "P 1 exact"]);
    expect(await echo.rows("SELECT count(*) FROM t")).toEqual([[3]]);
    expect(await echo.rows("PRAGMA user_version")).toEqual([[0]]);
  });

  test("writes no file, and may be given imported rows that are taken back", async () => {
    await using echo = await opened({ files: true });
    const file = join(mkdtempSync(join(tmpdir(), "callsql-")), "out.txt");
    const { session } = echo;
    {
      await using rehearsal = await session.rehearse();
      await session.importRows("i", ["body"], [["one"], ["two"]]);
      const { statements } = session.parse(
        `SELECT P(body) FROM i; INSERT INTO t(body) SELECT writefile('${file}', 'x')`,
      );
      const found: Explanation[] = [];
      for (const statement of statements) found.push(await rehearsal.step(statement));
      expect(callsOf(found)).toEqual([["P 2 exact"], []]);
    }
    expect(existsSync(file)).toBe(false);
    await expect(echo.rows("SELECT * FROM i")).rejects.toThrow("no such table");
  });

  test("that fails is refused where it fails; all is taken back all the same", async () => {
    await using echo = await opened();
    await expect(rehearsed(echo, "DELETE FROM t; SELECT P(nope) FROM t")).rejects.toMatchObject({
      code: "sql/error",
    });
    expect(await echo.rows("SELECT count(*) FROM t")).toEqual([[3]]);
  });

  test("is not rehearsed inside a transaction", async () => {
    await using echo = await opened();
    await echo.session.execute("BEGIN");
    await expect(echo.session.rehearse()).rejects.toMatchObject({ code: "session/in-transaction" });
    await echo.session.execute("COMMIT");
  });
});
