/**
 * Text → tokens, by SQLite's lexical grammar (its tokenize.c) plus `=>`.
 * Linear in the text and total: whatever no token begins with is an Illegal token, never an exception.
 * White space and comments make no token; they are the gaps between tokens.
 */
import { beginsWord, behind, codeAt, continuesWord, isDigit, isSpace, lineEnd } from "./characters.ts";
import type { Span } from "../diagnostics/source.ts";
import {
  Arrow,
  Blob,
  Comma,
  Dot,
  Equals,
  Illegal,
  keywordByWord,
  type Kind,
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
  Token,
  Unterminated,
  Word,
} from "./tokens.ts";

const singleTypes: ReadonlyMap<string, Kind> = new Map([
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
  /** Behind the last token. It may be set to where a token or a gap begins. */
  at: number;
  readonly #text: string;
  readonly #lexeme: Lexeme = { end: 0, type: Illegal };

  constructor(text: string, start = 0) {
    this.#text = text;
    this.at = start;
  }

  next(): Token | undefined {
    const text = this.#text;
    const start = skipGap(text, this.at);
    if (start >= text.length) return undefined;
    const code = text.charCodeAt(start);
    const single = code < 128 ? singles[code] : undefined;
    if (single !== undefined) {
      this.at = start + 1;
      return new Token(text, { start, end: start + 1 }, single);
    }
    if (beginsWord(code) && !(isX(code) && codeAt(text, start + 1) === quote)) return this.#word(start, code);
    const lexeme = this.#lexeme;
    readLexeme(text, start, lexeme);
    const { end, type } = lexeme;
    this.at = end;
    return new Token(text, { start, end }, type);
  }

  #word(start: number, first: number): Token {
    const text = this.#text;
    let sum = first;
    let end = start + 1;
    for (; end < text.length; end++) {
      const code = text.charCodeAt(end);
      if (!continuesWord(code)) break;
      sum = Math.imul(sum, fnvPrime) ^ code;
    }
    this.at = end;
    const { type, word } = knownWord(text, { start, end }, (sum ^ (sum >>> 15)) & 4095);
    return new Token(text, { start, end }, type, word);
  }
}

/** Where the numeral, quoted name or bind that begins at `start` ends (exclusive). */
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
    const next = skipOne(text, at, codeAt(text, at));
    if (next === at) return false;
    at = next;
  }
  return false;
}

/** A token's end (exclusive) and type. One object serves a whole scan: a script has a million tokens. */
interface Lexeme {
  end: number;
  type: Kind;
}

function setLexeme(lexeme: Lexeme, end: number, type: Kind): void {
  lexeme.end = end;
  lexeme.type = type;
}

/** A word as SQLite compares it, and what our grammar takes it for. */
interface KnownWord {
  readonly image: string;
  readonly word: string;
  readonly type: Kind;
}

/**
 * Scripts say the same words again and again: each is kept at a place told by its letters, until another comes to that
 * place, so that generated names cannot fill the memory.
 */
const knownWords: (KnownWord | undefined)[] = Array.from({ length: 4096 }, () => undefined);
/** Of the sum by Fowler, Noll and Vo, which spreads words evenly. */
const fnvPrime = 0x01000193;

function knownWord(text: string, { start, end }: Span, place: number): KnownWord {
  const known = knownWords[place];
  if (known?.image.length === end - start && text.startsWith(known.image, start)) return known;
  const image = interned(text.slice(start, end));
  const word = isAscii(image) ? interned(image.toUpperCase()) : image;
  return (knownWords[place] = { image, word, type: keywordByWord.get(word) ?? Word });
}

/** The same text, but not a part of the script, which it would keep in memory; and compared at a glance. */
function interned(text: string): string {
  return Object.keys({ [text]: true })[0] ?? text;
}

/** What is neither a word nor a single character. */
function readLexeme(text: string, at: number, lexeme: Lexeme): void {
  const code = text.charCodeAt(at);
  if (isDigit(code) || (code === dot && isDigit(codeAt(text, at + 1)))) return readNumeral(text, at, lexeme);
  switch (code) {
    case quote:
      return readQuoted(text, at, lexeme, Text);
    case doubleQuote:
    case backtick:
      return readQuoted(text, at, lexeme, Quoted);
    case bracket:
      return readBracketed(text, at, lexeme);
    case smallX:
    case capitalX:
      return readBlob(text, at, lexeme);
    case questionMark:
      return setLexeme(lexeme, skipWhile(text, at + 1, isDigit), PositionalBind);
    case colon:
    case atSign:
    case dollar:
    case hash:
      return readNamedBind(text, at, lexeme);
    default:
      return readOperator(text, at, lexeme);
  }
}

const tab = 0x09;
const lineFeed = 0x0a;
const formFeed = 0x0c;
const carriageReturn = 0x0d;
const space = 0x20;
const doubleQuote = 0x22;
const hash = 0x23;
const dollar = 0x24;
const quote = 0x27;
const closingParenthesis = 0x29;
const star = 0x2a;
const dash = 0x2d;
const dot = 0x2e;
const slash = 0x2f;
const zero = 0x30;
const colon = 0x3a;
const questionMark = 0x3f;
const atSign = 0x40;
const capitalX = 0x58;
const bracket = 0x5b;
const underscore = 0x5f;
const backtick = 0x60;
const smallX = 0x78;
const byteOrderMark = 0xfeff;

