/**
 * A text in pieces with the part each plays, for editors: the parser's own tokens, never a second opinion.
 * Linear and total like the scanner: half a statement has pieces too.
 */
import { checkText } from "../diagnostics/arguments.ts";
import { scan } from "./scanner.ts";
import {
  Blob,
  Illegal,
  keywords,
  NamedBind,
  NumberLiteral,
  PositionalBind,
  Quoted,
  Text,
  type Token,
  Unterminated,
} from "./tokens.ts";

/** What a piece of SQL is, for its colour. */
export type TokenRole =
  | "keyword"
  | "name"
  | "quoted-name"
  | "string"
  | "number"
  | "bind"
  | "operator"
  | "comment"
  | "error";

/** A piece of a text and what it is. */
export interface HighlightedSpan {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  readonly role: TokenRole;
}

/** Words of SQLite and of callsql's own statements, in upper case. Most are names too where no keyword fits. */
export const sqlKeywords: readonly string[] = [
  ...new Set([
    ...Object.values(keywords).map(({ name }) => name),
    ...`ABORT ACTION ADD AFTER ALTER ALWAYS ANALYZE AND AS ASC ATTACH AUTOINCREMENT BEFORE BEGIN BETWEEN BY CASCADE CASE
    CAST CHECK COLLATE COLUMN COMMIT CONFLICT CONSTRAINT CREATE CROSS CURRENT CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP
    DATABASE DEFERRABLE DEFERRED DELETE DESC DETACH DISTINCT DO DROP EACH ELSE END ESCAPE EXCEPT EXCLUDE EXCLUSIVE EXISTS
    FAIL FILTER FIRST FOLLOWING FOR FOREIGN FROM FULL GENERATED GLOB GROUP GROUPS HAVING IF IGNORE IMMEDIATE IN INDEX
    INDEXED INITIALLY INNER INSERT INSTEAD INTERSECT IS ISNULL JOIN KEY LAST LEFT LIKE LIMIT MATCH MATERIALIZED NATURAL
    NO NOT NOTHING NOTNULL NULLS OFFSET ON OR ORDER OTHERS OUTER OVER PARTITION PLAN PRAGMA PRECEDING PRIMARY QUERY RAISE
    RANGE RECURSIVE REFERENCES REGEXP REINDEX RELEASE RENAME REPLACE RESTRICT RETURNING RIGHT ROLLBACK ROW ROWS SAVEPOINT
    SELECT STRICT THEN TIES TO TRANSACTION TRIGGER UNBOUNDED UNION UNIQUE UPDATE USING VACUUM VALUES VIEW VIRTUAL WHEN
    WHERE WINDOW WITH WITHOUT`.split(/\s+/),
  ]),
].toSorted();

const keywordSet: ReadonlySet<string> = new Set(sqlKeywords);

/** In the order of the text; white space is in none of them. */
export function highlight(text: string): HighlightedSpan[] {
  checkText("highlight's text", text);
  const spans: HighlightedSpan[] = [];
  let end = 0;
  for (const token of scan(text)) {
    addComment(spans, text, end, token.startOffset);
    end = token.endOffset + 1;
    spans.push({ start: token.startOffset, end, role: roleOf(token) });
  }
  addComment(spans, text, end, text.length);
  return spans;
}

/** Between two tokens is nothing but white space and comments. */
function addComment(spans: HighlightedSpan[], text: string, start: number, end: number): void {
  const gap = text.slice(start, end);
  const comment = gap.trim();
  if (comment === "") return;
  const from = start + gap.indexOf(comment);
  spans.push({ start: from, end: from + comment.length, role: "comment" });
}

function roleOf({ tokenType, word, image }: Token): TokenRole {
  if (word !== "") return keywordSet.has(word) ? "keyword" : "name";
  switch (tokenType) {
    case Text:
    case Blob:
      return "string";
    case Quoted:
      return "quoted-name";
    case NumberLiteral:
      return "number";
    case NamedBind:
    case PositionalBind:
      return "bind";
    case Unterminated:
      return /^[xX]?'/.test(image) ? "string" : "quoted-name";
    case Illegal:
      return "error";
    default:
      return "operator";
  }
}
