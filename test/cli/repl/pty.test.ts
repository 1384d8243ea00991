/** The prompt as people meet it: the built command in a pseudo-terminal. Needs dist/, which `npm test` builds. */
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { faults, startOpenAIServer } from "../../support/openai-server.ts";
import { imageBytes } from "../../support/tiny-media.ts";
import { keys, startPty, type Pty, type PtyOptions } from "./support/pty.ts";

async function atPrompt(options: PtyOptions = {}): Promise<Pty> {
  const pty = startPty(options);
  await pty.prompt();
  return pty;
}

const offline = { args: ["--connection", "offline"] };

describe("writing", () => {
  test("a statement over two lines runs at its semicolon, and the last line says what it took", async () => {
    await using pty = await atPrompt();
    pty.type(`select 1 as one,${keys.enter}'zwei' as two;${keys.enter}`);
    const screen = await pty.see(/1 row, [\d.]+ s/);
    expect(screen).toContain("memory (no connection)> select 1 as one,");
    expect(screen).toContain("...> 'zwei' as two;");
    expect(screen).toContain("│ one │ two  │");
  });

  test("the cursor goes up into an earlier line and changes it", async () => {
    await using pty = await atPrompt();
    pty.type(`select 'ax' as a,${keys.enter}2 as b`);
    await expect(pty).toShow("...> 2 as b");
    pty.type(`${keys.up}${keys.home}${keys.right.repeat(9)}${keys.backspace}X`);
    await expect(pty).toShow("select 'Xx' as a");
    pty.type(`${keys.down}${keys.end};${keys.enter}`);
    await expect(pty).toShow(/│ Xx │ 2 │/);
  });

  test("Alt-Enter begins a line behind a semicolon too", async () => {
    await using pty = await atPrompt();
    pty.type(`select 1;${keys.altEnter}select 2;${keys.enter}`);
    const screen = await pty.see(/1 row.*1 row/s);
    expect(screen).toContain("...> select 2;");
  });

  test("a pasted script runs as a whole, and each statement is an entry of the history", async () => {
    await using pty = await atPrompt();
    const script = "create table t(a);\ninsert into t values (1),(2);\nselect sum(a) as total\nfrom t;";
    pty.type(keys.pasted(script));
    await expect(pty).toShow("from t;");
    expect(pty.screen()).not.toContain("changed");
    pty.type(keys.enter);
    await expect(pty).toShow(/│ +3 │/);
    pty.type(keys.up);
    await expect(pty).toShow(/> select sum\(a\) as total\n.*from t;$/);
    pty.type(`${keys.up}${keys.up}`);
    await expect(pty).toShow(/> insert into t values \(1\),\(2\);$/);
  });

  test("wide and combining characters keep the cursor where it belongs", async () => {
    await using pty = await atPrompt();
    const start = pty.cursor().column;
    pty.type("'日本e\u0301👨‍👩‍👧'");
    await expect(pty).toShow("'日本e\u0301👨‍👩‍👧'");
    expect(pty.cursor().column).toBe(start + 1 + 4 + 1 + 2 + 1);
    pty.type(`${keys.left}${keys.left}${keys.left}${keys.left}|`);
    await expect(pty).toShow("'日|本");
    expect(pty.cursor().column).toBe(start + 4);
  });

  test("a narrower terminal shows the text anew", async () => {
    await using pty = await atPrompt();
    pty.type(`select '${"abcdefghij".repeat(4)}'`);
    await expect(pty).toShow("abcdefghij'");
    pty.resize(60, 24);
    pty.type(" as x");
    const screen = await pty.see("as x");
    expect(screen.replaceAll("\n", "")).toContain(`select '${"abcdefghij".repeat(4)}' as x`);
    expect(screen.match(/no connection/g)).toHaveLength(1);
    pty.type(`;${keys.enter}`);
    await expect(pty).toShow(/1 row/);
  });

  test("Ctrl-C forgets the text, Ctrl-D leaves with 0", async () => {
    await using pty = await atPrompt();
    pty.type(`select nonsense${keys.ctrl("c")}`);
    await expect(pty).toShow(/nonsense\n.*\)> ?$/);
    pty.type(keys.ctrl("d"));
    expect(await pty.exitCode).toBe(0);
  });

  test("what is written is coloured, unless NO_COLOR", async () => {
    await using colourful = await atPrompt();
    colourful.type("select ");
    await expect(colourful).toShow("select");
    expect(colourful.raw).toContain("\u001b[34mselect");
    await using plain = await atPrompt({ env: { NO_COLOR: "1" } });
    plain.type("select ");
    await expect(plain).toShow("select");
    expect(plain.raw).not.toContain("\u001b[34m");
  });

  test("Ctrl-O hands the text to $EDITOR", async () => {
    await using pty = await atPrompt({ env: { EDITOR: "sed -i s/1/42/" } });
    pty.type(`select 1 as x;${keys.ctrl("o")}`);
    await expect(pty).toShow("select 42 as x;");
    pty.type(keys.enter);
    await expect(pty).toShow("│ 42 │");
    pty.type(`\\e${keys.enter}`);
    await expect(pty).toShow(/> select 42 as x;$/);
  });
});