/** Characters that are a token by themselves whatever stands behind them. */
const singles: readonly (Kind | undefined)[] = Array.from({ length: 128 }, (_, code) =>
  singleTypes.get(String.fromCharCode(code)),
);

/** A doubled quote inside stands for one. */
function readQuoted(text: string, start: number, lexeme: Lexeme, type: Kind): void {
  const code = codeAt(text, start);
  const opening = text.charAt(start);
  let at = start;
  do {
    const close = text.indexOf(opening, at + 1);
    if (close < 0) return setLexeme(lexeme, text.length, Unterminated);
    at = close + 1;
  } while (codeAt(text, at) === code);
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
  const plainEnd = skipDecimal(text, start);
  if (continuesWord(codeAt(text, plainEnd))) readLongNumeral(text, start, lexeme);
  else setLexeme(lexeme, plainEnd, NumberLiteral);
}

/** `1`, `1.5`, `.5`. */
function skipDecimal(text: string, start: number): number {
  let at = start;
  while (isDigit(codeAt(text, at))) at++;
  if (codeAt(text, at) !== dot) return at;
  do at++;
  while (isDigit(codeAt(text, at)));
  return at;
}

/** One with letters in it or behind it. */
function readLongNumeral(text: string, start: number, lexeme: Lexeme): void {
  const isHex =
    codeAt(text, start) === zero && isX(codeAt(text, start + 1)) && isHexDigit(codeAt(text, start + 2));
  let at = isHex ? skipWhile(text, start + 2, isHexOrSeparator) : skipWhile(text, start, isDigitOrSeparator);
  if (!isHex) {
    if (text.charAt(at) === ".") at = skipWhile(text, at + 1, isDigitOrSeparator);
    const exponent = isE(codeAt(text, at)) ? /^[eE][+-]?[0-9]/.exec(text.slice(at, at + 3)) : null;
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
    if (continuesWord(codeAt(text, at))) letters++;
    else if (text.charAt(at) === "(" && letters > 0) return readTclSuffix(text, at, lexeme);
    else if (text.startsWith("::", at)) at++;
    else break;
  }
  setLexeme(lexeme, at, letters > 0 ? NamedBind : Illegal);
}

function readTclSuffix(text: string, open: number, lexeme: Lexeme): void {
  let at = open + 1;
  while (at < text.length && !isSpace(codeAt(text, at)) && codeAt(text, at) !== closingParenthesis) at++;
  if (text.charAt(at) === ")") setLexeme(lexeme, at + 1, NamedBind);
  else setLexeme(lexeme, at, Illegal);
}

/** Operators of several characters or that begin one, longest first. */
const operators: readonly ReadonlySet<string>[] = [
  new Set(["->>"]),
  new Set(["->", "||", "<<", ">>", "<=", ">=", "<>", "!=", "==", "=>"]),
  new Set(["=", "-", ".", "/", "<", ">", "|"]),
];

const operatorKinds: ReadonlyMap<string, Kind> = new Map([
  [".", Dot],
  ["=", Equals],
  ["=>", Arrow],
  ["-", Minus],
]);

function readOperator(text: string, start: number, lexeme: Lexeme): void {
  for (const known of operators) {
    const length = 3 - operators.indexOf(known);
    const image = text.slice(start, start + length);
    if (known.has(image)) return setLexeme(lexeme, start + length, operatorKinds.get(image) ?? Operator);
  }
  setLexeme(lexeme, start + 1, Illegal);
}

/** Asked in front of every token. */
const mayBeginGap = Uint8Array.from({ length: 128 }, (_, code) =>
  " \t\n\f\r-/".includes(String.fromCharCode(code)) ? 1 : 0,
);

function skipGap(text: string, start: number): number {
  let at = start;
  let code = codeAt(text, at);
  while (code < 128 ? mayBeginGap[code] === 1 : code === byteOrderMark) {
    const next = skipOne(text, at, code);
    if (next === at) return at;
    at = next;
    code = codeAt(text, at);
  }
  return at;
}

/** Behind the white space or the comment at `at`; `at` itself where a token begins. */
function skipOne(text: string, at: number, code: number): number {
  switch (code) {
    // A vertical tab continues white space but does not begin it: SQLite's tables say so.
    case space:
    case tab:
    case lineFeed:
    case formFeed:
    case carriageReturn: {
      let end = at + 1;
      while (isSpace(codeAt(text, end))) end++;
      return end;
    }
    case byteOrderMark:
      return at + 1;
    case dash:
      return codeAt(text, at + 1) === dash ? lineEnd(text, at + 2) : at;
    case slash:
      // SQLite takes a "/*" with nothing behind it as two operators.
      return codeAt(text, at + 1) === star && at + 2 < text.length ? behind(text, "*/", at + 2) : at;
    default:
      return at;
  }
}

function skipWhile(text: string, start: number, test: (code: number) => boolean): number {
  let at = start;
  while (test(codeAt(text, at))) at++;
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
