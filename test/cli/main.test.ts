import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { fakeLibrary } from "./support/session.ts";
import { formatNames } from "../../src/cli/format/format.ts";
import { fakeTerminal, type FakeTerminalOptions } from "./support/terminal.ts";

async function callsql(args: readonly string[], options: FakeTerminalOptions = {}) {
  const terminal = fakeTerminal(options);
  const library = fakeLibrary();
  const code = await main(args, terminal, library);
  return { code, out: terminal.out(), err: terminal.err(), log: library.log };
}

const folder = (): string => mkdtempSync(join(tmpdir(), "callsql-"));

describe("what runs", () => {
  test("texts of -c run in the order given, and the argument is the database", async () => {
    const { code, log } = await callsql(["-c", "change 1", "t.db", "-c", "change 2; change 3"]);
    expect(code).toBe(0);
    expect(log).toEqual(["open t.db none", "change 1", "change 2", "change 3", "close"]);
  });

  test("a pipe is read when there is no -c", async () => {
    const { log } = await callsql([], { stdin: "change 7;" });
    expect(log).toContain("change 7");
  });

  test("a pipe is left alone when there is a -c", async () => {
    const { log } = await callsql(["-c", "change 1"], { stdin: "change 7;" });
    expect(log).not.toContain("change 7");
  });

  test("- reads standard input, as the argument and as a -c", async () => {
    expect((await callsql(["-", "x.db"], { stdin: "change 7" })).log).toEqual([
      "open x.db none",
      "change 7",
      "close",
    ]);
    expect((await callsql(["-c", "change 1", "-c", "-"], { stdin: "change 7" })).log.slice(1, 3)).toEqual([
      "change 1",
      "change 7",
    ]);
  });

  test("run takes files, then the database", async () => {
    const at = folder();
    writeFileSync(join(at, "a.sql"), "change 1;");
    writeFileSync(join(at, "b.SQL"), "\ufeffchange 2;");
    const { log } = await callsql([
      "run",
      join(at, "a.sql"),
      join(at, "b.SQL"),
      "t.db",
      "--connection",
      "offline",
    ]);
    expect(log).toEqual(["open t.db offline", "change 1", "change 2", "close"]);
  });

  test("options stand before and behind the command's name", async () => {
    const at = folder();
    writeFileSync(join(at, "a.sql"), "change 1;");
    const { log } = await callsql(["--readonly", "run", "--db", "d", join(at, "a.sql")]);
    expect(log[0]).toBe("open d none readonly");
  });

  test("settings come first, then parameters, imports and statements", async () => {
    const at = folder();
    writeFileSync(join(at, "t.csv"), "a,b\n1,x\n");
    const { log, err } = await callsql([
      "-c",
      "rows 1",
      "-p",
      "x=1",
      "--import",
      `t=${join(at, "t.csv")}`,
      "--set",
      "on_error=it's",
    ]);
    expect(log.slice(1, 5)).toEqual([
      "SET on_error = 'it''s'",
      ":x = number 1",
      "t(a,b) number 1,string x",
      "rows 1",
    ]);
    expect(err).toContain("1 row imported into t");
  });
});

