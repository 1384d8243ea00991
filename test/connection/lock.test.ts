/** The lock around a login's renewal, among real processes. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { locked } from "../../src/connection/oauth/lock.ts";

const script = new URL("./support/count-up.ts", import.meta.url).pathname;

async function place() {
  const folder = await mkdtemp(join(tmpdir(), "callsql-lock-"));
  return { lock: join(folder, "locks", "work"), file: join(folder, "number") };
}

test("one at a time, in one process and in several", async () => {
  const { lock, file } = await place();
  await writeFile(file, "0");
  const others = [1, 2, 3].map(() => promisify(execFile)(process.execPath, [script, lock, file, "10"]));
  const own = [1, 2, 3, 4, 5].map(() =>
    locked(lock, async () => {
      const before = Number(await readFile(file, "utf8"));
      await new Promise((later) => setTimeout(later, 2));
      await writeFile(file, String(before + 1));
    }),
  );
  await Promise.all([...others, ...own]);
  expect(await readFile(file, "utf8")).toBe("35");
  expect(await readFile(lock, "utf8")).toBe("");
});

test("a process that was killed holds nothing: the next has it at once, and only one of those that wait", async () => {
  const { lock, file } = await place();
  const holder = spawn(process.execPath, [script, lock, file, "keep"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(holder.stdout, "data");
  const order: string[] = [];
  const waiting = ["a", "b"].map((name) =>
    locked(lock, async () => {
      order.push(`${name} has it`);
      await new Promise((later) => setTimeout(later, 30));
      order.push(`${name} gives it back`);
    }),
  );
  await new Promise((later) => setTimeout(later, 100));
  expect(order).toEqual([]);
  holder.kill("SIGKILL");
  await Promise.all(waiting);
  const [first = ""] = order;
  expect(order.slice(0, 2)).toEqual([first, first.replace("has it", "gives it back")]);
  expect(order).toHaveLength(4);
});

test("what throws gives it back", async () => {
  const { lock } = await place();
  await expect(locked(lock, async () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await locked(lock, async () => "yes")).toBe("yes");
});
