/**
 * Text → tokens, by SQLite's lexical grammar (its tokenize.c) plus `=>`.
 * Linear in the text and total: whatever no token begins with is an Illegal token, never an exception.
 * White space and comments make no token; they are the gaps between tokens.
 */
import type { TokenType } from "chevrotain";
import {
  Arrow,
  Blob,
  Comma,
  Dot,
  Equals,
  Illegal,
  keywordByWord,
  LBrace,
  LParen,
  Minus,
  NamedBind,
  NumberLiteral,
  Operator,
  Plus,
  PositionalBind,
  Quoted,
  RBrace,
  RParen,
  Semicolon,
  Text,
  type Token,
  Unterminated,
  Word,
} from "./tokens.ts";

export function scan(text: string): Token[] {
  const tokens: Token[] = [];
  let at = skipGap(text, 0);
  while (at < text.length) {
    const token = tokenAt(text, at);
    tokens.push(token);
    at = skipGap(text, token.endOffset + 1);
  }
  return tokens;
}

/** True when a block comment that begins in `text` from `start` on has no end; `start` lies between tokens. */
export function endsInComment(text: string, start: number): boolean {
  let at = start;
  while (at < text.length) {
    if (text.startsWith("/*", at) && !text.includes("*/", at + 2)) return true;
    const next = skipOne(text, at);
    if (next === at) return false;
    at = next;
  }
  return false;
}

/** A token's end (exclusive) and type. */
interface Lexeme {
  readonly end: number;
  readonly type: TokenType;
}

function tokenAt(text: string, start: number): Token {
  const { end, type } = lexemeAt(text, start);
  const image = text.slice(start, end);
  const isWord = type === Word;
  const word = isWord && isAscii(image) ? image.toUpperCase() : isWord ? image : "";
  const tokenType = isWord ? (keywordByWord.get(word) ?? Word) : type;
  return {
    image,
    startOffset: start,
    endOffset: end - 1,
    tokenType,
    tokenTypeIdx: tokenType.tokenTypeIdx ?? 0,
    word,
  };
}

function lexemeAt(text: string, at: number): Lexeme {
  const char = text.charAt(at);
  const next = text.charAt(at + 1);
  if (char === "'") return quotedTo(text, at, "'", Text);
  if (char === '"' || char === "`") return quotedTo(text, at, char, Quoted);
  if (char === "[") return bracketed(text, at);
  if ((char === "x" || char === "X") && next === "'") return blob(text, at);
  if (isDigit(text, at) || (char === "." && isDigit(text, at + 1))) return numeral(text, at);
  if (char === "?") return { end: skipWhile(text, at + 1, isDigit), type: PositionalBind };
  if (char === ":" || char === "@" || char === "$" || char === "#") return namedBind(text, at);
  if (isIdentifier(text, at)) return { end: skipWhile(text, at, isIdentifier), type: Word };
  return punctuation(text, at);
}

/** A doubled quote inside stands for one. */
function quotedTo(text: string, start: number, quote: string, type: TokenType): Lexeme {
  let at = start;
  do {
    const close = text.indexOf(quote, at + 1);
    if (close < 0) return { end: text.length, type: Unterminated };
    at = close + 1;
  } while (text.charAt(at) === quote);
  return { end: at, type };
}

function bracketed(text: string, start: number): Lexeme {
  const close = text.indexOf("]", start);
  return close < 0 ? { end: text.length, type: Unterminated } : { end: close + 1, type: Quoted };
}

function blob(text: string, start: number): Lexeme {
  const digitsEnd = skipWhile(text, start + 2, isHexDigit);
  if (text.charAt(digitsEnd) === "'" && (digitsEnd - start) % 2 === 0)
    return { end: digitsEnd + 1, type: Blob };
  const close = text.indexOf("'", digitsEnd);
  return close < 0 ? { end: text.length, type: Unterminated } : { end: close + 1, type: Illegal };
}

/** `1`, `1_000`, `0xFF`, `1.5e-3`, `.5`. Letters behind it spoil a number, and so does a `_` not between digits. */
function numeral(text: string, start: number): Lexeme {
  const isHex = /^0[xX]$/.test(text.slice(start, start + 2)) && isHexDigit(text, start + 2);
  let at = isHex ? skipWhile(text, start + 2, isHexOrSeparator) : skipWhile(text, start, isDigitOrSeparator);
  if (!isHex) {
    if (text.charAt(at) === ".") at = skipWhile(text, at + 1, isDigitOrSeparator);
    const exponent = /^[eE][+-]?[0-9]/.exec(text.slice(at, at + 3));
    if (exponent !== null) at = skipWhile(text, at + exponent[0].length, isDigitOrSeparator);
  }
  const end = skipWhile(text, at, isIdentifier);
  const misplaced = isHex ? /(?<![0-9a-f])_|_(?![0-9a-f])/i : /(?<![0-9])_|_(?![0-9])/;
  const isWhole = end === at && !misplaced.test(text.slice(start, end));
  return { end, type: isWhole ? NumberLiteral : Illegal };
}

