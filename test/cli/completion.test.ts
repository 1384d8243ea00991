/** `callsql completion`: the script for bash in a real bash; what the other shells get, as text. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { fakeTerminal } from "./support/terminal.ts";

async function scriptOf(shell: string): Promise<string> {
  const terminal = fakeTerminal({});
  expect(await main(["completion", shell], terminal)).toBe(0);
  return terminal.out();
}

describe("bash", () => {
  let script: string;
  beforeAll(async () => {
    script = await scriptOf("bash");
  });

  /** As bash calls the function: `=` is a word of its own. */
  const complete = (...words: readonly string[]): string[] => completeIn(process.env["PATH"] ?? "", words);

  function completeIn(path: string, words: readonly string[]): string[] {
    const ask = `${script}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _callsql; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, status, stderr } = spawnSync("bash", ["--norc", "-c", ask, "bash", "callsql", ...words], {
      encoding: "utf8",
      env: { ...process.env, PATH: path },
    });
    expect({ status, stderr: stderr.replace(/.*compopt.*\n/g, "") }).toEqual({ status: 0, stderr: "" });
    return stdout.split("\n").filter((line) => line !== "");
  }

  test.each([
    [["proc"], "procedures"],
    [["-o", "mark"], "markdown"],
    [["--format", "nd"], "ndjson"],
    [["procedures", "GenerateR"], "GenerateResponse"],
    [["--keep"], "--keep-going"],
    [["--csv"], "--csv-safe"],
    [["run", "--fre"], "--fresh"],
    [["runs", "--pru"], "--prune"],
    [["-p", "Model"], "Model="],
    [["-p", "Model", "=", "text-embedding-3-s"], "text-embedding-3-small"],
    [["--set", "max_cost_"], "max_cost_per_day="],
    [["completion", "z"], "zsh"],
    [["serve", "tok"], "token"],
    [["--db", "package.js"], "package.json"],
    [["-p", "Image", "=", "package.js"], "package.json"],
  ])("%j becomes %s", (words, expected) => {
    expect(complete(...words)).toEqual([expected]);
  });

  test.each([
    ["of the option", ["--connection", "work"]],
    ["to be tested", ["connect", "test", "work"]],
  ])("a connection %s is one of those there are at that time", (_, words) => {
    const folder = mkdtempSync(join(tmpdir(), "callsql-completion-"));
    const bin = join(folder, "callsql");
    writeFileSync(bin, "#!/bin/sh\nprintf 'name\\tkind\\nopenai\\tx\\nworkplace\\tx\\noffline\\tx\\n'\n", {
      mode: 0o755,
    });
    expect(completeIn([folder, process.env["PATH"]].join(delimiter), words)).toEqual(["workplace"]);
  });

  test("a text of SQL is nobody's to complete", () => {
    expect(complete("-c", "sel")).toEqual([]);
  });
});

test.each([
  ["zsh", "'procedures:list the procedures"],
  ["zsh", "'*--connection[openai"],
  ["fish", "-a procedures -d 'list the procedures"],
  ["fish", "Model=gpt-4o"],
])("%s is told %s", async (shell, text) => {
  expect(await scriptOf(shell)).toContain(text);
});

test("another shell is a mistake of the command line", async () => {
  const terminal = fakeTerminal({});
  expect(await main(["completion", "zhs"], terminal)).toBe(2);
  expect(terminal.err()).toMatch(/cli\/unknown-shell.*"zhs"[^]*did you mean "zsh"/);
});
