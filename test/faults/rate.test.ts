/**
 * A service that holds a limit of requests per minute (reference reliability.md, F7): few requests are refused, none
 * is sent before its time, and hardly any time is lost.
 */
import { expect, test } from "vitest";
import { faults } from "../support/openai-server.ts";
import { open, timed } from "./support/open.ts";

test.concurrent.each([
  ["quick", 0],
  ["slow", 150],
])("a limit of requests per minute is kept without a storm by a %s service", async (_, latencyMs) => {
  const rows = 200;
  const perSecond = 40;
  const script = latencyMs === 0 ? [] : [faults.delay(latencyMs)];
  const limit = { requestsPerMinute: perSecond * 60, burst: 20 };
  await using opened = await open({ ...limit, faults: script, rows, set: { concurrency: 16 } });
  const { ms, value = [] } = await timed(() =>
    opened.all("SELECT body, GenerateResponse(body) AS reply FROM t"),
  );
  expect(value.filter(({ body, reply }) => !String(reply).endsWith(`: ${String(body)}`))).toEqual([]);
  const { requests } = opened.server;
  const refused = requests.filter(({ status }) => status === 429);
  expect(ms).toBeLessThan(1.3 * ((rows / perSecond) * 1000));
  expect(refused.length / requests.length).toBeLessThanOrEqual(0.1);
});
