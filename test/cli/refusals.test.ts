/** Arguments that cannot be: each is refused before anything runs, with what was expected in its place. */
import { existsSync, mkdtempSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { openSession } from "../../src/index.ts";
import { type Ended, homeEnv, runCommand } from "./support/command.ts";
import { fakeTerminal, type FakeTerminalOptions } from "./support/terminal.ts";

const folder = mkdtempSync(join(tmpdir(), "callsql-refused-"));
const inFolder = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const [a, b] = [inFolder("a.sql", "SELECT 1"), inFolder("b.sql", "SELECT 2")];
const rows = inFolder("rows.csv", "id\n1\n");
/** A record of calls without any. */
const empty = ["--ledger", join(folder, "empty.db")];
beforeAll(async () => {
  await using session = await openSession({ ledger: join(folder, "empty.db") });
  await (await session.execute("SELECT count(*) FROM sys_runs")).all();
});
/** More than a JSON array may be; a sparse file takes no room on the disk. */
const large = inFolder("large.json", "");
truncateSync(large, 300 * 2 ** 20);

const callsql = async (args: readonly string[], options: FakeTerminalOptions = {}): Promise<Ended> =>
  runCommand(args, { ...options, env: homeEnv(folder) });

test.each<readonly [readonly string[], string]>([
  [["run", a, "-c", "SELECT 1"], "run takes files, not -c"],
  [["models", "-c", "SELECT 1"], "models takes no -c"],
  [["-c", "SELECT 1", "serve", "token", "list"], "serve token takes no -c"],
  [["models", "-p", "a=1"], "cli/option-not-here"],
  [["--max-cost", "1", "runs", "--readonly"], "callsql runs takes no --readonly, no --max-cost"],
  [["serve", "token", "list", "--dry-run"], "callsql serve token takes no --dry-run"],
  [["run", a, b, "--jobs", "0"], '--jobs takes a whole number from 1 to 64, not "0"'],
  [["run", a, b, "--jobs", "many"], 'not "many"'],
  [["run", a, "-", "--jobs", "2"], "--jobs takes files, not standard input"],
  [["run", a, "x.db", "--db", "y.db"], "cli/two-databases"],
  [["--db", "x.db", "--db", "y.db", "-c", "SELECT 1"], "cli/two-databases"],
  [["run", "x.db"], "cli/no-script"],
  [["run", a, "--params", rows, "--dry-run"], "cli/params-not-here"],
  [["--set", "concurrency", "-c", "SELECT 1"], "cli/not-an-assignment"],
  [["--set", "concurrency=none", "-c", "SELECT 1"], "session/"],
  [["--set", "default=1", "-c", "SELECT 1"], "parse/"],
  [["--set", "max_calls=few", "-c", ".tables"], "session/"],
  [["runs", "prune", "week"], 'prune takes a number of days, not "week"'],
  [["runs", "prune", ""], 'prune takes a number of days, not ""'],
  [["runs", "prune"], "expected callsql runs prune DAYS"],
  [["runs", "diff", "1"], "expected callsql runs diff A B"],
  [["runs", "1", "2"], "expected callsql runs ID"],
  [["runs", "verify", "1"], "expected callsql runs verify"],
  [["runs", "77", ...empty], "ledger/unknown-run"],
  [["runs", "diff", "77", "78", ...empty], "ledger/unknown-run"],
  [["retry", "77", ...empty], "ledger/unknown-run"],
  [["retry", ...empty], "ledger/nothing-failed"],
  [
    ["--max-cost", "abc", "-c", "SELECT 1"],
    '"abc" is no value for --max-cost: expected an amount in USD from 0',
  ],
  [["--max-cost", "", "-c", "SELECT 1"], "--max-cost"],
  [["--max-cost", "-1", "-c", "SELECT 1"], "--max-cost"],
  [
    ["--max-calls", "1.5", "-c", "SELECT 1"],
    '"1.5" is no value for --max-calls: expected a whole number from 0',
  ],
  [["serve", "--max-rows", "0"], "expected a whole number from 1"],
  [["serve", "--max-rows", ""], "serve/bad-limit"],
  [["serve", "--port", "65536"], "a whole number from 0 to 65535"],
  [["serve", "--sql-memory", "64"], "a number from 128"],
  [["serve", "--timeout", "soon"], "a number from 0.001 to 86400"],
  [["serve", "--procedures", a], "cli/no-procedures-here"],
  [["serve", "token", "create", "x", "--expires", "-1"], "a number from 0"],
  [["--import", `t=${inFolder("null.json", "null")}`, "-c", "SELECT 1"], "cli/json-shape"],
  [["--import", `t=${inFolder("one.json", "1")}`, "-c", "SELECT 1"], "a number"],
  [["--import", `t=${inFolder("object.json", "[[]]")}`, "-c", "SELECT 1"], "an array"],
  [["--import", `t=${large}`, "-c", "SELECT 1"], "cli/json-too-large"],
  [["--import", `t=${inFolder("empty.json", "[]")}`, "-c", "SELECT 1"], "cli/import-empty"],
  [["--import", `t=${inFolder("broken.json", "[{]")}`, "-c", "SELECT 1"], "cli/json-malformed"],
  [["--import", `t=${inFolder("broken.ndjson", '{"a":1}\n{"a":\n')}`, "-c", "SELECT 1"], "broken.ndjson:2"],
  [
    ["--import", `t=${inFolder("broken.parquet", "PAR1 and no more PAR1")}`, "-c", "SELECT 1"],
    "cli/parquet-malformed",
  ],
  [
    ["--import", `t=${inFolder("cut.csv", Buffer.from("a\nx\xf0\x9f\x98", "latin1"))}`, "-c", "SELECT 1"],
    "cli/invalid-utf8",
  ],
  [
    ["--import", `t=${inFolder("lead.csv", Buffer.from("a\nx\xf9yzzz\n", "latin1"))}`, "-c", "SELECT 1"],
    "cli/invalid-utf8",
  ],
  [["--params", inFolder("p.json", "{"), "-c", "SELECT :a"], "cli/"],
  [["-p", "a=json:{", "-c", "SELECT :a"], "cli/"],
])("%j says %s", async (args, said) => {
  const { code, out, err } = await callsql(args);
  expect({ out, err }).toEqual({ out: "", err: expect.stringContaining(said) });
  expect(code).toBeGreaterThan(0);
});

test.each([
  ["runs"],
  ["runs", "prune", "3"],
  ["runs", "diff", "1", "2"],
  ["runs", "verify"],
  ["runs", "1"],
  ["retry"],
  ["retry", "1"],
])("%s %s without a record says so, and makes none", async (...args) => {
  const ledger = join(folder, "nowhere", "ledger.db");
  const { code, out, err } = await callsql([...args, "--ledger", ledger]);
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(err).toContain(`error[ledger/none]: there is no ledger "${ledger}"`);
  expect(existsSync(join(folder, "nowhere"))).toBe(false);
});

test.each(["csv", "TSV", "json", "ndjson", "jsonl", "parquet", "sql"])(
  "a file of another kind that is not there is no new database: .%s",
  async (ending) => {
    const file = join(folder, `none.${ending}`);
    const hint = ending === "sql" ? "callsql run FILE.sql" : "--import TABLE=FILE";
    for (const args of [
      [file, "-c", "SELECT 1"],
      [file, "-c", ".tables"],
      ["--readonly", file, "-c", "SELECT 1"],
    ]) {
      const { code, err } = await callsql(args);
      expect(code).toBe(2);
      expect(err).toContain(`error[sql/no-such-file]: there is no file "${file}"`);
      expect(err).toContain(hint);
    }
    expect(existsSync(file)).toBe(false);
  },
);

test("a new database is made under any other name", async () => {
  const file = join(folder, "new.data");
  expect(await callsql([file, "-c", "CREATE TABLE t(a)"])).toMatchObject({ code: 0 });
  expect(existsSync(file)).toBe(true);
});

describe("a call that never got to a service", () => {
  /** A port that nothing listens on. */
  const env = { HOME: folder, OPENAI_API_KEY: "sk-test-12345678", OPENAI_BASE_URL: "http://127.0.0.1:1/v1" };
  const ask = async (...args: readonly string[]) => {
    const terminal = fakeTerminal({ stdin: "", env });
    const code = await main(["-c", "CALL GenerateResponse('x')", "--no-ledger", ...args], terminal);
    return { code, err: terminal.err() };
  };

  test("is not counted as made", async () => {
    const { code, err } = await ask("--set", "max_attempts=1");
    expect({ code, err }).toEqual({ code: 3, err: expect.stringContaining("error[connect/unreachable]") });
    expect(err).not.toContain("call made");
  });

  test.each(["--max-calls", "--max-cost"])("for a cap of 0 (%s) is not said to be bought", async (option) => {
    const { code, err } = await ask(option, "0");
    expect(code).toBe(4);
    expect(err).toMatch(/hint: nothing was bought: raise max_(?:calls|cost) and run it again\n/);
    expect(err).not.toContain("call made");
  });
});
