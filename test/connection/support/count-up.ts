/** A process that adds one to a number in a file, so and so often, each time under the lock; or takes the lock and keeps it. */
import { readFile, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { locked } from "../../../src/connection/oauth/lock.ts";

const [lock = "", file = "", times = ""] = process.argv.slice(2);

if (times === "keep") {
  await locked(lock, async () => {
    process.stdout.write("kept");
    await sleep(600_000);
  });
}
for (let left = Number(times); left > 0; left--) {
  await locked(lock, async () => {
    const before = Number(await readFile(file, "utf8"));
    await sleep(2);
    await writeFile(file, String(before + 1));
  });
}
