/** The end of a request: who has left before it began, and a server that stops meanwhile. */
import { expect, test } from "vitest";
import { Deadlines } from "../../src/server/deadline.ts";

const never = new Promise<never>(() => {});
const here = new AbortController().signal;

test("what begins while the server stops ends at once, and waits for nothing", async () => {
  const closing = new AbortController();
  closing.abort();
  using deadline = new Deadlines(closing.signal).begin(undefined, here);
  expect(deadline.signal.aborted).toBe(true);
  await expect(deadline.race(never)).rejects.toMatchObject({ code: "serve/shutting-down" });
});

test("what is under way ends with the server", async () => {
  const closing = new AbortController();
  using deadline = new Deadlines(closing.signal).begin(undefined, here);
  const waiting = deadline.race(never);
  closing.abort();
  await expect(waiting).rejects.toMatchObject({ code: "serve/shutting-down" });
  await expect(deadline.race(never)).rejects.toMatchObject({ code: "serve/shutting-down" });
});

test("a request whose client has left is over before it begins", () => {
  using deadline = new Deadlines(here).begin(60_000, AbortSignal.abort());
  expect(deadline.signal.aborted).toBe(true);
});

test("a request may take so long and no longer; what is done in time is given", async () => {
  using deadline = new Deadlines(here).begin(200, here);
  expect(await deadline.race(Promise.resolve("done"))).toBe("done");
  await expect(deadline.race(never)).rejects.toMatchObject({ code: "serve/request-timeout" });
});
