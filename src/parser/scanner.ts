/**
 * Text → tokens, by SQLite's lexical grammar (its tokenize.c) plus `=>`.
 * Linear in the text and total: whatever no token begins with is an Illegal token, never an exception.
 * White space and comments make no token; they are the gaps between tokens.
 */
import type { TokenType } from "chevrotain";
import { beginsWord, behind, continuesWord, isDigit, isSpace } from "./characters.ts";
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

const singleTypes: ReadonlyMap<string, TokenType> = new Map([
  ["(", LParen],
  [")", RParen],
  ["{", LBrace],
  ["}", RBrace],
  [",", Comma],
  [";", Semicolon],
  ["+", Plus],
  ["*", Operator],
  ["%", Operator],
  ["&", Operator],
  ["~", Operator],
]);

export function scan(text: string): Token[] {
  const scanner = new Scanner(text);
  const tokens: Token[] = [];
  for (let token = scanner.next(); token !== undefined; token = scanner.next()) tokens.push(token);
  return tokens;
}

/** One token at a time: who needs the tokens of one statement only holds no more. */
export class Scanner {
  readonly #text: string;
  readonly #lexeme: Lexeme = { end: 0, type: Illegal };

  /** `start`: where a token or a gap begins. */
  constructor(text: string, start = 0) {
    this.#text = text;
    this.#lexeme.end = start;
  }

