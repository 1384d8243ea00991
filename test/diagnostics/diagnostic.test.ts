/** Errors and how they read: the first that matters gives its name, a long line is shown around its place. */
import { describe, expect, test } from "vitest";
import { assert, diagnostic, DiagnosticError, warning } from "../../src/diagnostics/diagnostic.ts";
import { renderDiagnostic } from "../../src/diagnostics/render.ts";
import { suggest } from "../../src/diagnostics/suggest.ts";

describe("an error of several diagnostics", () => {
  const late = warning("cli/open-transaction", {});
  const wrong = diagnostic("parse/nul", {});

  test("is called after its first error, else after its first warning", () => {
    expect(new DiagnosticError([late, wrong])).toMatchObject({
      code: "parse/nul",
      diagnostics: [late, wrong],
    });
    const warned = new DiagnosticError([late]);
    expect([warned.code, warned.message]).toEqual([late.code, `${late.code}: ${late.message}`]);
  });

  test("of none is a bug of ours, as is what an assertion finds", () => {
    expect(() => new DiagnosticError([])).toThrow(/internal\/bug.*no diagnostic/);
    expect(() => assert(false, "the sky fell")).toThrow(/internal\/bug.*the sky fell/);
  });
});

describe("a place in a long line", () => {
  const rendered = (start: number, end: number): string[] => {
    const text = `select ${"x + ".repeat(200)}wrong`;
    const source = { name: "long.sql", text };
    return renderDiagnostic(diagnostic("parse/nul", {}, { source, span: { start, end } })).split("\n");
  };

  test.each([
    ["at its start", 0, 6, "select"],
    ["at its end", 807, 812, "wrong"],
  ])("%s stands above its carets, and the line is not shown whole", (_, start, end, word) => {
    const lines = rendered(start, end);
    const caretLine = lines.findIndex((line) => /\^+\s*$/.test(line));
    const [shown = "", carets = ""] = [lines[caretLine - 1], lines[caretLine]];
    const at = carets.indexOf("^");
    expect(shown.slice(at, at + word.length)).toBe(word);
    expect(shown.length).toBeLessThan(200);
  });
});

test.each([
  ["tabels", "tables"],
  ["abels", "tables"],
  ["ttables", "tables"],
  ["tabsel", "tables"],
  ["chairs", undefined],
  ["", undefined],
])("%j is thought to be %s", (written, meant) => {
  expect(suggest(written, ["tables", "schema"])).toBe(meant);
});
