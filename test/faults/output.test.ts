/**
 * A run that is killed, or finds the disk full, while it writes its output (reference reliability.md, F16): the file's
 * name never holds a part of it, and the same command then gives the bytes of an undisturbed run.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { runShell, startCallsql } from "../e2e/support/process.ts";
import { startOpenAIServer, type OpenAIServer } from "../support/openai-server.ts";
import { times } from "./support/soak.ts";

const folder = mkdtempSync(join(tmpdir(), "callsql-output-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Few calls, and enough rows that writing them takes a while. */
const script = join(folder, "script.sql");
writeFileSync(
  script,
  `CREATE TEMP TABLE reply AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20)
     SELECT i, GenerateResponse('question ' || i) AS text FROM n;
   WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
     SELECT n.i, reply.text FROM n, reply ORDER BY n.i, reply.i;`,
);

const env = ({ url }: OpenAIServer) => ({ OPENAI_API_KEY: "sk-test-12345678", OPENAI_BASE_URL: url });
const argumentsOf = (format: string, output: string, ledger: string): string[] => [
  "run",
  script,
  "--ledger",
  join(folder, ledger),
  "-o",
  format,
  "--output",
  output,
];
/** What is being written stands beside the file under a name of its own. */
const partsOf = (output: string): string[] =>
  readdirSync(folder).filter((name) => name.startsWith(".") && name.includes(output));

const writtenOf = (output: string): number =>
  partsOf(output).reduce(
    (sum, part) => sum + (statSync(join(folder, part), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );

describe.each(["csv", "ndjson"])("%s", (format) => {
  test("killed while it is written, at any moment", { timeout: 120_000 }, async () => {
    await using server = await startOpenAIServer({ keepRequests: false });
    const calm = join(folder, `calm.${format}`);
    await startCallsql(argumentsOf(format, calm, `calm-${format}.db`), { env: env(server) }).finished;
    const right = readFileSync(calm);
    expect(right.length).toBeGreaterThan(1_000_000);

    const name = `hit.${format}`;
    const output = join(folder, name);
    const run = () => startCallsql(argumentsOf(format, output, `hit-${format}.db`), { env: env(server) });
    let hits = 0;
    for (let kill = 0; kill < times(2, 20); kill++) {
      const running = run();
      // Not before there is something to be half of.
      while (!existsSync(output) && running.child.exitCode === null && writtenOf(name) === 0) await sleep(1);
      await sleep(Math.random() * 60);
      running.child.kill("SIGKILL");
      await running.finished;
      if (existsSync(output)) {
        // It was whole before the signal came.
        expect(readFileSync(output).equals(right)).toBe(true);
        rmSync(output);
      } else hits++;
      for (const part of partsOf(name)) rmSync(join(folder, part));
    }
    expect(hits).toBeGreaterThan(0);
    const last = await run().finished;
    expect(last, last.stderr).toMatchObject({ code: 0 });
    expect(readFileSync(output).equals(right)).toBe(true);
    expect(partsOf(name)).toEqual([]);
  });

  test("the disk is full: a clear error, the old file as it was, and nothing bought twice", async () => {
    await using server = await startOpenAIServer({ keepRequests: false });
    const output = join(folder, `full.${format}`);
    writeFileSync(output, "before");
    const command = `callsql ${argumentsOf(format, output, `full-${format}.db`)
      .map((word) => `'${word}'`)
      .join(" ")}`;
    const stopped = await runShell(`ulimit -f 400; ${command}`, { env: env(server) });
    expect(stopped.code).toBe(2);
    expect(stopped.stderr).toContain("cli/unwritable-file");
    expect(readFileSync(output, "utf8")).toBe("before");
    expect(partsOf(`full.${format}`)).toEqual([]);

    const resumed = await runShell(command, { env: env(server) });
    expect(resumed, resumed.stderr).toMatchObject({ code: 0 });
    expect(readFileSync(output).length).toBeGreaterThan(1_000_000);
    expect(server.charged).toBe(20);
  });
});
