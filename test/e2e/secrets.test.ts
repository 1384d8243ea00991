/** The key of a full run is nowhere but in its own file: not in what is printed, kept, or seen by other processes. */
import { readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { keys, startPty } from "../cli/repl/support/pty.ts";
import { startOpenAIServer } from "../support/openai-server.ts";
import { temporaryFolder } from "./support/folder.ts";
import { callsql, runShell, startCallsql } from "./support/process.ts";

const key = "sk-proj-canary0123456789abcdef";

test("ledger, state, results, errors and ps hold no secret", async () => {
  // Errors quote the key they got, as the real service's do.
  await using server = await startOpenAIServer({ apiKey: key });
  await using liar = await startOpenAIServer({ apiKey: "another" });
  const folder = temporaryFolder();
  const env = { HOME: folder.path, CALLSQL_KEYCHAIN: "off" };
  const said: string[] = [];
  const run = async (args: readonly string[], stdin = ""): Promise<void> => {
    const { stdout, stderr } = await callsql(args, { env, stdin, cwd: folder.path });
    said.push(stdout, stderr);
  };
  await run(["connect", "add", "work", "--base-url", server.url, "--secret-stdin"], key);
  await run(["connect", "add", "liar", "--base-url", liar.url, "--secret-stdin"], key);
  await run(["connect", "show", "work"]);
  await run(["connect", "test", "liar"]);
  await run(["out.db", "-c", "CREATE TABLE t AS SELECT Response_Result FROM GenerateResponse('hello')"]);
  await run(["--connection", "liar", "-c", "CALL GenerateResponse('hello')"]);
  await run(["-c", "SHOW OPTIONS", "-c", "SELECT * FROM sys_calls"]);
  await run([], `SELECT '${key}'`);
  server.reset();
  server.script({ action: { kind: "hang" } });
  const { child, finished } = startCallsql(["-c", "CALL GenerateResponse('wait')"], { env });
  await vi.waitFor(() => expect(server.requests).toHaveLength(1), 30_000);
  const { stdout: processes } = await runShell("cat /proc/[0-9]*/cmdline | tr '\\0' ' '");
  expect(processes).toContain("GenerateResponse('wait')");
  child.kill("SIGINT");
  child.kill("SIGINT");
  const { stderr } = await finished;
  const kept = await readTree(folder.path);
  expect(kept.get(".config/callsql/secrets/work")).toBe(key);
  expect([...kept.keys()].some((file) => file.endsWith("ledger.db"))).toBe(true);
  const others = [...kept].filter(([file]) => !file.startsWith(".config/callsql/secrets/"));
  for (const [file, text] of [...others, ["output", [...said, processes, stderr].join("\n")]] as const) {
    expect([file, text.includes(key), text.includes(key.slice(8))]).toEqual([file, false, false]);
  }
  folder.remove();
});

test("what a person pastes at the prompt where it does not belong goes into no history", async () => {
  const folder = temporaryFolder();
  const shown = /the SQL text holds what looks like an API key/;
  await using pty = startPty({
    args: ["out.db"],
    folder: folder.path,
    rows: 60,
    env: { CALLSQL_KEYCHAIN: "off" },
  });
  await pty.prompt();
  pty.type(`select '${key}';${keys.enter}`);
  await expect(pty).toShow(shown);
  pty.type(`.param set k ${key}${keys.enter}`);
  await pty.prompt();
  pty.type(`select 'kept' as word;${keys.enter}`);
  await expect(pty).toShow(/1 row/);
  await pty.prompt();
  pty.type(keys.ctrl("d"));
  await pty.exitCode;
  const kept = await readTree(folder.path);
  const history = [...kept].filter(([file]) => file.includes("history"));
  expect(history.map(([, text]) => text)).toEqual([expect.stringContaining("select 'kept' as word;")]);
  for (const [file, text] of kept) expect([file, text.includes(key.slice(8))]).toEqual([file, false]);
  folder.remove();
});

test("the report that Node writes of a crash, where one asks for reports, has no environment in it", async () => {
  await using server = await startOpenAIServer({ apiKey: key });
  server.script({ action: { kind: "hang" } });
  const folder = temporaryFolder();
  const report = join(folder.path, "report.json");
  const { child, finished } = startCallsql(["-c", "CALL GenerateResponse('crash')"], {
    env: {
      HOME: folder.path,
      OPENAI_API_KEY: key,
      OPENAI_BASE_URL: server.url,
      NODE_OPTIONS: `--report-on-signal --report-directory=${folder.path} --report-filename=report.json`,
    },
  });
  await vi.waitFor(() => expect(server.requests).toHaveLength(1), 30_000);
  child.kill("SIGUSR2");
  await vi.waitFor(
    () => expect(JSON.parse(readFileSync(report, "utf8"))).toHaveProperty("javascriptStack"),
    30_000,
  );
  child.kill("SIGKILL");
  await finished;
  for (const [file, text] of await readTree(folder.path)) {
    expect([file, text.includes(key), text.includes("OPENAI_API_KEY")]).toEqual([file, false, false]);
  }
  folder.remove();
});

/** Bytes as they are, a character each. */
async function readTree(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const texts = await Promise.all(
    files.map(async (file) => [file.slice(folder.length + 1), await readFile(file, "latin1")] as const),
  );
  return new Map(texts);
}
