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
