import Database from "better-sqlite3";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Span } from "../../src/diagnostics/source.ts";
import type { CallSite } from "../../src/parser/syntax.ts";
import { parseScript } from "../../src/parser/parse.ts";
import { Grammar } from "../../src/parser/grammar.ts";
import { findIslands, type Islands } from "../../src/parser/islands.ts";
import { scan } from "../../src/parser/scanner.ts";
import { nextState, type SplitState } from "../../src/parser/split.ts";
import { type Stretch, Sweep, tokensOf } from "../../src/parser/sweep.ts";
import { Illegal, Unterminated } from "../../src/parser/tokens.ts";
import { allSites, parse } from "./support.ts";

/** Fragments that make random text meet the parser's branches. */
const fragments = [
  ..."CALL EXEC LATERAL TABLE SELECT FROM WHERE JOIN ON AS WITH VALUES INSERT INTO UPDATE SET DELETE".split(
    " ",
  ),
  ..."CREATE TRIGGER VIEW INDEX BEGIN END UNION RETURNING ORDER BY OVER CASE DO CONFLICT IN DEFAULT EXPLAIN".split(
    " ",
  ),
  ..."CALLS SHOW RESET DESCRIBE RETRY FAILED OF P Q t x P( Q( ( ( ) ) ) , , ; . = => { } * + :a ? ?3 @b".split(
    " ",
  ),
  "{call P(",
  "1",
  "0x1",
  "'a'",
  "'",
  '"b"',
  "[c]",
  "/* */",
  "--\n",
  "\n",
  "é",
  "\ud800",
  "\0",
  "x'00'",
];

const soup = fc.array(fc.constantFrom(...fragments), { maxLength: 40 }).map((parts) => parts.join(" "));
const anyText = fc.oneof(soup, fc.string({ unit: "binary" }), fc.string());

test("no text makes the parser throw", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(() => parse(text)).not.toThrow();
    }),
    { numRuns: 2000 },
  );
});

test("tokens and the gaps between them are the text, in order", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      let at = 0;
      for (const token of scan(text)) {
        expect(token.startOffset).toBeGreaterThanOrEqual(at);
        expect(token.endOffset).toBeGreaterThanOrEqual(token.startOffset);
        expect(text.slice(token.startOffset, token.endOffset + 1)).toBe(token.image);
        expect(text.slice(at, token.startOffset)).not.toMatch(/^[A-Za-z0-9(),;]/);
        at = token.endOffset + 1;
      }
      expect(at).toBeLessThanOrEqual(text.length);
    }),
    { numRuns: 2000 },
  );
});

test("the sweep finds the statements the scanner's tokens make, and misses nothing of ours", () => {
  const isProcedure = (name: string): boolean => ["p", "q"].includes(name.toLowerCase());
  fc.assert(
    fc.property(fc.oneof(anyText, exactText), (text) => {
      fc.pre(!text.includes("\0"));
      const swept = stretchesOf(text, isProcedure);
      expect(swept.map(({ start, end }) => ({ start, end }))).toEqual(splitByTokens(text));
      for (const stretch of swept) {
        if (stretch.tokens !== undefined) expect(stretch.tokens).toEqual(tokensOf(text, stretch));
        if (stretch.mayBeOurs) continue;
        const tokens = tokensOf(text, stretch);
        expect(ownHeads).not.toContain(tokens[0]?.word);
        expect(findIslands(tokens, { mode: "statement", isProcedure }).contexts).toEqual([]);
      }
    }),
    { numRuns: 5000, examples: [["a .5.$b(;) c"], ["a 1.5$b(;)"], ["a 1..$b(;)"], ["a ?1$b(;)"]] },
  );
});

function stretchesOf(text: string, isProcedure: (name: string) => boolean): Stretch[] {
  const sweep = new Sweep(text, isProcedure);
  const found: Stretch[] = [];
  for (let next = sweep.next(); next !== undefined; next = sweep.next()) found.push(next);
  return found;
}

