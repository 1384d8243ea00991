/** Command lines that name no command are read without setting the commands up. */
import { describe, expect, test } from "vitest";
import { commandLike, commandLineTable, parseCommandLine } from "../../src/cli/command-line.ts";

test("every command's name is one that has the commands set up", () => {
  const names = commandLineTable().flatMap(({ name }) => name.split(" ").filter((word) => word !== ""));
  expect(names.length).toBeGreaterThan(8);
  expect(names.filter((name) => !commandLike.test(name))).toEqual([]);
});

describe("both ways read the same", () => {
  test.each([
    ["-c", "SELECT 1"],
    ["tickets.db", "-c", "SELECT 1", "--quiet"],
    ["--param", "A=1", "-pB=2", "--set", "on_error=row", "-", "a.db"],
    ["--no-ledger", "--max-cost", "2", "--output", "a.csv"],
    [],
  ])("%j", (...args) => {
    expect(parseCommandLine(args, false)).toEqual(parseCommandLine(args, true));
  });
});

test("connect without a verb prints its verbs, before all options, and is a mistake", () => {
  const shown = parseCommandLine(["connect"]);
  expect(shown).toMatchObject({ kind: "text", isMistake: true });
  const text = "text" in shown ? shown.text : "";
  expect(text).toMatch(/^Usage: callsql connect [^]*\nCommands:\n {2}list [^]*\n {2}trust [^]*\nOptions:\n/);
  expect(text).not.toContain("--dry-run");
  expect(text).toContain("As in callsql --help: --connection, --format");
});

test("options that say where things are may be given to any command, for an alias's sake", () => {
  const alias = ["--connection", "x", "--models", "m.json", "--procedures", "p.js", "--no-color", "--quiet"];
  for (const command of [["models"], ["runs"], ["completion", "zsh"], ["serve", "token", "list"]]) {
    expect(parseCommandLine([...alias, "--no-ledger", ...command])).toMatchObject({
      kind: expect.any(String),
    });
    expect(parseCommandLine([...alias, "--ledger", "l.db", ...command])).toHaveProperty(
      "options.ledger",
      "l.db",
    );
  }
});

describe("help", () => {
  const helpOf = (...args: readonly string[]): string => {
    const shown = parseCommandLine(args);
    return shown.kind === "text" && !shown.isMistake ? shown.text : "";
  };

  test.each([["run"], ["serve"], ["connect", "add"], ["serve", "token", "create"]])(
    "callsql help %s %s %s",
    (...names) => {
      expect(helpOf("help", ...names)).toContain(`Usage: callsql ${names.join(" ")} `);
      expect(helpOf("help", ...names)).toBe(helpOf(...names, "--help"));
    },
  );

  test("alone is that of callsql, examples and exit codes included", () => {
    expect(helpOf("help")).toBe(helpOf("--help"));
    expect(helpOf("help")).toMatch(/^Examples:[^]*\nExit codes:/);
  });

  test("of a session's commands has all options, of others their own", () => {
    expect(helpOf("run", "--help")).toContain("\nCost:\n  --dry-run  ");
    expect(helpOf("run", "--help")).not.toContain("--command");
    expect(helpOf("procedures", "--help")).not.toContain("--dry-run");
    expect(helpOf("serve", "--help")).not.toContain("[]");
  });

  test("of what is no command is a mistake", () => {
    const ask = () => parseCommandLine(["help", "connect", "ad"]);
    expect(ask).toThrow('cli/unknown-command: there is no command "ad"');
    const hint = expect.stringContaining('"add"');
    expect(ask).toThrow(expect.objectContaining({ diagnostics: [expect.objectContaining({ hint })] }));
  });
});

test("help lists the commands, and a mistake is held against their options too", () => {
  expect(parseCommandLine(["-h"])).toMatchObject({
    kind: "text",
    text: expect.stringContaining("procedures"),
  });
  expect(() => parseCommandLine(["--jsn"])).toThrow(
    expect.objectContaining({
      diagnostics: [expect.objectContaining({ hint: expect.stringContaining("--json") })],
    }),
  );
});
