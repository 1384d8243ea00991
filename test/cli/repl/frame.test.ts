/** The renderer: states into lines and a cursor, frames into what a terminal is sent. */
import { describe, expect, test } from "vitest";
import { finalFrameOf, frameOf, type Look } from "../../../src/cli/repl/edit/frame.ts";
import { repaint, repaintAndLeave } from "../../../src/cli/repl/edit/painter.ts";
import { editorOf, type EditorState } from "../../../src/cli/repl/edit/state.ts";
import { rolesOf } from "../../../src/cli/repl/highlighting.ts";

const look: Look = {
  prompt: "db> ",
  continuation: "  > ",
  columns: 20,
  rows: 10,
  spans: [],
  paint: (_, text) => text,
};

const at = (text: string, cursor = text.length): EditorState => ({
  ...editorOf([]),
  buffer: { text, cursor },
});

describe("frames", () => {
  test("the prompt, the text, and the cursor behind it", () => {
    expect(frameOf(at("select"), look)).toEqual({ lines: ["db> select"], widths: [10], row: 0, column: 10 });
  });

  test("further lines stand under the first", () => {
    expect(frameOf(at("a\nbc", 3), look)).toMatchObject({ lines: ["db> a", "  > bc"], row: 1, column: 5 });
  });

  test("a long line is broken where the screen ends", () => {
    const { lines, row, column } = frameOf(at("x".repeat(20)), look);
    expect(lines).toEqual([`db> ${"x".repeat(16)}`, "xxxx"]);
    expect({ row, column }).toEqual({ row: 1, column: 4 });
  });

  test("behind a line that is full the cursor stands in the next", () => {
    expect(frameOf(at("x".repeat(16)), look)).toMatchObject({
      row: 1,
      column: 0,
      lines: [expect.anything(), ""],
    });
  });

  test("but nothing of that stays when the text is submitted", () => {
    expect(finalFrameOf(at("x".repeat(16)), look).lines).toHaveLength(1);
  });

  test("a wide character is not broken in two", () => {
    const { lines, widths } = frameOf(at("x".repeat(15) + "日本"), look);
    expect(lines).toEqual([`db> ${"x".repeat(15)}`, "日本"]);
    expect(widths).toEqual([19, 4]);
  });

  test("the cursor counts cells: wide ones twice, marks not at all", () => {
    expect(frameOf(at("日e\u0301|"), look).column).toBe(4 + 2 + 1 + 1);
  });

  test("control characters are shown, not sent", () => {
    expect(frameOf(at("a\u001b[2Jb"), look).lines).toEqual(["db> a\\x1b[2Jb"]);
  });

  test("roles are painted, and closed at the end of each line", () => {
    const paint = (role: string, text: string): string => (role === "plain" ? text : `<${role}:${text}>`);
    const text = "select 'a\nb'";
    const spans = rolesOf(text, () => false);
    expect(frameOf(at(text), { ...look, spans, paint }).lines).toEqual([
      "<prompt:db> ><keyword:select> <string:'a>",
      "<continuation:  > ><string:b'>",
    ]);
  });

  test("of a text taller than the screen, the lines around the cursor are shown", () => {
    const text = Array.from({ length: 30 }, (_, index) => `line ${index}`).join("\n");
    const { lines, row } = frameOf(at(text, text.indexOf("line 20")), { ...look, rows: 5 });
    expect(lines).toHaveLength(5);
    expect(lines[row]).toContain("line 20");
    expect(finalFrameOf(at(text), { ...look, rows: 5 }).lines).toHaveLength(30);
  });

  test("a prompt too long for the screen is cut, and keeps its end", () => {
    expect(frameOf(at("a"), { ...look, prompt: "a-long-name.db (openai)> " }).lines).toEqual(["a-long-…> a"]);
  });

  test("the hint stands below and does not wrap", () => {
    const { lines, row } = frameOf(at("f("), { ...look, hint: "f 1: Message text, required" });
    expect(lines).toEqual(["db> f(", "f 1: Message text,…"]);
    expect(row).toBe(0);
  });

  test("a menu is a window of eight around the chosen one, and says what is left out", () => {
    const candidates = Array.from({ length: 20 }, (_, index) => ({ text: `c${index}`, detail: "text" }));
    const menu = { candidates, index: 12, from: 0, typed: "c" };
    const paint = (role: string, text: string): string => (role === "chosen" ? `[${text}]` : text);
    const { lines } = frameOf({ ...at("c"), mode: { kind: "menu", menu } }, { ...look, rows: 24, paint });
    expect(lines).toHaveLength(1 + 8 + 1);
    expect(lines[8]).toBe("[ c12  text ]");
    expect(lines[9]).toBe(" … 12 more");
  });
});

describe("painting", () => {
  const frame = (lines: readonly string[], row: number, column: number) => ({
    lines,
    widths: lines.map((line) => line.length),
    row,
    column,
  });

  test("goes up to where the frame before began, and erases it", () => {
    const text = repaint(frame(["a", "b", "c"], 2, 1), frame(["x"], 0, 1), 20);
    expect(text).toContain("\u001b[2A\r\u001b[Jx\r\u001b[1C");
  });

  test("leaves the cursor where it belongs", () => {
    expect(repaint(undefined, frame(["abc", "de"], 0, 2), 20)).toContain("abc\r\nde\u001b[1A\r\u001b[2C");
  });

  test("a narrower terminal has broken the lines of the frame before", () => {
    const before = frame(["x".repeat(30), "y"], 1, 1);
    expect(repaint(before, frame(["z"], 0, 0), 20)).toContain("\u001b[2A\r\u001b[J");
  });

  test("the last frame ends with a line end", () => {
    expect(repaintAndLeave(frame(["a"], 0, 1), frame(["a;"], 0, 2), 20)).toBe("\r\u001b[Ja;\r\n");
  });
});