/** Without spaces between them, pieces run into one another: numerals into names, dots, binds and white space. */
const exactText = fc
  .array(
    fc.constantFrom(
      ..."; P Q CALL EXEC call( P( P--\n( P/**/( { 1 .5 1.5 1e3 1_0 0x1F . .. $ $a ?1 :a( @b #c ) ' \" ` [ ] x'0 x'00' - -- / /* */ a _ é \ufeff \v \t \n CREATE TRIGGER END".split(
        " ",
      ),
      " ",
    ),
    { maxLength: 24 },
  )
  .map((parts) => parts.join(""));

const ownHeads = ["SET", "RESET", "SHOW", "DESCRIBE", "RETRY", "EXPLAIN", "CALL", "EXEC", "EXECUTE"];

function splitByTokens(text: string): Span[] {
  const spans: Span[] = [];
  let state: SplitState = "start";
  let start = -1;
  let end = 0;
  for (const token of scan(text)) {
    state = nextState(state, token);
    if (state === "start") {
      if (start >= 0) spans.push({ start, end });
      start = -1;
      continue;
    }
    if (start < 0) start = token.startOffset;
    end = token.endOffset + 1;
  }
  if (start >= 0) spans.push({ start, end });
  return spans;
}

test("spans lie in the text, in order, inner ones inside outer ones", () => {
  expect.hasAssertions();
  fc.assert(
    fc.property(soup, (text) => {
      const whole = { start: 0, end: text.length };
      const { statements, diagnostics } = parse(text);
      for (const item of diagnostics) expectInside(item.span ?? whole, whole);
      expectOrdered(statements, whole);
      for (const item of statements) {
        const held = item.kind === "explain-calls" ? item.statement : item;
        expectInside(held.span, item.span);
        if ("sites" in held) expectSites(held.sites, held.span);
        if ("binds" in held) expectOrdered(held.binds, held.span);
        if (held.kind === "sql") for (const span of held.unnamedItems) expectInside(span, held.span);
      }
    }),
    { numRuns: 3000 },
  );
});

function expectSites(sites: readonly CallSite[], outer: Span): void {
  expectOrdered(sites, outer);
  for (const site of sites) {
    expectInside(site.procedure.span, site.span);
    expectOrdered(site.arguments, site.span);
    for (const argument of site.arguments) {
      expectInside(argument.expression, argument.span);
      expectSites(argument.sites, argument.expression);
    }
  }
}

function expectOrdered(items: readonly { readonly span: Span }[], outer: Span): void {
  let end = outer.start;
  for (const { span } of items) {
    expect(span.start).toBeGreaterThanOrEqual(end);
    expectInside(span, outer);
    end = span.end;
  }
}

function expectInside(inner: Span, outer: Span): void {
  expect(inner.start).toBeGreaterThanOrEqual(outer.start);
  expect(inner.end).toBeGreaterThan(inner.start);
  expect(inner.end).toBeLessThanOrEqual(outer.end);
}

