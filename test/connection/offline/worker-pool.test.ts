import { expect, it, vi } from "vitest";

import { createWorkerPool, siblingOf, type WorkerPool } from "../../../src/connection/offline/worker-pool.ts";

function openPool(lanesMax = 1): WorkerPool<string, string> {
  const file = siblingOf(import.meta.url, "odd-worker");
  return createWorkerPool({ file, folder: "/nowhere", part: "speech", lanesMax });
}

it("tasks wait for the one thread there may be, and it serves them in order", async () => {
  const pool = openPool();
  expect(await Promise.all(["a", "b", "c"].map((task) => pool.run(task)))).toEqual([
    "a, the 1. of this thread",
    "b, the 2. of this thread",
    "c, the 3. of this thread",
  ]);
});

it("a second thread starts only while the first is busy", async () => {
  const pool = openPool(2);
  const first = ["a", "b"].map((task) => pool.run(task));
  expect(await Promise.all(first)).toEqual(["a, the 1. of this thread", "b, the 1. of this thread"]);
  expect(await pool.run("c")).toBe("c, the 2. of this thread");
});

it("a refusal is the request's, and the thread goes on", async () => {
  const pool = openPool();
  await expect(pool.run("refuse")).rejects.toMatchObject({ status: 400, code: "not_available_offline" });
  expect(await pool.run("a")).toBe("a, the 2. of this thread");
});

it.each([
  ["break", "broken"],
  ["end", "ended with 3"],
])("a thread that does %j fails its task alone, and the next task has a new one", async (task, message) => {
  const pool = openPool();
  const [failing, waiting] = [pool.run(task), pool.run("a")];
  await expect(failing).rejects.toThrow(message);
  expect(await waiting).toBe("a, the 1. of this thread");
});

it("a task that is cancelled ends its thread; one that waits just goes", async () => {
  const pool = openPool();
  const controller = new AbortController();
  const hanging = pool.run("hang", controller.signal);
  const waiting = pool.run("b", controller.signal);
  const patient = pool.run("a");
  controller.abort(new Error("enough"));
  await expect(hanging).rejects.toThrow("enough");
  await expect(waiting).rejects.toThrow("enough");
  expect(await patient).toBe("a, the 1. of this thread");
});

it("what a thread prints is no output of ours", async () => {
  const spies = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, "write").mockImplementation(() => true),
  );
  await openPool().run("print");
  await new Promise((resolve) => setTimeout(resolve, 50));
  const written = spies.flatMap((spy) => spy.mock.calls.map(([chunk]) => String(chunk)));
  for (const spy of spies) spy.mockRestore();
  expect(written.filter((text) => text.includes("standard"))).toEqual([]);
});