describe("history", () => {
  test("outlives the session in a file for its owner alone, without keys", async () => {
    const folder = (await useOnce(`select 'first';${keys.enter}`, /1 row/)).folder;
    const file = join(folder, ".local/state/callsql/history");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await using pty = await atPrompt({ folder });
    pty.type(`select 'sk-abcdefghijklmnop';${keys.enter}`);
    await expect(pty).toShow(/1 row/);
    await pty.prompt();
    pty.type(keys.up);
    await expect(pty).toShow(/> select 'first';$/);
    expect(readFileSync(file, "utf8")).not.toContain("sk-");
  });

  test("a script of many statements is one entry", async () => {
    await using pty = await atPrompt();
    pty.type(`select 'before';${keys.enter}`);
    await expect(pty).toShow(/1 row/);
    pty.type(`${keys.pasted("select 1;".repeat(60))}${keys.enter}select 'after';${keys.enter}`);
    await expect(pty).toShow("│ after ");
    await pty.prompt();
    pty.type(`${keys.ctrl("p")}${keys.ctrl("p")}${keys.ctrl("p")}`);
    await expect(pty).toShow(/> select 'before';$/);
  });

  test("Up looks for what begins as the text, Ctrl-R for what contains it", async () => {
    await using pty = await atPrompt();
    for (const text of ["select 'apple';", "values ('pear');", "select 'plum';"]) {
      pty.type(`${text}${keys.enter}`);
      await expect(pty).toShow(new RegExp(`${text.replaceAll(/[()]/g, "\\$&")}[^]*1 row[^]*> ?$`));
    }
    pty.type(`val${keys.up}`);
    await expect(pty).toShow(/> values \('pear'\);$/);
    pty.type(`${keys.ctrl("c")}${keys.ctrl("r")}app`);
    await expect(pty).toShow(/> select 'apple';\nsearch back for 'app'/);
    pty.type(keys.enter);
    await expect(pty).toShow(/apple';\n[^]*│ apple/);
  });
});

async function useOnce(text: string, seen: RegExp): Promise<Pty> {
  await using pty = await atPrompt();
  pty.type(text);
  await expect(pty).toShow(seen);
  await pty.prompt();
  pty.type(keys.ctrl("d"));
  await pty.exitCode;
  return pty;
}

describe("completion", () => {
  test("procedures come with their signature, parameters with type and required mark", async () => {
    await using pty = await atPrompt(offline);
    pty.type(`call generater${keys.tab}`);
    await expect(pty).toShow("call GenerateResponse(");
    pty.type(keys.tab);
    await expect(pty).toShow(/Message =>\s+text, required/);
    pty.type(keys.tab);
    await expect(pty).toShow("GenerateResponse(Message => ");
  });

  test("tables, columns and files", async () => {
    await using pty = await atPrompt();
    writeFileSync(
      join(pty.folder, "photo-of-a-cat.png"),
      imageBytes("png", { width: 3, height: 2, seed: "cat" }),
    );
    pty.type(`create table fruits(name text, weight real);${keys.enter}`);
    await expect(pty).toShow("done, ");
    pty.type(`select wei${keys.tab}`);
    await expect(pty).toShow("select wei");
    pty.type(`${keys.ctrl("u")}select * from fru${keys.tab}`);
    await expect(pty).toShow("from fruits");
    pty.type(`${keys.ctrl("u")}select * from sys_ca${keys.tab}`);
    await expect(pty).toShow("from sys_calls");
    pty.type(`${keys.ctrl("u")}select readfile('pho${keys.tab}) as x;${keys.enter}`);
    await expect(pty).toShow("<image/png 3x2, ");
    pty.type(`.tim${keys.tab}off${keys.enter}`);
    await expect(pty).toShow(".timer off");
  });

  test("the menu is walked with Tab and left with Escape", async () => {
    await using pty = await atPrompt(offline);
    pty.type(`call gene${keys.tab}`);
    await expect(pty).toShow(/Generate\n GenerateResponse\(/);
    pty.type(`${keys.tab}${keys.tab}`);
    await expect(pty).toShow("call GenerateImage(\n");
    pty.type(keys.escape);
    await expect(pty).toShow(/call Generate$/);
  });
});

describe("running", () => {
  test("a missing bind is asked for with type and description; a value out of range is asked for again", async () => {
    await using server = await startOpenAIServer();
    await using pty = await atPrompt({ env: { OPENAI_API_KEY: "sk-test", OPENAI_BASE_URL: server.url } });
    pty.type(`call GenerateResponse(:Message, Temperature => :t);${keys.enter}`);
    const screen = await pty.see(/:Message =$/);
    expect(screen).toMatch(/:Message {2}text, required — /);
    pty.type(`What is a fjord?${keys.enter}`);
    await expect(pty).toShow(/:t =$/);
    pty.type(`7${keys.enter}`);
    await expect(pty).toShow("cli/bad-answer");
    pty.type(`0.5${keys.enter}`);
    await expect(pty).toShow(/1 row, .* 1 call made/);
    expect(server.requests[0]?.body).toMatchObject({ input: "What is a fjord?", temperature: 0.5 });
  });

  test(".param sets a bind, lists and unsets it", async () => {
    await using pty = await atPrompt();
    pty.type(`.param set n 41${keys.enter}select :n + 1 as x;${keys.enter}`);
    await expect(pty).toShow("│ 42 │");
    pty.type(`.param list${keys.enter}`);
    await expect(pty).toShow(":n  number  41");
    pty.type(`.param unset n${keys.enter}select :n as y;${keys.enter}`);
    await expect(pty).toShow(/:n =$/);
    pty.type(`seven${keys.enter}`);
    await expect(pty).toShow("│ seven │");
  });

  test("whoever set a bind last is heard: SET takes over from .param", async () => {
    await using pty = await atPrompt();
    pty.type(`.param set n 41${keys.enter}set :n = 7;${keys.enter}select :n as x;${keys.enter}`);
    await expect(pty).toShow("│ 7 │");
  });

  test("Ctrl-C at a question leaves the statement", async () => {
    await using pty = await atPrompt();
    pty.type(`select :n;${keys.enter}`);
    await expect(pty).toShow(/:n =$/);
    pty.type(keys.ctrl("c"));
    await expect(pty).toShow(/\)> ?$/);
    pty.type(`select 'on' as w;${keys.enter}`);
    await expect(pty).toShow("│ on │");
  });

  test("a bytes parameter takes a file name, with completion", async () => {
    await using server = await startOpenAIServer();
    await using pty = await atPrompt({
      env: { OPENAI_API_KEY: "sk-test", OPENAI_BASE_URL: server.url },
      args: ["-o", "csv"],
    });
    const image = imageBytes("png", { width: 3, height: 2, seed: "cat" });
    writeFileSync(join(pty.folder, "photo.png"), image);
    pty.type(`select AnalyzeImage(:Image, 'What is this?') as x;${keys.enter}`);
    await expect(pty).toShow(/:Image {2}a file name, required/);
    pty.type(`pho${keys.tab}`);
    await expect(pty).toShow(/:Image = photo\.png$/);
    pty.type(keys.enter);
    await expect(pty).toShow("1 call made");
    expect(JSON.stringify(server.requests[0]?.body)).toContain(image.toString("base64"));
  });

  test("keys typed while a statement runs are the next input", async () => {
    await using server = await startOpenAIServer({ faults: [faults.delay(700)] });
    await using pty = await atPrompt({ env: { OPENAI_API_KEY: "sk-test", OPENAI_BASE_URL: server.url } });
    pty.type(`select GenerateResponse('hello') as a;${keys.enter}`);
    await expect(pty).toShow("0/1 calls");
    pty.type(`select 'ahead' as b;${keys.enter}`);
    await expect(pty).toShow(/1 call made[^]*│ ahead │/);
  });

  test("Ctrl-C ends a statement whose call is in flight, and the prompt goes on", async () => {
    await using server = await startOpenAIServer({ faults: [faults.delay(60_000)] });
    await using pty = await atPrompt({ env: { OPENAI_API_KEY: "sk-test", OPENAI_BASE_URL: server.url } });
    pty.type(`call GenerateResponse('hello');${keys.enter}`);
    await expect(pty).toShow("0/1 calls");
    pty.type(keys.ctrl("c"));
    await expect(pty).toShow("error[call/cancelled]");
    await pty.prompt();
    pty.type(`select 1 + 1 as two;${keys.enter}`);
    await expect(pty).toShow("│   2 │");
  });

  test("Ctrl-C twice ends even a statement that SQLite computes for ever", async () => {
    await using pty = await atPrompt();
    pty.type(`with recursive n(i) as (values(1) union all select i+1 from n) select count(*) from n;`);
    await expect(pty).toShow("from n;");
    pty.type(keys.enter);
    const again = setInterval(() => pty.type(keys.ctrl("c")), 300);
    await pty.exitCode.finally(() => clearInterval(again));
    expect(pty.raw).toContain("ended while SQLite was computing");
  });

  test("a mistake stops what was pasted behind it", async () => {
    await using pty = await atPrompt();
    pty.type(`${keys.pasted("select 1;\nselect * from nowhere;\nselect 'never';")}${keys.enter}`);
    await expect(pty).toShow("error[sql/");
    await pty.prompt();
    expect(pty.screen()).not.toContain("│ never");
    expect(pty.screen()).toContain("what stood behind it was not run");
    pty.type(keys.up);
    await expect(pty).toShow(/> select 'never';$/);
    pty.type(keys.up);
    await expect(pty).toShow(/> select \* from nowhere;$/);
  });

  test("values are cut to the terminal's width, and that is said", async () => {
    await using pty = await atPrompt();
    pty.type(
      `select 1 as n, '${"日本語".repeat(10)}' as t union all select 2, printf('%.*c', 500, 'x');${keys.enter}`,
    );
    const screen = await pty.see("cut to fit");
    const lines = screen.split("\n").filter((line) => line.startsWith("│"));
    expect(lines.every((line) => line.endsWith("│"))).toBe(true);
  });

  test("results that fit no table are shown on their side", async () => {
    await using pty = await atPrompt({ columns: 50 });
    pty.type(`select 'a longer text' as f, 'and another' as g, 'and a third one' as h, 4 as i;${keys.enter}`);
    await expect(pty).toShow("f = a longer text");
  });

  test("long results go through the pager", async () => {
    await using pty = await atPrompt({ env: { PAGER: "head -2; cat >/dev/null; echo PAGED" } });
    pty.type(`with recursive n(i) as (values(1) union all select i+1 from n where i<100) select i from n;`);
    pty.type(keys.enter);
    await expect(pty).toShow("PAGED");
    await expect(pty).toShow("100 rows");
  });

  test("a pager that is left early leaves the prompt, and what the statement took", async () => {
    await using pty = await atPrompt({ env: { PAGER: "head -2" } });
    pty.type(
      `with recursive n(i) as (values(1) union all select i+1 from n where i<100000) select i from n;`,
    );
    pty.type(keys.enter);
    await expect(pty).toShow(/rows, [\d.]+ s {2}\(until the pager was left\)/);
    await pty.prompt();
  });

  test("images are drawn where the terminal can, and .save writes them", async () => {
    await using pty = await atPrompt({ env: { KITTY_WINDOW_ID: "1" } });
    const image = imageBytes("png", { width: 3, height: 2, seed: "cat" });
    writeFileSync(join(pty.folder, "in.png"), image);
    pty.type(`select readfile('in.png') as photo;${keys.enter}`);
    await expect(pty).toShow("1 row");
    expect(pty.raw).toContain("\u001b_Ga=T,f=100");
    pty.type(`.save out${keys.enter}`);
    await expect(pty).toShow("1 file saved");
    expect(readFileSync(join(pty.folder, "out/photo-1.png")).equals(image)).toBe(true);
  });
});

test("iTerm2 gets an image as a file of its own kind, as wide as its name and size say", async () => {
  await using pty = await atPrompt({ env: { TERM_PROGRAM: "iTerm.app" } });
  const image = imageBytes("png", { width: 3, height: 2, seed: "cat" });
  writeFileSync(join(pty.folder, "in.png"), image);
  pty.type(`select readfile('in.png') as photo;${keys.enter}`);
  await expect(pty).toShow("1 row");
  expect(pty.raw).toContain(`\u001b]1337;File=inline=1;size=${image.byteLength};`);
  expect(pty.raw).toContain(`:${image.toString("base64")}\u0007`);
});

describe("the editor of one's choice", () => {
  const editor = (line: string): PtyOptions => ({ env: { EDITOR: `sh -c '${line}' editor` } });

  test(".edit writes the last statement anew, and it waits to be run", async () => {
    await using pty = await atPrompt(editor('sed s/1/41+1/ "$1" > "$1.new"; mv "$1.new" "$1"'));
    pty.type(`select 1 as x;${keys.enter}`);
    await expect(pty).toShow("1 row");
    pty.type(`.edit${keys.enter}`);
    await expect(pty).toShow(/> select 41\+1 as x;$/);
    pty.type(keys.enter);
    await expect(pty).toShow("│ 42 │");
  });

  test("Ctrl-O edits what is being written, over several lines", async () => {
    await using pty = await atPrompt(editor('echo "select 2 as two;" >> "$1"'));
    pty.type(`select 1 as one;${keys.ctrl("o")}`);
    await expect(pty).toShow(/> select 1 as one;\n.*> select 2 as two;$/);
    pty.type(keys.enter);
    await expect(pty).toShow("│ two │");
    expect(pty.screen()).toContain("│ one │");
  });

  test("an editor that fails is said, and the text is still there", async () => {
    await using pty = await atPrompt(editor("exit 3"));
    pty.type(`select 'kept'${keys.ctrl("o")}`);
    await expect(pty).toShow("error[cli/editor-failed]");
    await expect(pty).toShow(/> select 'kept'$/);
  });
});

describe("strangers", () => {
  test("exit inside of a statement is hinted at, at its start it leaves; .help goes through the pager", async () => {
    await using pty = await atPrompt({ env: { PAGER: "head -3; cat >/dev/null; echo PAGED" } });
    pty.type(`select 1${keys.enter}exit${keys.enter}`);
    await expect(pty).toShow("exit is a part of the statement now: ; ends it, Ctrl-C forgets it");
    pty.type(`${keys.ctrl("c")}help${keys.enter}`);
    await expect(pty).toShow("PAGED");
    await pty.prompt();
    pty.type(`exit${keys.enter}`);
    expect(await pty.exitCode).toBe(0);
  });

  test("images are cells where there is nothing better, and the terminal stays as it was", async () => {
    await using pty = await atPrompt({ env: { COLORTERM: "truecolor" } });
    const image = imageBytes("png", { width: 3, height: 2, seed: "cat" });
    writeFileSync(join(pty.folder, "in.png"), image);
    pty.type(`select readfile('in.png') as photo;${keys.enter}`);
    await expect(pty).toShow(/▀▀▀\n1 row, /);
    expect(pty.raw).toMatch(/38;2;\d+;\d+;\d+/);
    pty.type(`call GenerateResponse('a', Model => '${keys.tab}`);
    await expect(pty).toShow(/gpt-\S+' +USD [^\n]+ per 1M tokens/);
  });
});

describe("dot-commands", () => {
  test("one that is unknown gets the nearest one", async () => {
    await using pty = await atPrompt();
    pty.type(`.tabels${keys.enter}`);
    await expect(pty).toShow('did you mean ".tables"?');
  });

  test(".import, .mode, .once, .read and .cost work together", async () => {
    await using pty = await atPrompt();
    writeFileSync(join(pty.folder, "t.csv"), "id,name\n1,Ann\n2,Bob\n");
    writeFileSync(join(pty.folder, "s.sql"), ".mode csv\nselect name from t order by id;\n.mode box\n");
    pty.type(
      `.import t.csv t${keys.enter}.once o.csv${keys.enter}.read s.sql${keys.enter}.cost${keys.enter}`,
    );
    await expect(pty).toShow("no calls");
    await pty.prompt();
    expect(readFileSync(join(pty.folder, "s.sql"), "utf8")).toContain("select");
    pty.type(`.read s.sql${keys.enter}`);
    await expect(pty).toShow(/name\nAnn\nBob\n/);
  });

  test(".runs shows what was bought, .cost what this session spent", async () => {
    await using server = await startOpenAIServer();
    await using pty = await atPrompt({ env: { OPENAI_API_KEY: "sk-test", OPENAI_BASE_URL: server.url } });
    pty.type(`select GenerateResponse('hello') as a;${keys.enter}.cost${keys.enter}.runs${keys.enter}`);
    await expect(pty).toShow("1 statement, 1 call made, ");
    await expect(pty).toShow(/finished|succeeded|running/);
  });

  test(".quit leaves", async () => {
    await using pty = await atPrompt();
    pty.type(`.quit${keys.enter}`);
    expect(await pty.exitCode).toBe(0);
  });
});

describe("terminals that cannot be drawn on", () => {
  test("standard output that goes elsewhere holds results alone", async () => {
    const pty = startPty({ shell: "callsql -o csv > out.csv" });
    await expect(pty).toShow(/\)> ?$/);
    pty.type(`select 1 as one;${keys.enter}.quit${keys.enter}`);
    expect(await pty.exitCode).toBe(0);
    expect(readFileSync(join(pty.folder, "out.csv"), "utf8")).toBe("one\n1\n");
  });

  test("TERM=dumb reads plain lines and writes no escape sequence", async () => {
    await using pty = await atPrompt({ env: { TERM: "dumb" } });
    pty.type(`select 1 as one,\r2 as two;\r`);
    await expect(pty).toShow(/│ +1 │ +2 │/);
    pty.type(`select 3\rexit\r;\r`);
    await expect(pty).toShow("(exit is a part of the statement");
    expect(pty.raw).not.toContain("\u001b");
    pty.type(keys.ctrl("d"));
    expect(await pty.exitCode).toBe(0);
  });
});
