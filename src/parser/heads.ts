/**
 * Recognises the head of a call site: all that stands before its first argument.
 * Looks at most seven tokens ahead and never back; where a call may stand is the caller's business.
 */
import type { TokenType } from "chevrotain";
import type { CallSite } from "./syntax.ts";
import {
  Blob,
  Dot,
  LBrace,
  LParen,
  NamedBind,
  NumberLiteral,
  PositionalBind,
  Quoted,
  RBrace,
  RParen,
  type Token,
} from "./tokens.ts";
import { isCallableWord, wordAt } from "./words.ts";

export interface Head {
  /** Index of the procedure's name; undefined when the head is malformed. */
  readonly name?: number;
  /** Index behind the head. */
  readonly end: number;
  /** `parenthesized`: the head ends with `(`. `bare`: EXEC P 1, 2. `none`: {call P}. `broken`: ours, but not well formed. */
  readonly arguments: "parenthesized" | "bare" | "none" | "broken";
  /** What ends the site behind its arguments, in order. */
  readonly closers: readonly TokenType[];
  readonly isExec: boolean;
}

/** The head of a call at `at`, or undefined when the tokens there are SQLite's. */
export function headAt(
  tokens: readonly Token[],
  at: number,
  place: { readonly position: CallSite["position"]; readonly isProcedure: (name: string) => boolean },
): Head | undefined {
  const noise = place.position === "table" ? tableNoise(tokens, at) : { end: at, closers: [] };
  const isEscape = tokens[noise.end]?.tokenType === LBrace && tokens[noise.end + 1]?.word === "CALL";
  const closers = isEscape ? [RBrace, ...noise.closers] : noise.closers;
  const start = isEscape ? noise.end + 1 : noise.end;
  const word = wordAt(tokens, start);
  if (!["CALL", "EXEC", "EXECUTE"].includes(word)) {
    return place.position === "query" ? undefined : bareHead(tokens, start, closers, place.isProcedure);
  }
  const isExec = word !== "CALL";
  const name = start + 1;
  if (isProcedureCall(tokens, name)) {
    return { name, end: name + 2, arguments: "parenthesized", closers, isExec };
  }
  // No statement of SQLite begins so: whatever follows is a mistake in a call, or a call without parentheses.
  if (place.position === "query" || isEscape)
    return unparenthesizedHead(tokens, name, { closers, isExec, isEscape });
  return undefined;
}

/** Whether `CALL P(`, `EXEC P(`, `EXEC P @a` or `{ CALL` stands here: no reading as SQLite's own is possible. */
export function isCallHead(tokens: readonly Token[], at: number): boolean {
  const word = wordAt(tokens, at);
  if (tokens[at]?.tokenType === LBrace) return tokens[at + 1]?.word === "CALL";
  if (word === "CALL") return isProcedureCall(tokens, at + 1);
  if (word !== "EXEC" && word !== "EXECUTE") return false;
  // No table or column is followed by a name and then by a value.
  const isValue = values.includes(tokens[at + 2]?.tokenType);
  return isProcedureCall(tokens, at + 1) || (isProcedureName(tokens[at + 1]) && isValue);
}

const values: readonly unknown[] = [NamedBind, PositionalBind, NumberLiteral, Blob];

/** `LATERAL`, `LATERAL (`, `TABLE (` and their mixtures in front of a call. */
function tableNoise(tokens: readonly Token[], at: number): { end: number; closers: TokenType[] } {
  const closers: TokenType[] = [];
  let end = at;
  if (tokens[end]?.word === "LATERAL") {
    end++;
    if (tokens[end]?.tokenType === LParen) {
      end++;
      closers.unshift(RParen);
    }
  }
  if (tokens[end]?.word === "TABLE" && tokens[end + 1]?.tokenType === LParen) {
    end += 2;
    closers.unshift(RParen);
  }
  return { end, closers };
}

/** `P(` without CALL: only a name of the catalogue, without quotes. */
function bareHead(
  tokens: readonly Token[],
  name: number,
  closers: readonly TokenType[],
  isProcedure: (name: string) => boolean,
): Head | undefined {
  const token = tokens[name];
  if (tokens[name + 1]?.tokenType !== LParen || !isCallableWord(token)) return undefined;
  if (!isProcedure(token.image)) return undefined;
  return { name, end: name + 2, arguments: "parenthesized", closers, isExec: false };
}

function unparenthesizedHead(
  tokens: readonly Token[],
  name: number,
  form: { readonly closers: readonly TokenType[]; readonly isExec: boolean; readonly isEscape: boolean },
): Head {
  const { closers, isExec } = form;
  const follower = tokens[name + 1]?.tokenType;
  if (!isProcedureName(tokens[name])) return { end: name, arguments: "broken", closers, isExec };
  if (isExec && follower !== Dot) return { name, end: name + 1, arguments: "bare", closers, isExec };
  const isWhole = form.isEscape && follower === RBrace;
  return { name, end: name + 1, arguments: isWhole ? "none" : "broken", closers, isExec };
}

function isProcedureCall(tokens: readonly Token[], name: number): boolean {
  return isProcedureName(tokens[name]) && tokens[name + 1]?.tokenType === LParen;
}

function isProcedureName(token: Token | undefined): boolean {
  return token?.tokenType === Quoted || isCallableWord(token);
}
