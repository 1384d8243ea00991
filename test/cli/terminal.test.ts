/** The real streams and signals, each in a process of its own. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { exitCodeOfSignal } from "../../src/cli/terminal.ts";

const terminal = new URL("../../src/cli/terminal.ts", import.meta.url).href;

function script(body: string): string[] {
  const start = `import { processTerminal, ClosedPipe } from ${JSON.stringify(terminal)}; const terminal = processTerminal();`;
  return ["--input-type=module", "--eval", start + body];
}

test("a reader that goes away is a ClosedPipe, not a crash", () => {
  const body = `
    try { for (;;) await terminal.stdout.write("x".repeat(9999) + "\\n"); }
    catch (error) { process.stderr.write(String(error instanceof ClosedPipe)); process.exitCode = 7; }`;
  const node = [process.execPath, ...script(body)]
    .map((word) => `'${word.replaceAll("'", `'\\''`)}'`)
    .join(" ");
  const { stdout, stderr } = spawnSync("bash", ["-c", `${node} | head -c 3; echo " \${PIPESTATUS[0]}"`], {
    encoding: "utf8",
    timeout: 30_000,
  });
  expect({ stdout, stderr }).toEqual({ stdout: "xxx 7\n", stderr: "true" });
});

test("a pipe that does not wait for its reader gets everything", () => {
  const body = `await terminal.stdout.write("x".repeat(500_000)); await terminal.stdout.write("end");`;
  // Whoever shares a pipe may have made it so: its reader is slow, and it is full after 64 KB.
  const perl = "use Fcntl; fcntl(STDOUT, F_SETFL, O_WRONLY | O_NONBLOCK); exec @ARGV";
  const { stdout, stderr } = spawnSync(
    "bash",
    ["-c", `perl -e "$0" -- "$@" | { sleep 0.5; wc -c; }`, perl, process.execPath, ...script(body)],
    { encoding: "utf8", timeout: 30_000 },
  );
  expect({ stdout: stdout.trim(), stderr }).toEqual({ stdout: "500003", stderr: "" });
});

test("a signal reaches the listener until it is released", async () => {
  const body = `
    const release = terminal.onSignal((signal) => { release(); setTimeout(() => process.stdout.write(signal), 50); });
    setInterval(() => {}, 1000); process.stdout.write("ready ");`;
  const child = spawn(process.execPath, script(body), {
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 30_000,
  });
  const heard: string[] = [];
  child.stdout.on("data", (chunk: Buffer) => {
    heard.push(chunk.toString());
    child.kill("SIGTERM");
  });
  const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
  expect({ code, signal, heard: heard.join("") }).toEqual({
    code: null,
    signal: "SIGTERM",
    heard: "ready SIGTERM",
  });
});

test("exit codes of signals are the shell's", () => {
  expect(exitCodeOfSignal("SIGINT")).toBe(130);
  expect(exitCodeOfSignal("SIGTERM")).toBe(143);
});
