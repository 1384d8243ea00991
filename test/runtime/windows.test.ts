/** Windows of calls: the next is filled while the last answers of the former are awaited, and never buys what is not needed. */
import { describe, expect, test } from "vitest";
import type { Connection } from "../../src/index.ts";
import { echoConnection, EchoFailure, openEcho, type Answers } from "../support/echo.ts";

const echo: Answers = (_, x) => `<${String(x)}>`;

/** One whose answer to the first call comes only when asked for. */
function stuckAtFirst(answers: Answers): { connection: Connection; asked: string[]; release: () => void } {
  const asked: string[] = [];
  const plain = echoConnection(answers, asked);
  const { promise, resolve } = Promise.withResolvers<void>();
  const send: Connection["send"] = async (request, options) => {
    const outcome = plain.send(request, options);
    if (asked.length === 1) await promise;
    return outcome;
  };
  return { connection: { ...plain, send }, asked, release: resolve };
}

async function withRows(connection: Connection, rows: number) {
  const opened = await openEcho(echo, { connection });
  await opened.session.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, body TEXT)");
  await opened.session.execute(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows}) INSERT INTO t SELECT i, 'b' || i FROM n`,
  );
  await opened.session.execute("SET concurrency = 4");
  return { ...opened, [Symbol.asyncDispose]: () => opened.session.close() };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 60));

describe("while the first call has no answer", () => {
  test("a statement that needs all calls goes on buying", async () => {
    const { connection, asked, release } = stuckAtFirst(echo);
    await using opened = await withRows(connection, 200);
    const running = opened.rows("SELECT count(P(body)) FROM t");
    await expect.poll(() => asked.length).toBeGreaterThan(16);
    release();
    expect(await running).toEqual([[200]]);
    expect(asked).toHaveLength(200);
  });

  test("a statement that may stop early buys no more than a window", async () => {
    const { connection, asked, release } = stuckAtFirst(echo);
    await using opened = await withRows(connection, 200);
    const running = opened.rows("SELECT id FROM t WHERE P(body) = '<b1>' LIMIT 1");
    await settled();
    expect(asked.length).toBeLessThanOrEqual(4);
    release();
    expect(await running).toEqual([[1]]);
    expect(asked.length).toBeLessThanOrEqual(4);
  });
});

test("what turned out not to be needed is still recorded", async () => {
  const { connection, asked, release } = stuckAtFirst((_, x) => (x === "b2" ? "yes" : "no"));
  await using opened = await withRows(connection, 200);
  const running = opened.rows("SELECT id FROM t WHERE P(body) = 'yes' LIMIT 1");
  await settled();
  release();
  expect(await running).toEqual([[2]]);
  expect(await opened.rows("SELECT count(*) FROM sys_calls WHERE status = 'succeeded'")).toEqual([
    [asked.length],
  ]);
});

test("a call that dooms the statement ends it once what was sent has ended", async () => {
  const failing: Answers = (_, x) => {
    if (x === "b40") throw new EchoFailure(401, "invalid_api_key");
    return "fine";
  };
  await using opened = await withRows(echoConnection(failing), 400);
  await expect(opened.rows("SELECT count(P(body)) FROM t")).rejects.toMatchObject({
    code: "connect/refused",
  });
  expect(await opened.rows("SELECT count(*) FROM sys_calls WHERE status = 'started'")).toEqual([[0]]);
});
