/**
 * Where the clauses of each SELECT stand in a statement's text. For readers that look at the form of a statement and may
 * leave alone what they do not recognise; SQLite's own reading is not in question here.
 */
import { scan } from "./scanner.ts";
import { LParen, RParen, type Token } from "./tokens.ts";
import { wordAt } from "./words.ts";

export type ClauseName = "list" | "from" | "where" | "group" | "window" | "order" | "limit" | "rest";

export interface Query {
  /** Index of its SELECT in the tokens. */
  readonly first: number;
  /** Index behind its last token. */
  readonly end: number;
  /** Index of the parenthesis it stands in; undefined at the top. */
  readonly open: number | undefined;
  /** Tokens behind the clause's keywords, subqueries included; none of a clause that is absent. HAVING is part of `group`. */
  readonly clauses: Readonly<Record<ClauseName, readonly Token[]>>;
  /** An arm of UNION, INTERSECT or EXCEPT. */
  readonly isCompound: boolean;
  readonly isDistinct: boolean;
}

export interface Outline {
  readonly tokens: readonly Token[];
  readonly queries: readonly Query[];
}

interface OpenQuery {
  first: number;
  end: number;
  open: number | undefined;
  readonly clauses: Readonly<Record<ClauseName, Token[]>>;
  clause: ClauseName;
  isCompound: boolean;
  isDistinct: boolean;
}

interface Level {
  readonly open: number | undefined;
  query: OpenQuery | undefined;
  isCompound: boolean;
}

export function outline(text: string): Outline {
  const tokens = scan(text);
  const queries: OpenQuery[] = [];
  const levels: Level[] = [{ open: undefined, query: undefined, isCompound: false }];
  for (const [index, token] of tokens.entries()) {
    if (token.tokenType === RParen && levels.length > 1) levels.pop();
    const level = levels.at(-1);
    const begun = level === undefined ? undefined : readWord(level, tokens, index);
    if (begun !== undefined) queries.push(begun);
    for (const { query } of levels) {
      if (query === undefined) continue;
      query.end = index + 1;
      if (query !== level?.query || !isKeyword(tokens, index, query)) query.clauses[query.clause].push(token);
    }
    if (token.tokenType === LParen) levels.push({ open: index, query: undefined, isCompound: false });
  }
  return { tokens, queries };
}

const keywords: Readonly<Record<string, ClauseName>> = {
  FROM: "from",
  WHERE: "where",
  GROUP: "group",
  HAVING: "group",
  WINDOW: "window",
  ORDER: "order",
  LIMIT: "limit",
  RETURNING: "rest",
};

/** Moves the level's query on; the query that begins here, if one does. */
function readWord(level: Level, tokens: readonly Token[], index: number): OpenQuery | undefined {
  const word = wordAt(tokens, index);
  if (word === "UNION" || word === "INTERSECT" || word === "EXCEPT") {
    level.isCompound = true;
    if (level.query !== undefined) level.query.isCompound = true;
    level.query = undefined;
    return undefined;
  }
  if (word === "SELECT") {
    const isDistinct = tokens[index + 1]?.word === "DISTINCT";
    const { open, isCompound } = level;
    const clauses = { list: [], from: [], where: [], group: [], window: [], order: [], limit: [], rest: [] };
    level.query = { first: index, end: index, open, clauses, clause: "list", isCompound, isDistinct };
    return level.query;
  }
  const clause = keywords[word];
  if (level.query !== undefined && clause !== undefined && isClause(tokens, index)) {
    level.query.clause = clause;
  }
  return undefined;
}

/** `IS DISTINCT FROM` and a name behind a dot begin nothing. */
function isClause(tokens: readonly Token[], index: number): boolean {
  const before = tokens[index - 1];
  if (wordAt(tokens, index) === "FROM" && before?.word === "DISTINCT") return false;
  if (tokens[index]?.word === "WINDOW" && tokens[index + 2]?.word !== "AS") return false;
  return before?.image !== ".";
}

/** A word that only says which clause follows. */
function isKeyword(tokens: readonly Token[], index: number, { clause, first }: OpenQuery): boolean {
  const word = wordAt(tokens, index);
  if (index === first || (clause === "list" && index === first + 1 && word === "DISTINCT")) return true;
  if (word === "BY") return ["ORDER", "GROUP"].includes(wordAt(tokens, index - 1));
  return keywords[word] === clause && word !== "HAVING" && isClause(tokens, index);
}