test("ten times the text is at most ten times the work", () => {
  fc.assert(
    fc.property(soup, (text) => {
      // An open quote or comment would close in the second copy.
      fc.pre(!/['"`[\]]|--|\/\*/.test(text));
      const [once, tenTimes] = [work(`${text} `), work(`${text} `.repeat(10))];
      expect(tenTimes.tokens).toBeLessThanOrEqual(10 * once.tokens + 10);
      expect(tenTimes.questions).toBeLessThanOrEqual(tenTimes.tokens);
      expect(once.questions).toBeLessThanOrEqual(once.tokens);
    }),
    { numRuns: 300 },
  );
});

function work(text: string): { tokens: number; questions: number } {
  let questions = 0;
  parseScript({ name: "test", text }, { isProcedure: () => ++questions > 0 });
  return { tokens: scan(text).length, questions };
}

test("a call that stands alone is what a statement of SQL with nothing but it is", () => {
  const isProcedure = (name: string): boolean => ["p", "q"].includes(name.toLowerCase());
  const grammar = new Grammar();
  const read = (rule: "callAlone" | "sqlStatement", { tokens, contexts }: Islands): object => {
    grammar.begin([...tokens], contexts);
    return { tree: grammar[rule](), mistakes: grammar.errors.map(({ message, token }) => [message, token]) };
  };
  let alone = 0;
  fc.assert(
    fc.property(soup, fc.constantFrom("CALL P(", "CALL P(1) ", "EXEC P ", "{call P("), (text, start) => {
      const islands = findIslands(scan(start + text), { mode: "statement", isProcedure });
      if (!islands.isCallAlone) return;
      alone++;
      expect(read("callAlone", islands)).toEqual(read("sqlStatement", islands));
    }),
    {
      numRuns: 3000,
      examples: [
        ["INTO t, 2", "CALL P(1) "],
        ["UNION CALL P(2)", "CALL P(1) "],
      ],
    },
  );
  expect(alone).toBeGreaterThan(50);
});

test("every site found has a name that was asked for, or stands behind CALL", () => {
  fc.assert(
    fc.property(soup, (text) => {
      for (const site of allSites(parse(text).statements)) {
        expect(site.isExplicit || /^[PQ]$/i.test(site.procedure.text)).toBe(true);
      }
    }),
    { numRuns: 1000 },
  );
});

/** Short texts that meet every branch of a lexer. */
const pieces = [
  ..."' '' \" ` [ ] x' 0 1 0x . .5 e e5 _ _1 a A é $ $a :b @c #d ? ?2 :: ( ) ; , + - -> ->> * / /* */ --".split(
    " ",
  ),
  ..."\n < > << >> <> != ! = == | || & ~ % { } \\ ^ SELECT".split(" "),
  ..."\v|\f| |\ufeff|select 1| ".split("|"),
];
const sqlText = fc
  .array(fc.constantFrom(...pieces), { maxLength: 8 })
  .map((parts) => `SELECT ${parts.join("")}`)
  // This build of SQLite leaves out Tcl's suffixes of binds.
  .filter((text) => !scan(text).some((token) => /^[:@$#].*[:(]/.test(token.image)));

test("SQLite's errors quote tokens that the scanner makes", () => {
  const db = new Database(":memory:");
  fc.assert(
    fc.property(sqlText, (text) => {
      const images = scan(text).map((token) => token.image);
      expect(quotedTokens(errorOf(db, text), text).filter((image) => !images.includes(image))).toEqual([]);
    }),
    { numRuns: 5000, examples: [["a .5.$b(;) c"], ["a 1.5$b(;)"], ["a 1..$b(;)"], ["a ?1$b(;)"]] },
  );
});

test("SQLite accepts no text in which the scanner finds a token that is none", () => {
  const db = new Database(":memory:");
  fc.assert(
    fc.property(sqlText, (text) => {
      // better-sqlite3 itself passes over a vertical tab behind the statement.
      fc.pre(!/;[^]*\v/.test(text));
      const isSound = scan(text).every(
        ({ tokenType }) => tokenType !== Illegal && tokenType !== Unterminated,
      );
      expect(isSound || errorOf(db, text) !== "").toBe(true);
    }),
    { numRuns: 5000, examples: [["SELECT --a\n\v1"]] },
  );
});

function quotedTokens(message: string, text: string): string[] {
  const [, bad] = /^unrecognized token: "(.*)"$/s.exec(message) ?? [];
  const [, near] = /^near "(.*)": syntax error$/s.exec(message) ?? [];
  // `=>` is two tokens to SQLite; and of 1_2_ it moves the digits together before it complains of "122_".
  const quoted = [bad, text.includes("=>") ? undefined : near];
  return quoted.filter((image): image is string => image !== undefined && text.includes(image));
}

function errorOf(db: Database.Database, text: string): string {
  try {
    db.prepare(text);
    return "";
  } catch (error) {
    return error instanceof Error ? error.message : "";
  }
}