  next(): Token | undefined {
    const start = skipGap(this.#text, this.#lexeme.end);
    if (start >= this.#text.length) return undefined;
    readLexeme(this.#text, start, this.#lexeme);
    return tokenOf(this.#text, start, this.#lexeme);
  }
}

/** Where the token that begins at `start` ends (exclusive). */
export function lexemeEnd(text: string, start: number): number {
  const lexeme: Lexeme = { end: start, type: Illegal };
  readLexeme(text, start, lexeme);
  return lexeme.end;
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

/** A token's end (exclusive) and type. One object serves a whole scan: a script has a million tokens. */
interface Lexeme {
  end: number;
  type: TokenType;
}

function setLexeme(lexeme: Lexeme, end: number, type: TokenType): void {
  lexeme.end = end;
  lexeme.type = type;
}

function tokenOf(text: string, start: number, { end, type }: Lexeme): Token {
  const image = text.slice(start, end);
  const known = type === Word ? wordOf(image) : undefined;
  const tokenType = known?.type ?? type;
  return {
    image,
    startOffset: start,
    endOffset: end - 1,
    tokenType,
    tokenTypeIdx: tokenType.tokenTypeIdx ?? 0,
    word: known?.word ?? "",
  };
}

/** A word as SQLite compares it, and what our grammar takes it for. */
interface KnownWord {
  readonly word: string;
  readonly type: TokenType;
}

/** Scripts say the same words again and again. Emptied when it is full, so that generated names cannot fill the memory. */
const knownWords = new Map<string, KnownWord>();
const knownWordsMax = 4096;

function wordOf(image: string): KnownWord {
  const known = knownWords.get(image);
  if (known !== undefined) return known;
  const word = isAscii(image) ? image.toUpperCase() : image;
  const made = { word, type: keywordByWord.get(word) ?? Word };
  if (knownWords.size >= knownWordsMax) knownWords.clear();
  knownWords.set(image, made);
  return made;
}

function readLexeme(text: string, at: number, lexeme: Lexeme): void {
  const code = text.charCodeAt(at);
  if (beginsWord(code) && !(isX(code) && text.charCodeAt(at + 1) === quote)) {
    return setLexeme(lexeme, skipWhile(text, at + 1, continuesWord), Word);
  }
  const single = code < 128 ? singles[code] : undefined;
  if (single !== undefined) return setLexeme(lexeme, at + 1, single);
  if (isDigit(code) || (code === dot && isDigit(text.charCodeAt(at + 1))))
    return readNumeral(text, at, lexeme);
  switch (text.charAt(at)) {
    case "'":
      return readQuoted(text, at, lexeme, Text);
    case '"':
    case "`":
      return readQuoted(text, at, lexeme, Quoted);
    case "[":
      return readBracketed(text, at, lexeme);
    case "x":
    case "X":
      return readBlob(text, at, lexeme);
    case "?":
      return setLexeme(lexeme, skipWhile(text, at + 1, isDigit), PositionalBind);
    case ":":
    case "@":
    case "$":
    case "#":
      return readNamedBind(text, at, lexeme);
    default:
      return readOperator(text, at, lexeme);
  }
}

const quote = 0x27;
const dot = 0x2e;
const zero = 0x30;
const closingParenthesis = 0x29;
const underscore = 0x5f;

/** Characters that are a token by themselves whatever stands behind them. */
const singles: readonly (TokenType | undefined)[] = Array.from({ length: 128 }, (_, code) =>
  singleTypes.get(String.fromCharCode(code)),
);

/** A doubled quote inside stands for one. */
function readQuoted(text: string, start: number, lexeme: Lexeme, type: TokenType): void {
  const opening = text.charAt(start);
  let at = start;
  do {
    const close = text.indexOf(opening, at + 1);
    if (close < 0) return setLexeme(lexeme, text.length, Unterminated);
    at = close + 1;
  } while (text.charAt(at) === opening);
  setLexeme(lexeme, at, type);
}

function readBracketed(text: string, start: number, lexeme: Lexeme): void {
  const close = text.indexOf("]", start);
  if (close < 0) setLexeme(lexeme, text.length, Unterminated);
  else setLexeme(lexeme, close + 1, Quoted);
}

function readBlob(text: string, start: number, lexeme: Lexeme): void {
  const digitsEnd = skipWhile(text, start + 2, isHexDigit);
  if (text.charAt(digitsEnd) === "'" && (digitsEnd - start) % 2 === 0)
    return setLexeme(lexeme, digitsEnd + 1, Blob);
  const close = text.indexOf("'", digitsEnd);
  if (close < 0) setLexeme(lexeme, text.length, Unterminated);
  else setLexeme(lexeme, close + 1, Illegal);
}

/** `1`, `1_000`, `0xFF`, `1.5e-3`, `.5`. Letters behind it spoil a number, and so does a `_` not between digits. */
function readNumeral(text: string, start: number, lexeme: Lexeme): void {
  const isHex =
    text.charCodeAt(start) === zero &&
    isX(text.charCodeAt(start + 1)) &&
    isHexDigit(text.charCodeAt(start + 2));
  let at = isHex ? skipWhile(text, start + 2, isHexOrSeparator) : skipWhile(text, start, isDigitOrSeparator);
  if (!isHex) {
    if (text.charAt(at) === ".") at = skipWhile(text, at + 1, isDigitOrSeparator);
    const exponent = isE(text.charCodeAt(at)) ? /^[eE][+-]?[0-9]/.exec(text.slice(at, at + 3)) : null;
    if (exponent !== null) at = skipWhile(text, at + exponent[0].length, isDigitOrSeparator);
  }
  const end = skipWhile(text, at, continuesWord);
  const misplaced = isHex ? misplacedInHex : misplacedInDecimal;
  const image = text.slice(start, end);
  const isWhole = end === at && !(image.includes("_") && misplaced.test(image));
  setLexeme(lexeme, end, isWhole ? NumberLiteral : Illegal);
}

const misplacedInHex = /(?<![0-9a-f])_|_(?![0-9a-f])/i;
const misplacedInDecimal = /(?<![0-9])_|_(?![0-9])/;

/** `:name`, also with Tcl's `::` and one `(…)` suffix, which belong to the name. */
function readNamedBind(text: string, start: number, lexeme: Lexeme): void {
  let letters = 0;
  let at = start + 1;
  for (; at < text.length; at++) {
    if (continuesWord(text.charCodeAt(at))) letters++;
    else if (text.charAt(at) === "(" && letters > 0) return readTclSuffix(text, at, lexeme);
    else if (text.startsWith("::", at)) at++;
    else break;
  }
  setLexeme(lexeme, at, letters > 0 ? NamedBind : Illegal);
}

function readTclSuffix(text: string, open: number, lexeme: Lexeme): void {
  const at = skipWhile(
    text,
    open + 1,
    (code) => !Number.isNaN(code) && !isSpace(code) && code !== closingParenthesis,
  );
  if (text.charAt(at) === ")") setLexeme(lexeme, at + 1, NamedBind);
  else setLexeme(lexeme, at, Illegal);
}

/** Operators of several characters or that begin one, longest first. */
const operators: readonly ReadonlySet<string>[] = [
  new Set(["->>"]),
  new Set(["->", "||", "<<", ">>", "<=", ">=", "<>", "!=", "==", "=>"]),
  new Set(["=", "-", ".", "/", "<", ">", "|"]),
];

const operatorTypes: ReadonlyMap<string, TokenType> = new Map([
  [".", Dot],
  ["=", Equals],
  ["=>", Arrow],
  ["-", Minus],
]);

function readOperator(text: string, start: number, lexeme: Lexeme): void {
  for (const known of operators) {
    const length = 3 - operators.indexOf(known);
    const image = text.slice(start, start + length);
    if (known.has(image)) return setLexeme(lexeme, start + length, operatorTypes.get(image) ?? Operator);
  }
  setLexeme(lexeme, start + 1, Illegal);
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
  const code = text.charCodeAt(at);
  // Nearly always a word or a mark: told apart by one look.
  if (code > 0x2f && code !== 0xfeff) return at;
  // A vertical tab continues white space but does not begin it: SQLite's tables say so.
  if (isSpace(code) && text.charAt(at) !== "\v") return skipWhile(text, at, isSpace);
  if (text.charAt(at) === "\ufeff") return at + 1;
  if (text.startsWith("--", at)) return behind(text, "\n", at + 2);
  // SQLite takes a "/*" with nothing behind it as two operators.
  if (text.startsWith("/*", at) && at + 2 < text.length) return behind(text, "*/", at + 2);
  return at;
}

function skipWhile(text: string, start: number, test: (code: number) => boolean): number {
  let at = start;
  while (test(text.charCodeAt(at))) at++;
  return at;
}

function isX(code: number): boolean {
  return (code | 0x20) === 0x78;
}

function isE(code: number): boolean {
  return (code | 0x20) === 0x65;
}

function isHexDigit(code: number): boolean {
  const lower = code | 0x20;
  return isDigit(code) || (lower >= 0x61 && lower <= 0x66);
}

function isDigitOrSeparator(code: number): boolean {
  return isDigit(code) || code === underscore;
}

function isHexOrSeparator(code: number): boolean {
  return isHexDigit(code) || code === underscore;
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) >= 0x80) return false;
  return true;
}
