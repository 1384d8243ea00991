/**
 * Calls that may have been charged without an answer (reference reliability.md, F2 and F11): the record lists exactly
 * those that were on their way, none that waited for its turn and none that was refused.
 */
import { setTimeout } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { faults } from "../support/openai-server.ts";
import { open, timed, type Opened, type OpenOptions } from "./support/open.ts";

const statuses = async (opened: Opened): Promise<Record<string, unknown>> =>
  Object.fromEntries(
    (await opened.all("SELECT status, count(*) AS n FROM sys_calls GROUP BY status")).map(({ status, n }) => [
      String(status),
      n,
    ]),
  );

/** Runs `sql`, and cancels it once the server has so many requests. */
async function cancelled(
  opened: Opened,
  sql: string,
  requests: number,
  /** Milliseconds after the last request. */
  afterMs = 0,
): Promise<void> {
  const stop = new AbortController();
  const running = timed(() => opened.session.execute(sql, {}, { signal: stop.signal }));
  await expect.poll(() => opened.server.requests.length, { timeout: 20_000 }).toBe(requests);
  await setTimeout(afterMs);
  stop.abort();
  expect((await running).error).toMatchObject({ code: "call/cancelled" });
}

/** The first one tells that there are answers: until then fewer are in flight. */
const isLater = ({ number }: { readonly number: number }): boolean => number > 1;

describe("cancelled while", () => {
  test("a pack is on its way: its calls, not those that wait for the next", async () => {
    await using opened = await open({
      rows: 3000,
      faults: [faults.hang()],
      set: { concurrency: 1, drain: 0 },
    });
    await cancelled(opened, "SELECT GetEmbeddings(body) FROM t", 1);
    expect(await statuses(opened)).toEqual({ unknown: 2048 });
  });

  test("single calls are on their way: as many as are in flight", async () => {
    await using opened = await open({ rows: 40, faults: [faults.hang()], set: { concurrency: 3, drain: 0 } });
    await cancelled(opened, "SELECT GenerateResponse(body) FROM t", 3);
    expect(await statuses(opened)).toEqual({ unknown: 3 });
  });

  test("others are recorded ahead of their place: not those, which were never sent", async () => {
    const set = { concurrency: 64, drain: 0 };
    await using opened = await open({ rows: 200, faults: [faults.hang({ when: isLater })], set });
    await opened.all("CALL GenerateResponse('first')");
    await cancelled(opened, "SELECT GenerateResponse(body) FROM t", 65);
    expect(await statuses(opened)).toEqual({ succeeded: 1, unknown: 64 });
  });

  test("they back off after a refusal: none, since nothing was done for a refused request", async () => {
    const set = { concurrency: 2, max_attempts: 50, drain: 0 };
    await using opened = await open({ rows: 4, faults: [faults.rateLimited("30")], set });
    // The refusals have arrived by then, and nothing is sent for half a minute.
    await cancelled(opened, "SELECT GenerateResponse(body) FROM t", 2, 2000);
    expect(await statuses(opened)).toEqual({ failed: 2 });
  });
});

describe.concurrent("given up after", () => {
  const ends: readonly (readonly [string, OpenOptions, string])[] = [
    ["a reset before the work", { faults: [faults.reset("request")] }, "unknown"],
    ["a reset behind the work", { faults: [faults.reset("work")] }, "unknown"],
    ["half a body", { faults: [faults.cut()] }, "unknown"],
    ["a body that is no JSON", { faults: [faults.malformed()] }, "unknown"],
    ["a timeout", { faults: [faults.hang()], set: { timeout: 0.1 } }, "unknown"],
    ["an error status", { faults: [faults.serverError()] }, "failed"],
    ["a refusal of its content", { faults: [faults.contentPolicy()] }, "failed"],
  ];
  test.each(ends)("%s", async (_, options, status) => {
    const set = { on_error: "row", max_attempts: 1, ...options.set };
    await using opened = await open({ ...options, set });
    await opened.all("CALL GenerateResponse('x')").catch(() => undefined);
    expect(await statuses(opened)).toEqual({ [status]: 1 });
  });
});

test("an answer that is an error of its row is unusable: paid, used again in its run, and no success", async () => {
  await using opened = await open({ set: { on_error: "row" } });
  const cut = "SELECT Status FROM GenerateResponse('row 1', MaxOutputTokens => 16)";
  opened.server.answerWith(() => ({ id: "resp_1", status: "incomplete", output: [] }));
  expect(await opened.all(cut)).toEqual([{ Status: "incomplete" }]);
  expect(await opened.all(cut)).toEqual([{ Status: "incomplete" }]);
  expect(opened.server.requests).toHaveLength(1);
  expect(await statuses(opened)).toEqual({ unusable: 1 });
  expect(await opened.all("SELECT succeeded, failed, unknown FROM sys_runs")).toEqual([
    { succeeded: 0, failed: 1, unknown: 0 },
  ]);
});

test("equal requests in flight are paid once, and count once", async () => {
  await using opened = await open({ rows: 8, faults: [faults.delay(50)] });
  const sql = "SELECT GenerateResponse('same'), GenerateResponse(Message => 'same', CallKey => NULL) FROM t";
  const { counts } = await opened.session.execute(sql);
  expect(opened.server.requests).toHaveLength(1);
  const [spent] = await opened.all("SELECT sum(cost_usd) AS usd FROM sys_calls");
  expect(counts.costUsd).toBeCloseTo(Number(spent?.["usd"]), 12);
});
