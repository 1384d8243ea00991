/** The smaller parts of the prompt: keys, portions, highlighting, answers, results that fit, pictures. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createColours } from "../../../src/cli/colours.ts";
import { describe, expect, test } from "vitest";
import { valueOfAnswer } from "../../../src/cli/repl/ask.ts";
import { dotCommands, findCommand, helpText } from "../../../src/cli/repl/dot/commands.ts";
import { widthOf } from "../../../src/cli/format/text.ts";
import { wordsOf } from "../../../src/cli/repl/dot/command.ts";
import { keyOf, type Keypress } from "../../../src/cli/repl/edit/keys.ts";
import { rolesOf } from "../../../src/cli/repl/highlighting.ts";
import { fitted, shareOut, type Mode } from "../../../src/cli/repl/show/fit.ts";
import { pagerOf } from "../../../src/cli/repl/show/page.ts";
import { isSubmittable, portionsOf, strandedHint } from "../../../src/cli/repl/split.ts";
import type { Parameter, SqlValue } from "../../../src/index.ts";
import { imageBytes } from "../../support/tiny-media.ts";

describe("keys", () => {
  const press = (more: Partial<Keypress>): Keypress => ({
    text: undefined,
    name: undefined,
    ctrl: false,
    meta: false,
    shift: false,
    ...more,
  });

  test.each<readonly [Partial<Keypress>, string]>([
    [{ name: "return", text: "\r" }, "enter"],
    [{ name: "enter", text: "\n" }, "enter"],
    [{ name: "return", text: "\r", meta: true }, "newline"],
    [{ name: "left", ctrl: true }, "word-left"],
    [{ name: "b", meta: true, text: "\u001bb" }, "word-left"],
    [{ name: "a", ctrl: true, text: "\u0001" }, "line-start"],
    [{ name: "tab", shift: true }, "complete-back"],
    [{ name: "backspace", meta: true }, "kill-word-back"],
    [{ text: "\u001f" }, "undo"],
    [{ name: "paste-start" }, "paste-start"],
    [{ name: "up", shift: true }, "up"],
  ])("%j is %s", (given, command) => {
    expect(keyOf(press(given))).toEqual({ kind: "command", command });
  });

  test.each(["a", "A", "ß", "日", "/", "_", "\u0301"])("%j is text", (text) => {
    const name = /^[a-zA-Z]$/.test(text) ? text.toLowerCase() : undefined;
    expect(keyOf(press({ text, name, shift: text === "A" }))).toEqual({ kind: "text", text });
  });

  test("keys without a meaning are none", () => {
    expect(keyOf(press({ name: "f5", text: "\u001b[15~" }))).toBeUndefined();
    expect(keyOf(press({ name: "x", ctrl: true, text: "\u0018" }))).toBeUndefined();
  });
});

describe("portions", () => {
  test("dot-commands stand on lines of their own where a statement may begin", () => {
    expect(portionsOf("select 1;\n.tables\nselect\n.5;").map(({ text }) => text)).toEqual([
      "select 1;",
      ".tables",
      "\n\nselect\n.5;",
    ]);
  });

  test("statements between them are one text, so that messages name the right line", () => {
    expect(portionsOf("select 1;\nselect 2;\n")).toEqual([
      { kind: "sql", text: "select 1;\nselect 2;\n", isComplete: true },
    ]);
  });

  test("a dot inside a statement is the statement's", () => {
    expect(portionsOf("select '\n.tables\n';")).toHaveLength(1);
    expect(isSubmittable(".mode csv\nselect 1")).toBe(false);
    expect(isSubmittable(".mode csv\nselect 1;")).toBe(true);
  });
});

describe("commands without a dot", () => {
  test("exit, quit and help are commands where a statement may begin, and only as the whole line", () => {
    for (const text of ["exit", "QUIT;", " help "]) expect(portionsOf(text)[0]?.kind).toBe("command");
    expect(portionsOf("exit now").map(({ kind }) => kind)).toEqual(["sql"]);
    expect(findCommand("exit").name).toBe("quit");
    expect(findCommand("help").name).toBe("help");
  });

  test("inside a statement they are its text, and that is said", () => {
    expect(isSubmittable("select 1\nexit")).toBe(false);
    for (const line of ["exit", ".help", "\\q", "quit;"].filter((text) => !text.endsWith(";")))
      expect(strandedHint(`select 1\n${line}\n`)).toMatch(/is a part of the statement now: ; ends it/);
    expect(strandedHint("select 1\n, 2\n")).toBeUndefined();
    expect(strandedHint("select 1;\n.help\n")).toBeUndefined();
  });
});

describe("highlighting", () => {
  const roles = (text: string): string[] =>
    rolesOf(text, (name) => name === "GenerateText").map(
      ({ start, end, role }) => `${role}:${text.slice(start, end)}`,
    );

  test("by the parser's own tokens", () => {
    expect(roles("select :a, \"b\", 'c', 1 -- d")).toEqual([
      "keyword:select",
      "bind::a",
      "operator:,",
      'quoted-name:"b"',
      "operator:,",
      "string:'c'",
      "operator:,",
      "number:1",
      "comment:-- d",
    ]);
  });

  test("procedures are told from names, an open string is one, a stray character is an error", () => {
    expect(roles("GenerateText(x, 'ab")).toEqual([
      "procedure:GenerateText",
      "operator:(",
      "name:x",
      "operator:,",
      "string:'ab",
    ]);
    expect(roles("select \\")).toEqual(["keyword:select", "error:\\"]);
  });

  test("a dot-command is its first word", () => {
    expect(roles(".read select")).toEqual(["command:.read"]);
  });
});

describe("dot-commands", () => {
  test("each has a name and a summary of its own, and .help shows them all", () => {
    const text = helpText(dotCommands, 80);
    expect(text.split("\n").filter((line) => widthOf(line) > 80)).toEqual([]);
    for (const { name } of dotCommands) expect(text).toMatch(new RegExp(`^\\.${name} .*`, "m"));
    expect(new Set(dotCommands.map(({ summary }) => summary)).size).toBe(dotCommands.length);
    const wanted =
      "help tables databases indexes expanded schema procedures describe connection param mode output once import read save show timer cost runs explain open edit quit";
    expect(dotCommands.map(({ name }) => name)).toEqual(wanted.split(" ").toSorted());
  });

  test("they are found by their start and by psql's names", () => {
    expect(findCommand(".tab").name).toBe("tables");
    expect(findCommand("\\q").name).toBe("quit");
    expect(findCommand(".QUIT;").name).toBe("quit");
    expect(() => findCommand(".tabels")).toThrow(/there is no command/);
  });

  test("words are split as a shell does", () => {
    expect(wordsOf("a 'b c' \"d e\" 'it''s' f\\g")).toEqual(["a", "b c", "d e", "it's", "f\\g"]);
  });
});

describe("answers", () => {
  const parameter = (type: Parameter["type"], more: Partial<Parameter> = {}): Parameter => ({
    name: "P",
    position: 0,
    summary: "",
    type,
    ...more,
  });
  const answer = (text: string, of?: Parameter): Promise<SqlValue> =>
    valueOfAnswer(text, { text: ":p", name: "p", ...(of === undefined ? {} : { parameter: of }) });

  test("without a parameter they are what -p takes", async () => {
    expect(await answer("42")).toBe(42);
    expect(await answer("007")).toBe("007");
    expect(await answer("")).toBe(null);
    expect(await answer('json:[1,"a"]')).toBe('[1,"a"]');
  });

  test("a parameter's type, range and values hold", async () => {
    expect(await answer("42", parameter("text"))).toBe("42");
    expect(await answer("yes", parameter("boolean"))).toBe(1);
    expect(await answer("HD", parameter("text", { values: ["hd", "standard"] }))).toBe("hd");
    await expect(answer("2.5", parameter("integer"))).rejects.toThrow(/not a whole number/);
    await expect(answer("3", parameter("real", { min: 0, max: 2 }))).rejects.toThrow(/not within 0 to 2/);
    await expect(answer("hdd", parameter("text", { values: ["hd"] }))).rejects.toThrow(/did you mean "hd"/);
    await expect(answer("", parameter("text", { required: true }))).rejects.toThrow(/is required/);
    expect(await answer("", parameter("text"))).toBe(null);
  });

  test("bytes are a file's", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "callsql-")), "f.bin");
    writeFileSync(file, "abc");
    expect(await answer(file, parameter("bytes"))).toEqual(Buffer.from("abc"));
    expect(await answer("https://x/y.png", parameter("bytes", { acceptsUrl: true }))).toBe("https://x/y.png");
    await expect(answer("no such file", parameter("bytes"))).rejects.toThrow(/cannot read/);
  });
});

describe("results that fit", () => {
  async function written(mode: Mode, rows: readonly (readonly SqlValue[])[], width = 40, names = ["a", "b"]) {
    const columns = names.map((name) => ({ name, type: undefined, format: undefined }));
    const fit = { columns: width, cut: 0, hidden: 0, isOnSide: false };
    const source = (async function* all() {
      yield* rows;
    })();
    let text = "";
    for await (const piece of fitted(mode, fit)(columns, source, { colours: createColours(false) }))
      text += piece;
    return { text, fit };
  }

  test("widths are shared out: who needs less keeps what he needs", () => {
    expect(shareOut([5, 100, 100], 45)).toEqual([5, 20, 20]);
    expect(shareOut([5, 6], 45)).toEqual([5, 6]);
    expect(shareOut([100, 100, 100], 2)).toEqual([1, 1, 1]);
  });

  test("values are cut by display width, and counted", async () => {
    const { text, fit } = await written("auto", [
      [1, "日本語".repeat(9)],
      [2, "x"],
    ]);
    expect(text).toContain("│ 1 │ 日本語日本語日本語日本語日本語… │");
    expect(fit.cut).toBe(1);
  });

  test("one row that would be cut is shown on its side, whole", async () => {
    const { text, fit } = await written("auto", [[1, "x".repeat(60)]]);
    expect(text).toBe(`a = 1\nb = ${"x".repeat(60)}\n`);
    expect(fit.cut).toBe(0);
  });

  test("one row of many columns leaves its NULLs out, and says how many", async () => {
    const names = Array.from({ length: 20 }, (_, index) => `column_${index}`);
    const { text, fit } = await written(
      "auto",
      [names.map((_, index) => (index < 2 ? index : null))],
      40,
      names,
    );
    expect(text).toBe("column_0 = 0\ncolumn_1 = 1\n");
    expect(fit.hidden).toBe(18);
    expect((await written("line", [names.map(() => null)], 40, names)).fit.hidden).toBe(0);
  });

  test("modes for machines are left alone", async () => {
    const { text } = await written("csv", [[1, "x".repeat(60)]]);
    expect(text).toBe(`a,b\n1,${"x".repeat(60)}\n`);
  });

  test("an image is said to be one, with its size", async () => {
    const image = imageBytes("png", { width: 64, height: 32, seed: "x" });
    const { text } = await written("auto", [[1, image]], 60);
    expect(text).toMatch(/<image\/png 64x32, /);
  });

  test("what came before a failure is shown", async () => {
    const columns = [{ name: "a", type: undefined, format: undefined }];
    const source = (async function* all(): AsyncGenerator<readonly SqlValue[]> {
      yield [1];
      throw new Error("late");
    })();
    let text = "";
    const reading = (async () => {
      for await (const piece of fitted("auto", { columns: 40, cut: 0, hidden: 0, isOnSide: false })(
        columns,
        source,
        {
          colours: createColours(false),
        },
      ))
        text += piece;
    })();
    await expect(reading).rejects.toThrow("late");
    expect(text).toContain("│ 1 │");
  });
});

describe("pagers", () => {
  test("the pager is the user's, or less", () => {
    expect(pagerOf({}, true)).toBe("less -FRSX");
    expect(pagerOf({}, false)).toBe("less -FRX");
    expect(pagerOf({ PAGER: "/usr/bin/less" }, true)).toBe("/usr/bin/less -FRSX");
    expect(pagerOf({ PAGER: "most" }, true)).toBe("most");
    expect(pagerOf({ PAGER: "more", CALLSQL_PAGER: "" }, true)).toBeUndefined();
    expect(pagerOf({ PAGER: "cat" }, true)).toBeUndefined();
  });
});