/** `:name`, also with Tcl's `::` and one `(…)` suffix, which belong to the name. */
function namedBind(text: string, start: number): Lexeme {
  let letters = 0;
  let at = start + 1;
  for (; at < text.length; at++) {
    if (isIdentifier(text, at)) letters++;
    else if (text.charAt(at) === "(" && letters > 0) return tclSuffix(text, at);
    else if (text.startsWith("::", at)) at++;
    else break;
  }
  return { end: at, type: letters > 0 ? NamedBind : Illegal };
}

function tclSuffix(text: string, open: number): Lexeme {
  const at = skipWhile(text, open + 1, (t, i) => i < t.length && !isSpace(t, i) && t.charAt(i) !== ")");
  if (text.charAt(at) === ")") return { end: at + 1, type: NamedBind };
  return { end: at, type: Illegal };
}

/** Operators by length, longest first. */
const operators: readonly ReadonlySet<string>[] = [
  new Set(["->>"]),
  new Set(["->", "||", "<<", ">>", "<=", ">=", "<>", "!=", "==", "=>"]),
  new Set(["(", ")", "{", "}", ",", ".", ";", "=", "-", "+", "*", "/", "%", "<", ">", "&", "|", "~"]),
];

const punctuationTypes: ReadonlyMap<string, TokenType> = new Map([
  ["(", LParen],
  [")", RParen],
  ["{", LBrace],
  ["}", RBrace],
  [",", Comma],
  [".", Dot],
  [";", Semicolon],
  ["=", Equals],
  ["=>", Arrow],
  ["-", Minus],
  ["+", Plus],
]);

function punctuation(text: string, start: number): Lexeme {
  for (const known of operators) {
    const length = 3 - operators.indexOf(known);
    const image = text.slice(start, start + length);
    if (known.has(image)) return { end: start + length, type: punctuationTypes.get(image) ?? Operator };
  }
  return { end: start + 1, type: Illegal };
}

function skipGap(text: string, start: number): number {
  let at = start;
  for (;;) {
    const next = skipOne(text, at);
    if (next === at) return at;
    at = next;
  }
}

/** Behind the white space or the comment at `at`; `at` itself where a token begins. */
function skipOne(text: string, at: number): number {
  // A vertical tab continues white space but does not begin it: SQLite's tables say so.
  if (isSpace(text, at) && text.charAt(at) !== "\v") return skipWhile(text, at, isSpace);
  if (text.charAt(at) === "\ufeff") return at + 1;
  if (text.startsWith("--", at)) return endOf(text, "\n", at + 2);
  // SQLite takes a "/*" with nothing behind it as two operators.
  if (text.startsWith("/*", at) && at + 2 < text.length) return endOf(text, "*/", at + 2);
  return at;
}

/** Behind the next `closing`, or the end of the text. */
function endOf(text: string, closing: string, from: number): number {
  const found = text.indexOf(closing, from);
  return found < 0 ? text.length : found + closing.length;
}

function skipWhile(text: string, start: number, test: (text: string, at: number) => boolean): number {
  let at = start;
  while (test(text, at)) at++;
  return at;
}

// charCodeAt gives NaN behind the end, for which every comparison below is false.

function isSpace(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0x30 && code <= 0x39;
}

function isHexDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at) | 0x20;
  return isDigit(text, at) || (code >= 0x61 && code <= 0x66);
}

function isDigitOrSeparator(text: string, at: number): boolean {
  return isDigit(text, at) || text.charAt(at) === "_";
}

function isHexOrSeparator(text: string, at: number): boolean {
  return isHexDigit(text, at) || text.charAt(at) === "_";
}

/** Letters, digits, `_`, `$` and everything beyond ASCII. Digits and `$` do not begin a name; callers see to that. */
function isIdentifier(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  const lower = code | 0x20;
  return (
    (lower >= 0x61 && lower <= 0x7a) || isDigit(text, at) || code === 0x5f || code === 0x24 || code >= 0x80
  );
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) >= 0x80) return false;
  return true;
}