describe("what is written", () => {
  test("only rows reach standard output", async () => {
    const { out } = await callsql(["-c", "change 1; SET a; rows 2", "-o", "csv"]);
    expect(out).toBe("n\n1\n2\n");
  });

  test("the same on a terminal and in a pipe", async () => {
    const env = { NO_COLOR: "1" };
    const piped = await callsql(["-c", "rows 2", "--quiet"], { env });
    const shown = await callsql(["-c", "rows 2", "--quiet"], { env, isTTY: true });
    expect(shown).toEqual(piped);
  });

  test.each(formatNames.filter((name) => name !== "parquet"))(
    "%s: the same on a terminal and in a pipe, and a reader that leaves ends it quietly",
    async (format) => {
      const args = ["-c", "rows 2000; rows 1", "--quiet", "-o", format];
      const env = { NO_COLOR: "1" };
      const piped = await callsql(args, { env });
      expect(await callsql(args, { env, isTTY: true })).toEqual(piped);
      expect(piped.out.split("\n").length).toBeGreaterThan(2000);
      const { code, err } = await callsql(args, { env, pipeLength: 10 });
      expect([code, err]).toEqual([0, ""]);
    },
  );

  test("Parquet goes into a pipe or a file, not onto a screen, and before anything runs", async () => {
    const piped = await callsql(["-c", "rows 3", "-o", "parquet"]);
    expect([piped.out.slice(0, 4), piped.out.slice(-4)]).toEqual(["PAR1", "PAR1"]);
    const shown = await callsql(["-c", "rows 3", "-o", "parquet"], { isTTY: true });
    expect([shown.code, shown.out]).toEqual([2, ""]);
    expect(shown.err).toContain("cli/not-for-screen");
    expect(shown.log).not.toContain("rows 3");
    const file = join(folder(), "out.parquet");
    await callsql(["-c", "rows 3", "--output", file]);
    expect(readFileSync(file, "latin1")).toBe(piped.out);
  });

  test("every result set is a document of its own", async () => {
    expect((await callsql(["-c", "rows 1; rows 0", "-o", "json"])).out).toBe('[{"n":1}]\n[]\n');
    expect((await callsql(["-c", "rows 1; rows 1", "-o", "csv"])).out).toBe("n\n1\n\nn\n1\n");
  });

  test("--with-statement adds the statement's number", async () => {
    const { out } = await callsql(["-c", "rows 1; change 1; rows 1", "-o", "ndjson", "--with-statement"]);
    expect(out).toBe('{"statement":1,"n":1}\n{"statement":3,"n":1}\n');
  });

  test("--output has the file whole, or not at all", async () => {
    const at = folder();
    const file = join(at, "out.csv");
    writeFileSync(file, "old");
    expect((await callsql(["-c", "rows 1; fail x", "-o", "csv", "--output", file])).code).not.toBe(0);
    expect(readFileSync(file, "utf8")).toBe("old");
    const { out } = await callsql(["-c", "rows 1", "-o", "csv", "--output", file]);
    expect(out).toBe("");
    expect(readFileSync(file, "utf8")).toBe("n\n1\n");
    expect(readdirSync(at)).toEqual(["out.csv"]);
  });

  test("--output that cannot be written is said before anything runs", async () => {
    const { code, err, log } = await callsql(["-c", "change 1", "--output", join(folder(), "no", "x.csv")]);
    expect(code).toBe(2);
    expect(err).toContain("cli/unwritable-file");
    expect(log).not.toContain("change 1");
  });

  test("rows before a failure are written, and the failure follows", async () => {
    const { out, err, code } = await callsql(["-c", "late 2", "-o", "table"]);
    expect(out).toContain("| 2 |");
    expect(err).toContain("connect/unknown");
    expect(code).not.toBe(0);
  });

  test("the summary stands on a terminal, and wherever calls were made", async () => {
    expect((await callsql(["-c", "rows 1"])).err).toBe("");
    expect((await callsql(["-c", "rows 1"], { isTTY: true })).err).toContain("1 row, ");
    expect((await callsql(["-c", "failed 1"])).err).toContain("10 calls made");
  });

  test("--quiet keeps back warnings and the summary, never errors", async () => {
    expect((await callsql(["-c", "warn"])).err).toContain("warning[");
    expect((await callsql(["-c", "warn", "--quiet"], { isTTY: true })).err).toBe("");
    expect((await callsql(["-c", "fail x", "--quiet"])).err).toContain("error[");
  });

  test("colour depends on the terminal, NO_COLOR and FORCE_COLOR", async () => {
    const isColoured = async (options: FakeTerminalOptions, ...args: string[]): Promise<boolean> =>
      (await callsql(["-c", "fail x", ...args], options)).err.includes("\u001b[");
    expect(await isColoured({})).toBe(false);
    expect(await isColoured({ isTTY: true })).toBe(true);
    expect(await isColoured({ isTTY: true }, "--no-color")).toBe(false);
    expect(await isColoured({ isTTY: true, env: { NO_COLOR: "1" } })).toBe(false);
    expect(await isColoured({ isTTY: true, env: { TERM: "dumb" } })).toBe(false);
    expect(await isColoured({ env: { FORCE_COLOR: "1" } })).toBe(true);
  });
});

