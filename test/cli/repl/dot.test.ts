/** Every dot-command, in a prompt whose keys are lines: what it says, what it changes, and what it refuses. */
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parquetReadObjects } from "hyparquet";
import { describe, expect, test } from "vitest";
import { dotCommands } from "../../../src/cli/repl/dot/commands.ts";
import { imageBytes } from "../../support/tiny-media.ts";
import { typedIn, type Said } from "./support/typed.ts";

const folder = mkdtempSync(join(tmpdir(), "callsql-dot-"));
const inFolder = (name: string): string => join(folder, name);
const typed = (lines: readonly string[], ...args: string[]): Promise<Said> => typedIn(folder, lines, args);

const people =
  "create table people(id integer primary key, name text); create index by_name on people(name);";

describe("what there is", () => {
  test(".help lists all, or explains one; a bare help is the same", async () => {
    const { out } = await typed(["help"]);
    for (const { name } of dotCommands) expect(out).toContain(`.${name} `);
    expect((await typed([".help once"])).out).toBe(
      ".once FILE              write the next result to a file\n",
    );
    expect((await typed([".help onec"])).err).toContain('did you mean ".once"?');
  });

  test(".tables and .schema, with a pattern or a table", async () => {
    const { out } = await typed([people, ".tables peo%", ".schema people"]);
    expect(out).toMatch(/│ main +│ people │ table │ +2 │/);
    expect(out).toContain("CREATE TABLE people(id integer primary key, name text);\nCREATE INDEX by_name");
    const nothing = await typed([".tables nothing%", ".schema nothing"]);
    expect(nothing.out).toBe("");
    expect(nothing.err).toMatch(/none\n.*nothing of that name/s);
    const empty = await typed([".tables", ".schema"]);
    expect(empty.out).toBe("");
    expect(empty.err.match(/no tables yet: CREATE TABLE makes one/g)).toHaveLength(2);
  });

  test(".procedures and .describe, of a procedure, of a table, of neither", async () => {
    const { out } = await typed([".procedures moder", people, ".describe GetEmbeddings", ".describe people"]);
    expect(out).toMatch(/^ModerateText {2}\S/);
    expect(out).toMatch(/Text +text.*required/i);
    expect(out).toMatch(/│ name │ text +│/i);
    expect((await typed([".describe GetEmbedings"])).err).toContain('did you mean "GetEmbeddings"?');
    expect((await typed([".procedures xyz"])).err).toContain("no procedure has that in its name");
  });

  test(".schema and .describe of a system table say what its columns are", async () => {
    const { out, code } = await typed([".schema sys_runs", ".mode list", ".describe sys_calls"]);
    expect(out).toMatch(/^CREATE TABLE sys_runs\(\n {2}id INTEGER, -- Number of the run/);
    expect(out).toContain("  cost_usd REAL -- Cost by the price list");
    expect(out).toMatch(/^column\|10\|request\|text\|0\|\|What was sent as JSON/m);
    expect(code).toBe(0);
  });

  test(".databases and .indexes, of all or of a table", async () => {
    const { out } = await typed([
      "attach ':memory:' as other;",
      ".databases",
      people,
      ".indexes people",
      "\\di",
    ]);
    expect(out).toMatch(/main.*\n.*other/);
    expect(out.match(/by_name/g)).toHaveLength(4);
    expect((await typed([".indexes nothing"])).err).toContain("none");
  });

  test.each([
    [".headers on", "results have their header"],
    [".dump", ".mode insert TABLE"],
    ["\\c other.db", ".open FILE"],
    ["\\copy t", ".import FILE"],
    [".tabels", 'did you mean ".tables"?'],
    [".d", "so begin .databases and .describe"],
    [".v", ".help lists the commands"],
    [".h", 'did you mean ".help"?'],
  ])("what is elsewhere called %j has a hint", async (command, hint) => {
    const { err } = await typed([command]);
    expect(err).toContain("cli/unknown-dot-command");
    expect(err).toContain(hint);
  });
});

describe("the session", () => {
  test(".connection says and changes where calls go", async () => {
    const { out, err } = await typed([".connection", ".connection offline", ".connection"]);
    expect(out).toBe("none\noffline\noffline\n");
    expect(err).toContain("set OPENAI_API_KEY");
  });

  test(".connection stays where it is for a name that does not exist", async () => {
    const { out, err } = await typed([".connection offline", ".connection oflin", ".connection"]);
    expect(out).toBe("offline\noffline\n");
    expect(err).toMatch(/connect\/unknown\]: .*"oflin"\n {2}hint: did you mean "offline"\?/);
  });

  test(".param sets by form, lists and unsets", async () => {
    const file = inFolder("bytes.bin");
    writeFileSync(file, "abc");
    const { out, err } = await typed([
      ".param set n 41",
      `.param set b @${file}`,
      ".param set t '  it''s '",
      ".param set j json:[1, 2]",
      ".param list",
      "select :n + 1 as n, hex(:b) as b, :t as t, :j as j;",
      ".param unset n",
      ".param unset n",
      ".param clear",
      ".param",
      ".param set",
    ]);
    expect(out).toContain(":n  number  41\n:b  bytes  <blob, 3 bytes>\n:t  text    it's \n:j  text  [1,2]\n");
    expect(out).toMatch(/│ 42 │ 616263 │ {3}it's {2}│ \[1,2\] │/);
    expect(err).toContain("cli/unknown-param");
    expect(err).toContain("none; .param set NAME VALUE");
    expect(err).toContain("cli/dot-usage");
  });

  test(".show says what is set", async () => {
    const { out } = await typed([".timer off", ".mode csv", ".param set x 1", ".show"]);
    expect(out).toMatch(
      /database: :memory:\nconnection: none\n\s+mode: csv\n\s+timer: off\n\s+output: screen\n\s+param: :x\n/,
    );
  });

  test(".open leaves one database for another, and stays where the other is none", async () => {
    const file = inFolder("other.db");
    const { out, err } = await typed([
      `.open ${file}`,
      "create table kept(a); insert into kept values (7);",
      ".open",
      ".tables kept",
      `.open ${file}`,
      "select a from kept;",
      `.open ${inFolder("no/such/folder/x.db")}`,
      "select a + 1 as b from kept;",
    ]);
    expect(out.match(/│ kept/g)).toBeNull();
    expect(out).toContain("│ 7 │");
    expect(err).toContain("error[");
    expect(out).toContain("│ 8 │");
  });

  test(".timer switches the line behind each statement", async () => {
    const { err } = await typed([".timer off", "select 1;", ".timer", "select 2;", ".timer maybe"]);
    expect(err).toMatch(/^\.timer on$/m);
    expect(err).not.toMatch(/^\.timer off$/m);
    expect(err.match(/1 row, /g)).toHaveLength(1);
    expect(err).toContain("cli/dot-usage");
  });

  test(".cost, .runs and .explain say what calls cost", async () => {
    const { out, err } = await typed(
      [
        "select ModerateText('hello') as verdict;",
        ".cost",
        ".runs",
        ".explain select ModerateText('other')",
        ".runs nine",
        ".explain",
      ],
      "--connection",
      "offline",
    );
    expect(out).toContain("1 statement, 1 call made");
    expect(out).toMatch(/procedure.*ModerateText/s);
    expect(err).toContain("cli/dot-usage");
  });

  test(".quit, exit and Ctrl-D leave with 0, and nothing behind them runs", async () => {
    for (const word of [".quit", ".exit", "exit", "QUIT;", "\\q"]) {
      const { code, out } = await typed([word, "select 'never' as x;"]);
      expect([code, out]).toEqual([0, ""]);
    }
    expect((await typed([])).code).toBe(0);
  });
});

describe("results", () => {
  test(".mode writes them in every format, and only in one there is", async () => {
    const { out, err } = await typed([
      ".mode insert t",
      "select 1 as a;",
      ".mode",
      ".mode parquet",
      ".mode cvs",
      ".mode csv t",
    ]);
    expect(out).toBe('INSERT INTO "t"("a") VALUES(1);\ninsert\n');
    expect(err).toContain("cli/not-for-screen");
    expect(err).toContain('did you mean "csv"?');
    expect(err).toContain(".mode insert TABLE");
  });

  test(".expanded, which psql calls \\x, is a value a line until it is taken back", async () => {
    const { out } = await typed([
      "\\x",
      "select 1 as a, 2 as b;",
      "\\x",
      "select 3 as c;",
      ".expanded maybe",
    ]);
    expect(out).toMatch(/^a = 1\nb = 2\n[\s\S]*│ 3 │/);
    expect((await typed([".expanded maybe"])).err).toContain(".expanded on | off");
  });

  test(".once is for one result, by the file's ending; .output until it is taken back", async () => {
    const [csv, parquet, all] = [inFolder("o.csv"), inFolder("o.parquet"), inFolder("all.ndjson")];
    const { out } = await typed([
      `.once ${csv}`,
      "select 1 as a;",
      "select 2 as a;",
      `.once ${parquet}`,
      "select 3 as a, x'00' as b;",
      `.output ${all}`,
      "select 4 as a; select 5 as a;",
      ".output",
      "select 6 as a;",
    ]);
    expect(readFileSync(csv, "utf8")).toBe("a\n1\n");
    const bytes = readFileSync(parquet);
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
    expect(await parquetReadObjects({ file, utf8: false })).toEqual([{ a: 3n, b: new Uint8Array([0]) }]);
    expect(readFileSync(all, "utf8")).toBe('{"a":4}\n{"a":5}\n');
    expect(out.match(/│ \d │/g)).toEqual(["│ 2 │", "│ 6 │"]);
  });

  test("a second result does not fit a Parquet file, and a failed statement leaves no file", async () => {
    const [two, none] = [inFolder("two.parquet"), inFolder("none.csv")];
    const { err } = await typed([
      `.output ${two}`,
      "select 1 as a; select 2 as a;",
      ".output",
      `.once ${none}`,
      "select abs(-9223372036854775808) as a;",
    ]);
    expect(err).toContain("cli/one-result");
    expect(existsSync(none)).toBe(false);
  });

  test(".save writes the BLOBs of the last result", async () => {
    const image = imageBytes("png", { width: 3, height: 2, seed: "x" });
    writeFileSync(inFolder("in.png"), image);
    const target = inFolder("saved");
    const { out, err } = await typed([
      ".save",
      `select readfile('${inFolder("in.png")}') as pic, x'01' as b;`,
      ".tables in%",
      `.save ${target}`,
    ]);
    expect(err).toContain("cli/nothing-to-save");
    expect(out).toContain(`${join(target, "pic-1.png")}\n${join(target, "b-1.bin")}\n`);
    expect(readFileSync(join(target, "pic-1.png")).equals(image)).toBe(true);
  });
});

describe("files", () => {
  test(".import makes a table called as the file, or as is said; mistakes leave none", async () => {
    const [good, bad] = [inFolder("towns.csv"), inFolder("bad.csv")];
    writeFileSync(good, "id;name\n1;Köln\n");
    writeFileSync(bad, "a,b\n1\n1,2,3\n");
    const { out, err } = await typed([
      `.import ${good}`,
      `.import ${good} places`,
      "select * from towns, places;",
      `.import ${bad}`,
      ".tables bad",
    ]);
    expect(out).toMatch(/│ +1 │ Köln │ +1 │ Köln │/);
    expect(err).toContain("bad.csv:2: 1 fields");
    expect(err).toContain("bad.csv:3: 3 fields");
    expect(err).toMatch(/none\n/);
  });

  test(".read runs SQL and commands, stops at a mistake, and not inside of itself for ever", async () => {
    const [script, loop] = [inFolder("script.sql"), inFolder("loop.sql")];
    writeFileSync(script, ".mode csv\r\nselect 1 as a;\r\nselect nonsense;\r\nselect 2 as never;\r\n");
    writeFileSync(loop, `.read ${loop}\n`);
    const { out, err } = await typed([`.read ${script}`, `.read ${loop}`, ".read nowhere.sql"]);
    expect(out).toBe("a\n1\n");
    expect(err).toContain(`${script}:3`);
    expect(err).toContain("cli/read-too-deep");
    expect(err).toContain("cli/unreadable-file");
  });

  test(".edit brings the last statement back changed; an editor that fails is named", async () => {
    const { out } = await typed(["select 1 as a;", "\\e"]);
    expect(out).toContain("│ 42 │");
  });
});

test("the guide names every command", () => {
  const guide = readFileSync(new URL("../../../docs/guides/prompt.md", import.meta.url), "utf8");
  const missing = dotCommands.filter(({ name }) => !guide.includes(`\`.${name}`));
  expect(missing.map(({ name }) => name)).toEqual([]);
});

describe("binds without a value", () => {
  test("are asked for until the answer fits; leaving the question leaves the statement", async () => {
    const { asked, err, out } = await typed(
      ["select ModerateText(:Text) as v;", "", "hello"],
      "--connection",
      "offline",
    );
    expect(asked).toEqual([":Text = ", ":Text = "]);
    expect(err).toContain(":Text  text");
    expect(err).toContain("is required");
    expect(out).toContain("v");
    const refused = await typed(["select :x;"]);
    expect([refused.asked, refused.out]).toEqual([[":x = "], ""]);
  });

  test("ranges and values are told before they are typed", async () => {
    const { err } = await typed(
      [
        "call GenerateAudio('x', Model => 'tts-1', Voice => 'alloy', ResponseFormat => :f, Speed => :s);",
        "mp3",
      ],
      "--connection",
      "offline",
    );
    expect(err).toMatch(/:f {2}text, empty is NULL — .*one of [^)]*mp3/s);
    expect(err).toMatch(/:s {2}real, empty is NULL — .*0\.25 to 4/s);
  });
});
