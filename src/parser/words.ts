/**
 * What SQLite's words mean to a reader that does not parse SQLite's grammar: which are reserved, and which tokens
 * end an operand. Measured against SQLite 3.54, see test/conformance.
 */
import type { Name } from "./syntax.ts";
import {
  Blob,
  NamedBind,
  NumberLiteral,
  PositionalBind,
  Quoted,
  RParen,
  spanOf,
  Text,
  type Token,
} from "./tokens.ts";

/** Words that can never be a name without quotes. The others SQLite takes as names wherever no keyword fits. */
const reserved: ReadonlySet<string> = new Set(
  `ADD ALL ALTER AND AS AUTOINCREMENT BETWEEN CASE CHECK COLLATE COMMIT CONSTRAINT CREATE DEFAULT DEFERRABLE DELETE
  DISTINCT DROP ELSE ESCAPE EXCEPT EXISTS FOREIGN FROM GROUP HAVING IN INDEX INSERT INTERSECT INTO IS ISNULL JOIN LIMIT
  NOT NOTHING NOTNULL NULL ON OR ORDER PRIMARY REFERENCES RETURNING SELECT SET TABLE THEN TO TRANSACTION UNION UNIQUE
  UPDATE USING VALUES WHEN WHERE`.split(/\s+/),
);

/** Words that are names elsewhere, but behind an operand read as operators or as the start of a join. */
const infix: ReadonlySet<string> = new Set(
  "LIKE GLOB REGEXP MATCH CROSS FULL INNER LEFT NATURAL OUTER RIGHT INDEXED".split(" "),
);

const uncallable: ReadonlySet<string> = new Set([...reserved, ...infix]);

/** Words before a parenthesis or a name that are keywords there although not reserved. */
const leading: ReadonlySet<string> = new Set(
  "BY OFFSET MATERIALIZED OVER FILTER ROWS RANGE GROUPS KEY".split(" "),
);

/** The token that stands there. V8 reads an array at -1 as it would read a property, and is slower ever after. */
export function tokenAt(tokens: readonly Token[], index: number): Token | undefined {
  return index >= 0 && index < tokens.length ? tokens[index] : undefined;
}

/** The word that stands there, in capitals; "" for other tokens, and where there is none. */
export function wordAt(tokens: readonly Token[], index: number): string {
  return tokenAt(tokens, index)?.word ?? "";
}

/** A word that may be a name, in quotes or not. */
export function isName(token: Token | undefined): token is Token {
  if (token === undefined) return false;
  return token.tokenType === Quoted || (token.word !== "" && !reserved.has(token.word));
}

/** An unquoted word that could be a function's or procedure's name in front of a parenthesis. */
export function isCallableWord(token: Token | undefined): token is Token {
  return token !== undefined && token.word !== "" && !uncallable.has(token.word);
}

/** Whether the parenthesis behind this token holds arguments, and is not a group or a subquery. */
export function opensArguments(before: Token | undefined): boolean {
  return before?.tokenType === Quoted || (isCallableWord(before) && !leading.has(before.word));
}

/** The name SQLite would take as an alias when it stands right behind an operand, without AS. */
export function isBareAlias(token: Token): boolean {
  return token.tokenType === Text || (isName(token) && !infix.has(token.word));
}

/** Whether an expression may end with this token. */
export function endsOperand(token: Token): boolean {
  if (operandEnds.has(token.tokenType)) return true;
  if (["NULL", "ISNULL", "NOTNULL"].includes(token.word)) return true;
  return isCallableWord(token) && token.word !== "OVER";
}

const operandEnds: ReadonlySet<unknown> = new Set([
  RParen,
  NumberLiteral,
  Text,
  Blob,
  Quoted,
  NamedBind,
  PositionalBind,
]);

/** A token as a name, without its quotes. */
export function nameOf(token: Token): Name {
  return { text: unquoted(token), span: spanOf(token) };
}

function unquoted({ image, word }: Token): string {
  const quote = image.charAt(0);
  if (word !== "" || !["'", '"', "`", "["].includes(quote)) return image;
  const inside = image.slice(1, -1);
  return quote === "[" ? inside : inside.replaceAll(quote + quote, quote);
}
