/**
 * A service that holds a limit of requests per minute (reference reliability.md, F7): every row is answered, few requests
 * are refused. How much of the limit is used is measured where time is the test's own: runtime/dispatch/pace.test.ts.
 */
import { expect, test } from "vitest";
import { faults } from "../support/openai-server.ts";
import { open } from "./support/open.ts";

test.concurrent.each([
  ["quick", 0],
  ["slow", 150],
])("a limit of requests per minute is kept without a storm by a %s service", async (_, latencyMs) => {
  const rows = 200;
  const perSecond = 40;
  const script = latencyMs === 0 ? [] : [faults.delay(latencyMs)];
  const limit = { requestsPerMinute: perSecond * 60, burst: 20 };
  await using opened = await open({ ...limit, faults: script, rows, set: { concurrency: 16 } });
  const answered = await opened.all("SELECT body, GenerateResponse(body) AS reply FROM t");
  expect(answered.filter(({ body, reply }) => !String(reply).endsWith(`: ${String(body)}`))).toEqual([]);
  const { requests } = opened.server;
  const refused = requests.filter(({ status }) => status === 429);
  expect(refused.length / requests.length).toBeLessThanOrEqual(0.1);
});
