/** Differential: wherever SQLite takes a function or a table function, the parser must see a call, and nowhere else. */
import Database from "better-sqlite3";
import { expect, test } from "vitest";
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

test("a number that may be a function call is a value site", () => {
  let count = 0;
  for (const statement of statements) {
    for (const token of scan(statement).filter((item) => item.tokenType === NumberLiteral)) {
      const text = replaced(statement, token, `GenerateResponse(${token.image})`);
      if (!isAccepted(text)) continue;
      count++;
      const sites = allSites(parse(text).statements);
      expect(
        sites.map((site) => [site.position, site.span.start]),
        text,
      ).toEqual([["value", token.startOffset]]);
    }
  }
  expect(count).toBeGreaterThan(200);
});

test("a name that may be a table function is a table site", () => {
  let count = 0;
  for (const statement of statements) {
    for (const token of scan(statement).filter(isName)) {
      const text = replaced(statement, token, "GenerateResponse(1)");
      if (!isAccepted(text)) continue;
      const sites = allSites(parse(text).statements);
      // A type, a module's argument, a name behind its schema: no call is meant.
      if (sites.length === 0) {
        expect(text).toMatch(/^CREATE (VIRTUAL )?TABLE|CAST|^ALTER|^PRAGMA|(main|temp)\.GenerateResponse/);
        continue;
      }
      count++;
      expect(
        sites.map((site) => site.span.start),
        text,
      ).toEqual([token.startOffset]);
    }
  }
  expect(count).toBeGreaterThan(200);
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
  let count = 0;
  for (const expression of expressions) {
    for (const alias of aliases) {
      const item = `${expression}${alias}`;
      const text = `SELECT ${item} FROM t WINDOW w AS (ORDER BY a)`;
      if (!isAccepted(text)) continue;
      count++;
      const name = db.prepare(text).columns()[0]?.name;
      const unnamed = sql(text).unnamedItems.filter((span) => span.start === "SELECT ".length);
      expect(
        unnamed.map((span) => cut(text, span)),
        text,
      ).toEqual(name === item ? [item] : []);
    }
  }
  expect(count).toBeGreaterThan(400);
});

test("reserved words are those that SQLite does not take as a name", () => {
  const words = scan(statements.join("\n").replaceAll(/--.*|\/\*.*/g, "")).map((token) => token.word);
  for (const word of new Set(words.filter((item) => /^[A-Z]+$/.test(item)))) {
    const [token] = scan(word);
    expect(isName(token), word).toBe(isAccepted(`SELECT 1 AS ${word}`));
  }
});
