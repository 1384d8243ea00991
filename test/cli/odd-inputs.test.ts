/** Commands with inputs of unusual form: names no file can have, numbers past any, texts and modules that say little. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { connectionNames } from "../../src/cli/repl/open.ts";
import { type Ended, homeEnv, runCommand } from "./support/command.ts";
import { fakeTerminal, type FakeTerminalOptions } from "./support/terminal.ts";

const folder = mkdtempSync(join(tmpdir(), "callsql-odd-inputs-"));
const inFolder = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

const callsql = async (args: readonly string[], options: FakeTerminalOptions = {}): Promise<Ended> =>
  runCommand(args, { env: homeEnv(folder), ...options });

test("a name that no file can have is refused in words, without a stack", async () => {
  const { code, err } = await callsql(["run", "a\0b.sql"]);
  expect(code).toBe(2);
  expect(err).toMatch(/null bytes/);
  expect(err).not.toMatch(/\n\s+at /);
});

test.each([
  ["12345678901234567890", /a number/],
  ["null", /null/],
  ['"text"', /a string/],
  ["{}", /an object/],
])("JSON that is %s is no list of rows", async (content, said) => {
  const file = inFolder("value.json", content);
  const { code, err } = await callsql(["--import", `t=${file}`, "-c", "SELECT 1", "--no-ledger"]);
  expect(code).not.toBe(0);
  expect(err).toMatch(said);
});

test("a command group without a command shows its help as a mistake", async () => {
  const { code, out, err } = await callsql(["serve", "token"]);
  expect([code, out]).toEqual([2, ""]);
  expect(err).toMatch(/^Usage: callsql serve token/);
});

test("defaults of parameters are listed", async () => {
  const { code, out } = await callsql(["procedures", "ClassifyText"]);
  expect(code).toBe(0);
  expect(out).toMatch(/MultiLabel.*default false/);
});

test("views and triggers that call are dropped by kind, and then by name", async () => {
  const file = join(folder, "kinds.db");
  const db = new Database(file);
  db.exec(`CREATE TABLE t(a, b);
    CREATE TRIGGER one AFTER INSERT ON t BEGIN UPDATE t SET b = callsql_SummarizeText(new.a); END;
    CREATE VIEW two AS SELECT callsql_ModerateText(a) AS flagged FROM t;
    CREATE TRIGGER three INSTEAD OF INSERT ON two BEGIN SELECT callsql_SummarizeText(new.flagged); END;
    CREATE VIEW four AS SELECT callsql_ModerateText(b) AS flagged FROM t`);
  db.close();
  const { code, err } = await callsql(["detach", file]);
  expect({ code, err }).toEqual({
    code: 0,
    err: expect.stringContaining("4 views and triggers dropped") as string,
  });
});

describe("a pipe of requests", () => {
  test("takes models of one's own, and needs no token file", async () => {
    const models = inFolder("models.json", JSON.stringify({ asOf: "2026-11-01", models: [] }));
    const { code, out, err } = await callsql(
      ["serve", "--pipe", "--models", models, "--tokens", join(folder, "none")],
      {
        stdin: '{"id":1,"route":"/v1/procedures"}\n',
      },
    );
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(JSON.parse(out)).toMatchObject({ id: 1, status: 200 });
  });
});

test("where profiles cannot be read, the connections that need none are offered", async () => {
  const home = mkdtempSync(join(tmpdir(), "callsql-broken-"));
  const terminal = fakeTerminal({ env: { HOME: home, XDG_CONFIG_HOME: home } });
  mkdirSync(join(home, "callsql"), { recursive: true });
  writeFileSync(join(home, "callsql", "connections.toml"), "[[[");
  expect(await connectionNames({ terminal })).toEqual(["openai", "offline"]);
});
