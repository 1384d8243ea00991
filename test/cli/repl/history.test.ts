/** What is kept of what was typed, and where. */
import { mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { holdsSecret, withEntry } from "../../../src/cli/repl/edit/history.ts";
import { HistoryFile, historyPath } from "../../../src/cli/repl/history-file.ts";

const folder = (): string => mkdtempSync(join(tmpdir(), "callsql-"));

describe("entries", () => {
  test("not twice in a row, not empty, not past the limit", () => {
    expect(withEntry(["a"], "a")).toEqual(["a"]);
    expect(withEntry(["a"], "  ")).toEqual(["a"]);
    expect(withEntry(["a", "b"], "a")).toEqual(["a", "b", "a"]);
    expect(withEntry(["a", "b"], "c", 2)).toEqual(["b", "c"]);
  });

  test.each([
    "select 'sk-abcdefgh12345678'",
    "select 'sk-proj-abc_def-123'",
    "-- Bearer abcdef123456",
    "select 'ghp_abcdefghijklmnop'",
    "set :api_key = 'whatever it is'",
    "select 'AKIAIOSFODNN7EXAMPLE'",
  ])("%s is not kept", (text) => {
    expect(holdsSecret(text)).toBe(true);
  });

  test.each([
    "select 'task-force'",
    "select token from t",
    "select sk from keys",
    "select password from users",
  ])("%s is", (text) => {
    expect(holdsSecret(text)).toBe(false);
  });
});

describe("the file", () => {
  test("keeps statements of several lines, for its owner alone", async () => {
    const path = join(folder(), "deep/er/history");
    const history = new HistoryFile(path);
    await history.load();
    await history.add("select 1\nfrom t;");
    await history.add("select 'sk-abcdefgh12345678';");
    const again = new HistoryFile(path);
    await again.load();
    expect(again.entries).toEqual(["select 1\nfrom t;"]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(path, "..")).mode & 0o777).toBe(0o700);
  });

  test("two sessions do not lose each other's entries", async () => {
    const path = join(folder(), "history");
    const [one, two] = [new HistoryFile(path), new HistoryFile(path)];
    await Promise.all([one.load(), two.load()]);
    await one.add("a;");
    await two.add("b;");
    const again = new HistoryFile(path);
    await again.load();
    expect(again.entries).toEqual(["a;", "b;"]);
  });

  test("a line that is no entry is passed over", async () => {
    const path = join(folder(), "history");
    writeFileSync(path, '"a;"\nrubbish\n42\n"b;"\n');
    const history = new HistoryFile(path);
    await history.load();
    expect(history.entries).toEqual(["a;", "b;"]);
  });

  test("is written anew when it has grown long", async () => {
    const path = join(folder(), "history");
    writeFileSync(path, Array.from({ length: 5000 }, (_, index) => `"${index};"\n`).join(""));
    await new HistoryFile(path).load();
    expect(readFileSync(path, "utf8").split("\n")).toHaveLength(2001);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("one that cannot be written is no reason to stop", async () => {
    const history = new HistoryFile("/dev/null/history");
    await history.load();
    await history.add("a;");
    expect(history.entries).toEqual(["a;"]);
  });

  test("stands in the XDG state directory", () => {
    expect(historyPath({ XDG_STATE_HOME: "/s", HOME: "/h" })).toBe("/s/callsql/history");
    expect(historyPath({ XDG_STATE_HOME: "relative", HOME: "/h" })).toBe("/h/.local/state/callsql/history");
    expect(historyPath({ HOME: "/h" })).toBe("/h/.local/state/callsql/history");
    expect(historyPath({ HOME: "/h", CALLSQL_HISTORY: "/x" })).toBe("/x");
    expect(historyPath({ HOME: "/h", CALLSQL_HISTORY: "" })).toBeUndefined();
  });
});
