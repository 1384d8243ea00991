/** Differential: wherever SQLite takes a function or a table function, the parser must see a call, and nowhere else. */
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import type { CallSite } from "../../src/parser/syntax.ts";
import { scan } from "../../src/parser/scanner.ts";
import { NumberLiteral, type Token } from "../../src/parser/tokens.ts";
import { isName } from "../../src/parser/words.ts";
import { allSites, cut, parse, sql } from "../parser/support.ts";
import { schema, statements } from "./statements.ts";

const db = new Database(":memory:");
db.exec(schema);
db.function("GenerateResponse", { deterministic: true }, (value: unknown) => value);
db.function("P", { deterministic: true }, (value: unknown) => value);
db.table("GenerateResponse", {
  columns: ["id", "a", "b", "c", "d"],
  parameters: ["x"],
  *rows() {
    yield [1, 2, 3, 4, 5];
  },
});

function isAccepted(text: string): boolean {
  try {
    db.prepare(text);
    return true;
  } catch (error) {
    if (error instanceof Database.SqliteError) return false;
    throw error;
  }
}

function replaced(text: string, token: Token, by: string): string {
  return text.slice(0, token.startOffset) + by + text.slice(token.endOffset + 1);
}

/** What the parser finds when a token is replaced by a call, for every replacement that SQLite accepts. */
function replacements(isReplaced: (token: Token) => boolean, by: (token: Token) => string): Replacement[] {
  return statements.flatMap((statement) =>
    scan(statement)
      .filter(isReplaced)
      .map((token) => ({ text: replaced(statement, token, by(token)), start: token.startOffset }))
      .filter(({ text }) => isAccepted(text))
      .map(({ text, start }) => ({ text, start, found: allSites(parse(text).statements) })),
  );
}

interface Replacement {
  readonly text: string;
  readonly start: number;
  readonly found: readonly CallSite[];
}

test("a number that may be a function call is a value site", () => {
  const all = replacements(
    (token) => token.tokenType === NumberLiteral,
    (token) => `GenerateResponse(${token.image})`,
  );
  const wrong = all.filter(({ found, start }) => !isOneValue(found, start));
  expect(all.length).toBeGreaterThan(200);
  expect(wrong.map(({ text }) => text)).toEqual([]);
});

function isOneValue([site, ...more]: readonly CallSite[], start: number): boolean {
  return site?.position === "value" && site.span.start === start && more.length === 0;
}

test("a name that may be a table function or a function is a site", () => {
  const all = replacements(isName, () => "GenerateResponse(1)");
  // A type, a module's argument, a pragma, a name behind its schema: SQLite accepts it, but no call is meant.
  const isOther = /^CREATE (VIRTUAL )?TABLE|CAST|^ALTER|^PRAGMA|(main|temp)\.GenerateResponse/;
  const isWrong = ({ found: [site, ...more], start, text }: Replacement): boolean =>
    site === undefined ? !isOther.test(text) : more.length > 0 || site.span.start !== start;
  expect(all.length).toBeGreaterThan(200);
  expect(all.filter(isWrong).map(({ text }) => text)).toEqual([]);
});

const expressions = [
  "P(1)",
  "P(1) + 1",
  "length(P(1))",
  "(P(1))",
  "-P(1)",
  "P(1) IS NULL",
  "P(1) ISNULL",
  "P(1) NOTNULL",
  "P(1) NOT NULL",
  "P(1) LIKE 'x'",
  "P(1) LIKE a",
  "P(1) || b",
  "P(1) COLLATE nocase",
  "CAST(P(1) AS TEXT)",
  "CASE WHEN P(1) THEN 1 END",
  "CASE P(1) WHEN 1 THEN a ELSE b END",
  "P(1) IN (1, 2)",
  "a IN (P(1))",
  "P(1) BETWEEN a AND b",
  "sum(P(1)) OVER w",
  "sum(P(1)) OVER ()",
  "sum(P(1)) FILTER (WHERE a)",
  "NOT P(1)",
  "EXISTS (SELECT P(1))",
  "(SELECT P(1) AS z)",
  "P(1) -> 'a'",
  "P(1) ->> b",
  "P(1) IS NOT DISTINCT FROM a",
  "P(1) = t.a",
  'P(1) = "a"',
  "P(1) + :x",
  "P(1) GLOB a",
  "a ESCAPE P(1)",
  "P(1) IS b",
  "+P(1)",
  "P(CURRENT_TIME)",
  "P(1) < CURRENT_DATE",
  "P(1) - NULL",
  "P(1) & x'00'",
  "P(1) IS TRUE",
];

const aliases = [
  "",
  " x",
  " AS x",
  " 'x'",
  ' "x"',
  " [x]",
  " AS 'x'",
  " end",
  " AS end",
  " begin",
  " left",
  " AS left",
  " over",
  " like",
  " call",
  " filter",
  " AS replace",
  " key",
  " no",
  " window",
  " AS like",
  " isnull",
  " collate x y",
  " glob",
];

test("an item is listed as unnamed exactly where SQLite names the column by its text", () => {
  const items = expressions.flatMap((expression) => aliases.map((alias) => expression + alias));
  const accepted = items.filter((item) => isAccepted(selectOf(item)));
  expect(accepted.length).toBeGreaterThan(400);
  expect(accepted.filter((item) => isUnnamed(item) !== (columnOf(item) === item))).toEqual([]);
});

function selectOf(item: string): string {
  return `SELECT ${item} FROM t WINDOW w AS (ORDER BY a)`;
}

function columnOf(item: string): string | undefined {
  return db.prepare(selectOf(item)).columns()[0]?.name;
}

function isUnnamed(item: string): boolean {
  const text = selectOf(item);
  return sql(text).unnamedItems.some((span) => cut(text, span) === item);
}

test("reserved words are those that SQLite does not take as a name", () => {
  const words = new Set(
    scan(statements.join("\n").replaceAll(/--.*|\/\*.*/g, "")).map((token) => token.word),
  );
  const known = [...words].filter((word) => /^[A-Z]+$/.test(word));
  expect(known.filter((word) => isName(scan(word)[0]) !== isAccepted(`SELECT 1 AS ${word}`))).toEqual([]);
});
