/** A statement's process whose server was killed while it worked: it ends, and says nothing. */
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";

const entry = new URL("../../src/server/statement-process.ts", import.meta.url).href;

/** A server that gives a process something to do, and dies in the middle of it. */
const server = `
  const { fork } = require("node:child_process");
  const child = fork(new URL(${JSON.stringify(entry)}), {
    serialization: "advanced", stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  child.on("message", ({ kind }) => {
    if (kind !== "ready") return;
    const command = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 5000000) SELECT count(*) FROM n";
    child.send({ kind: "task", task: { verb: "execute", command, binds: {}, rowsMax: 10 } });
    setTimeout(() => process.kill(process.pid, "SIGKILL"), 100);
  });
  child.send({ kind: "setup", setup: { isWritable: false } });
`;

test("ends quietly", async () => {
  const killed = spawn(process.execPath, ["-e", server], { stdio: ["ignore", "ignore", "pipe"] });
  // The pipe ends when the last who may write to it has ended: the process of the statement.
  expect(await text(killed.stderr)).toBe("");
  expect(killed.signalCode).toBe("SIGKILL");
});
