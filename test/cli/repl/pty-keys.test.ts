/** Keys, signals and half-told terminals, in a pseudo-terminal: what leaves the prompt, and what comes back to it. */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { faults, startOpenAIServer } from "../../support/openai-server.ts";
import { keys, startPty, type Pty, type PtyOptions } from "./support/pty.ts";

async function atPrompt(options: PtyOptions = {}): Promise<Pty> {
  const pty = startPty(options);
  await pty.prompt();
  return pty;
}

describe("keys", () => {
  test("Ctrl-L clears the screen and keeps what is being written", async () => {
    await using pty = await atPrompt();
    pty.type(`select 'above' as x;${keys.enter}`);
    await expect(pty).toShow("│ above │");
    await pty.prompt();
    pty.type(`select 'kept'${keys.ctrl("l")}`);
    await expect(pty).toShow(/^memory \(no connection\)> select 'kept'$/);
  });

  test("Ctrl-Z leaves for the shell, fg comes back to the text", async () => {
    await using pty = startPty({ shell: "PS1='sh$ ' exec sh -i" });
    await expect(pty).toShow(/sh\$$/);
    const root = new URL("../../../", import.meta.url).pathname;
    pty.type(`'${process.execPath}' '${root}bin/callsql.js'${keys.enter}`);
    await pty.prompt();
    pty.type(`select 'un`);
    await expect(pty).toShow(/> select 'un$/);
    pty.type(keys.ctrl("z"));
    await expect(pty).toShow(/(Stopped|stopped|Suspended)[^]*sh\$ ?$/i);
    pty.type(`fg${keys.enter}`);
    await expect(pty).toShow(/> select 'un$/);
    pty.type(`broken' as x;${keys.enter}`);
    await expect(pty).toShow("│ unbroken │");
    pty.type(`.quit${keys.enter}`);
    await expect(pty).toShow(/\.quit\n[^]*sh\$ ?$/);
    pty.type(`exit${keys.enter}`);
    await pty.exitCode;
  });

  test("a search that finds nothing says so and gives the text back; keys without a meaning do nothing", async () => {
    await using pty = await atPrompt();
    pty.type(`select 1${keys.ctrl("r")}zzz`);
    await expect(pty).toShow("no match for 'zzz'");
    pty.type(keys.escape);
    await expect(pty).toShow(/> select 1$/);
    pty.type(`\u001b[15~\u001b[24~ as n;${keys.enter}`);
    await expect(pty).toShow(/n[^]*1 row/);
  });

  test("the menu is walked backwards with Shift-Tab; folders stand in it without hidden files", async () => {
    const folder = mkdtempSync(join(tmpdir(), "callsql-menu-"));
    for (const name of ["b.csv", "a.csv", ".hidden.csv"]) writeFileSync(join(folder, name), "x\n1\n");
    mkdirSync(join(folder, "c"));
    await using pty = await atPrompt({ folder });
    pty.type(`.import ${keys.tab}`);
    await expect(pty).toShow(/a\.csv[^]*b\.csv[^]*c\//);
    expect(pty.screen()).not.toContain(".hidden");
    pty.type(`${keys.tab}${keys.tab}\u001b[Z`);
    await expect(pty).toShow(/\.import a\.csv/);
  });

  test("Tab at a question that wants no file offers nothing", async () => {
    await using pty = await atPrompt();
    pty.type(`select :v as v;${keys.enter}`);
    await expect(pty).toShow(/:v =$/);
    pty.type(`4${keys.tab}2${keys.enter}`);
    await expect(pty).toShow("│ 42 │");
  });
});

describe("an end that is asked for", () => {
  test.each([
    ["at the prompt", "select 1", /> select 1$/],
    ["while a call is in flight", `call GenerateResponse('hello');${keys.enter}`, "0/1 calls"],
  ])("by SIGTERM %s leaves the terminal as it was, with the exit code of a shell", async (_, text, seen) => {
    await using server = await startOpenAIServer({ faults: [faults.delay(60_000)] });
    const folder = mkdtempSync(join(tmpdir(), "callsql-term-"));
    await using pty = startPty({
      folder,
      env: { OPENAI_API_KEY: "sk-test", OPENAI_BASE_URL: server.url },
      shell: `sh -c 'echo $$ > pid; exec callsql'; echo code $?; stty -a | grep -o '[-]*icanon'`,
    });
    await pty.prompt();
    pty.type(text);
    await expect(pty).toShow(seen);
    process.kill(Number(readFileSync(join(folder, "pid"), "utf8")), "SIGTERM");
    await expect(pty).toShow(/code 143\nicanon/);
  });
});

describe("TERM=dumb", () => {
  test("Ctrl-C forgets what was written, questions are lines, and an end of input runs what lacks its semicolon", async () => {
    await using pty = await atPrompt({ env: { TERM: "dumb" } });
    pty.type(`select 'forgotten'${keys.enter}`);
    await expect(pty).toShow(/\.\.\.>$/);
    pty.type(keys.ctrl("c"));
    await pty.prompt();
    pty.type(`select :v as v;${keys.enter}`);
    await expect(pty).toShow(/:v =$/);
    pty.type(`42${keys.enter}`);
    await expect(pty).toShow("│ 42 │");
    await pty.prompt();
    pty.type(`select :w as w;${keys.enter}`);
    await expect(pty).toShow(/:w =$/);
    pty.type(keys.ctrl("c"));
    await pty.prompt();
    pty.type(`select 'last' as l${keys.enter}`);
    await expect(pty).toShow(/last[^]*\.\.\.>$/);
    pty.type(keys.ctrl("d"));
    await expect(pty).toShow("│ last │");
    expect(await pty.exitCode).toBe(0);
    expect(pty.screen()).not.toContain("│ forgotten");
  });

  test("an edited text is shown, and Enter runs it", async () => {
    await using pty = await atPrompt({ env: { TERM: "dumb", EDITOR: "sed -i s/1/42/" } });
    pty.type(`select 1 as a;${keys.enter}`);
    await expect(pty).toShow(/1 row/);
    await pty.prompt();
    pty.type(`.edit${keys.enter}`);
    await expect(pty).toShow(/\nselect 42 as a;\n *\.\.\.>$/);
    pty.type(keys.enter);
    await expect(pty).toShow("│ 42 │");
  });
});
