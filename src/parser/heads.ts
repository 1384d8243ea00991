/**
 * Recognises the head of a call site: all that stands before its first argument.
 * Looks at most seven tokens ahead and never back; where a call may stand is the caller's business.
 */
import type { CallSite } from "./syntax.ts";
import {
  Blob,
  Dot,
  type Kind,
  keywords,
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
  readonly position: CallSite["position"];
  /** Index of the procedure's name; undefined when the head is malformed. */
  readonly name?: number;
  /** Index behind the head. */
  readonly end: number;
  /** `parenthesized`: the head ends with `(`. `bare`: EXEC P 1, 2. `none`: {call P}. `broken`: ours, but not well formed. */
  readonly arguments: "parenthesized" | "bare" | "none" | "broken";
  /** What ends the site behind its arguments, in order. */
  readonly closers: readonly Kind[];
  readonly isExec: boolean;
}

/** The head of a call at `at`, or undefined when the tokens there are SQLite's. */
export function headAt(
  tokens: readonly Token[],
  at: number,
  place: { readonly position: CallSite["position"]; readonly isProcedure: (name: string) => boolean },
): Head | undefined {
  const { position } = place;
  const noise = position === "table" ? tableNoise(tokens, at) : { end: at, closers: [] };
  const isEscape = tokens[noise.end]?.tokenType === LBrace && tokens[noise.end + 1]?.word === "CALL";
  const closers = isEscape ? [RBrace, ...noise.closers] : noise.closers;
  const start = isEscape ? noise.end + 1 : noise.end;
  const verb = tokens[start]?.tokenType;
  const isExec = verb === keywords.Exec || verb === keywords.Execute;
  if (!isExec && verb !== keywords.Call) {
    const isCall = position !== "query" && isPlainCall(tokens, start, place.isProcedure);
    return isCall ? parenthesized(start, { position, closers, isExec }) : undefined;
  }
  const name = start + 1;
  if (isProcedureCall(tokens, name)) return parenthesized(name, { position, closers, isExec });
  // No statement of SQLite begins so: whatever follows is a mistake in a call, or a call without parentheses.
  if (position === "query" || isEscape)
    return unparenthesized(tokens, name, { position, closers, isExec }, isEscape);
  return undefined;
}

/** What a head is, whatever stands in it. */
type Form = Pick<Head, "position" | "closers" | "isExec">;

function parenthesized(name: number, { position, closers, isExec }: Form): Head {
  return { position, name, end: name + 2, arguments: "parenthesized", closers, isExec };
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
function tableNoise(tokens: readonly Token[], at: number): { end: number; closers: Kind[] } {
  const closers: Kind[] = [];
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
function isPlainCall(
  tokens: readonly Token[],
  name: number,
  isProcedure: (name: string) => boolean,
): boolean {
  const token = tokens[name];
  return tokens[name + 1]?.tokenType === LParen && isCallableWord(token) && isProcedure(token.image);
}

function unparenthesized(tokens: readonly Token[], name: number, form: Form, isEscape: boolean): Head {
  const follower = tokens[name + 1]?.tokenType;
  if (!isProcedureName(tokens[name])) return { ...form, end: name, arguments: "broken" };
  if (form.isExec && follower !== Dot) return { ...form, name, end: name + 1, arguments: "bare" };
  const isWhole = isEscape && follower === RBrace;
  return { ...form, name, end: name + 1, arguments: isWhole ? "none" : "broken" };
}

function isProcedureCall(tokens: readonly Token[], name: number): boolean {
  return isProcedureName(tokens[name]) && tokens[name + 1]?.tokenType === LParen;
}

function isProcedureName(token: Token | undefined): boolean {
  return token?.tokenType === Quoted || isCallableWord(token);
}