describe("what fails", () => {
  test("nothing runs when a text does not parse", async () => {
    const { code, log, err } = await callsql(["-c", "change 1", "-c", "broken"]);
    expect(code).toBe(1);
    expect(err).toContain("error[parse/nul]");
    expect(err).toContain("command 2:1:1");
    expect(log).toEqual(["open :memory: none", "close"]);
  });

  test("the first failure ends the run; --keep-going goes on and remembers it", async () => {
    const stopped = await callsql(["-c", "fail x; change 1"]);
    expect(stopped.log).not.toContain("change 1");
    const kept = await callsql(["-c", "broken; fail x; change 1", "--keep-going"]);
    expect(kept.log).toContain("change 1");
    expect(kept.code).toBe(1);
  });

  test("a setting that the session refuses is a mistake of the command line", async () => {
    const { code, log } = await callsql(["--set", "refused=1", "-c", "change 1"]);
    expect(code).toBe(2);
    expect(log).not.toContain("change 1");
  });

  test("a signal is heard while rows come without waiting", async () => {
    const terminal = fakeTerminal();
    setTimeout(() => terminal.signal("SIGINT"), 20);
    expect(await main(["-c", "rows 100000000", "-o", "csv"], terminal, fakeLibrary())).toBe(130);
  });

  test("failed calls make exit code 5", async () => {
    expect((await callsql(["-c", "failed 0"])).code).toBe(0);
    expect((await callsql(["-c", "failed 3"])).code).toBe(5);
  });

  test("a closed pipe is success and ends the run", async () => {
    const { code, log, err } = await callsql(["-c", "rows 100000; change 1", "-o", "csv"], {
      pipeLength: 10,
    });
    expect(code).toBe(0);
    expect(err).toBe("");
    expect(log).not.toContain("change 1");
    expect(log).toContain("close");
  });

  test("a signal cancels the statement and closes the session; a second one leaves at once", async () => {
    const cases = [
      ["SIGINT", 130],
      ["SIGTERM", 143],
    ] as const;
    for (const [signal, expected] of cases) {
      const terminal = fakeTerminal();
      const library = fakeLibrary();
      library.onWait = () => terminal.signal(signal);
      expect(await main(["-c", "wait; change 1", "--keep-going"], terminal, library)).toBe(expected);
      expect(library.log).toEqual(["open :memory: none", "wait", "run interrupted", "close"]);
      expect(terminal.exits).toEqual([]);
    }
    const terminal = fakeTerminal();
    const library = fakeLibrary();
    library.onWait = () => {
      terminal.signal("SIGINT");
      terminal.signal("SIGINT");
      expect(terminal.exits).toEqual([]);
      terminal.time += 1000;
      terminal.signal("SIGINT");
    };
    await main(["-c", "wait"], terminal, library);
    expect(terminal.exits).toEqual([130]);
  });

  test.each([
    [["--fromat", "csv"], "cli/unknown-option", "--format"],
    [["-o", "cvs"], "cli/unknown-format", "csv"],
    [["rnu", "a.sql"], "cli/unknown-command", "run"],
    [["procedurs"], "cli/unknown-command", "procedures"],
    [["foo", "bar"], "cli/unknown-command", "run, procedures"],
    [["-c"], "cli/usage", "--help"],
    [["run"], "cli/no-script", "FILE.sql"],
    [["run", "x.db"], "cli/no-script", "FILE.sql"],
    [["run", "missing.sql"], "cli/unreadable-file", "no such file"],
    [["run", tmpdir() + "/", "x.db"], "cli/is-directory", "name a file"],
    [["-c", "x", "a.db", "b.db"], "cli/two-databases", "a.db"],
    [["-c", "x", "--db", "a", "b"], "cli/two-databases", "ATTACH"],
    [["-c", "x", "-p", "a"], "cli/not-an-assignment", "NAME=VALUE"],
    [["-c", "x", "--set", "=1"], "cli/not-an-assignment", "OPTION=VALUE"],
    [["-c", "x", "--import", "t"], "cli/not-an-assignment", "TABLE=FILE"],
    [["-c", "x", "--import", "t=a.xlsx"], "cli/import-format", ".ndjson"],
    [["procedures", "nope"], "cli/unknown-procedure", "lists them"],
  ])("%j is %s", async (args, code, text) => {
    const result = await callsql(args);
    expect(result.err).toContain(`error[${code}]`);
    expect(result.err).toContain(text);
    expect(result.code).toBe(2);
    expect(result.out).toBe("");
  });

  test("a script that is not UTF-8 names the byte, and nothing runs", async () => {
    const file = join(folder(), "a.sql");
    writeFileSync(file, Buffer.concat([Buffer.from("change 1; é"), Buffer.from([0xff]), Buffer.from("x")]));
    const { code, err, log } = await callsql(["run", file]);
    expect(code).toBe(2);
    expect(err).toContain("offset 12");
    expect(log).toEqual([]);
  });

  test("help shows examples first, and help and version go to standard output", async () => {
    const help = await callsql(["--help"]);
    expect(help.out).toMatch(/^Examples:/);
    expect(help.out).toContain("Exit codes:");
    expect(help.code).toBe(0);
    expect((await callsql(["--version"])).out).toMatch(/^\d+\.\d+\.\d+/);
    expect((await callsql(["run", "--help"])).out).toContain("--format");
  });
});
