/**
 * The vocabulary: every kind of token the scanner makes and the grammar reads.
 * Only the words of our own statements are keywords here; SQLite's words stay plain words, told apart by `word`.
 * Plain objects in chevrotain's form: it is loaded, and numbers them, when the first grammar is built.
 */
import type { IToken, TokenType } from "chevrotain";
import type { Span } from "../diagnostics/source.ts";

/** A piece of the text. `endOffset` is the offset of the last character, as chevrotain wants it. */
export interface Token extends IToken {
  readonly endOffset: number;
  /** An unquoted word in upper case, as SQLite compares keywords (ASCII only); "" for every other token. */
  readonly word: string;
}

/** A run of SQLite's own tokens, which the grammar takes as one. */
export interface SqlRun extends Token {
  /** For messages: the token the run begins with. */
  readonly first: Token;
}

/** Any unquoted identifier or keyword; the keywords below are words too. */
export const Word = define("Word", "a name");
/** `"x"`, `[x]` or `` `x` ``. */
export const Quoted = define("Quoted", "a quoted name");
export const Text = define("Text", "a text in quotes");
export const Blob = define("Blob", "a blob");
export const NumberLiteral = define("Number", "a number");
/** `:name`, `@name`, `$name`, `#name`. */
export const NamedBind = define("NamedBind", "a bind such as :name");
/** `?` or `?NNN`. */
export const PositionalBind = define("PositionalBind", '"?"');
export const LParen = define("LParen", '"("');
export const RParen = define("RParen", '")"');
export const LBrace = define("LBrace", '"{"');
export const RBrace = define("RBrace", '"}"');
export const Comma = define("Comma", '","');
export const Dot = define("Dot", '"."');
export const Semicolon = define("Semicolon", '";"');
/** A single `=`; `==` is an operator like the others. */
export const Equals = define("Equals", '"="');
/** `=>`: the one token SQLite does not have. */
export const Arrow = define("Arrow", '"=>"');
export const Minus = define("Minus", '"-"');
export const Plus = define("Plus", '"+"');
export const Operator = define("Operator", "an operator");
/** Characters no SQL token begins with, and malformed numbers and blobs. */
export const Illegal = define("Illegal", "an unrecognized token");
/** A text, quoted name, blob or bind that lacks its end; it takes in the rest of the text. */
export const Unterminated = define("Unterminated", "a text without its closing quote");

/** A run of tokens between call sites: SQLite's business. Made by islands.ts, never by the scanner. */
export const Sql = define("Sql", "an expression");
/** A run that is the whole of an argument without a name. Made by islands.ts. */
export const PlainArgument = define("PlainArgument", "an expression");
/** What islands.ts found to name the parameter of an argument: a name, behind EXEC also a bind. */
export const ParameterName = define("ParameterName", "a parameter's name");
/** A name that islands.ts found to be the procedure of a call. */
export const ProcedureName = define("ProcedureName", "a procedure name");
/** Where arguments without parentheses end. Made by islands.ts; it has no text. */
export const ArgumentsEnd = define("ArgumentsEnd", "an argument");

/** The words the grammar names. They are not reserved: each is also a Word. */
export const keywords = {
  All: keyword("ALL"),
  Call: keyword("CALL"),
  Calls: keyword("CALLS"),
  Default: keyword("DEFAULT"),
  Defaults: keyword("DEFAULTS"),
  Describe: keyword("DESCRIBE"),
  Exec: keyword("EXEC"),
  Execute: keyword("EXECUTE"),
  Explain: keyword("EXPLAIN"),
  Failed: keyword("FAILED"),
  Into: keyword("INTO"),
  Lateral: keyword("LATERAL"),
  Null: keyword("NULL"),
  Of: keyword("OF"),
  Options: keyword("OPTIONS"),
  Procedures: keyword("PROCEDURES"),
  Reset: keyword("RESET"),
  Retry: keyword("RETRY"),
  Set: keyword("SET"),
  Show: keyword("SHOW"),
  Table: keyword("TABLE"),
  Temp: keyword("TEMP"),
  Temporary: keyword("TEMPORARY"),
  Variables: keyword("VARIABLES"),
};

/** Keyword types by their word in upper case. */
export const keywordByWord: ReadonlyMap<string, TokenType> = new Map(
  Object.values(keywords).map((type) => [type.name, type]),
);

/** Everything the parser may meet. */
export const vocabulary: TokenType[] = [
  Word,
  Quoted,
  Text,
  Blob,
  NumberLiteral,
  NamedBind,
  PositionalBind,
  LParen,
  RParen,
  LBrace,
  RBrace,
  Comma,
  Dot,
  Semicolon,
  Equals,
  Arrow,
  Minus,
  Plus,
  Operator,
  Illegal,
  Unterminated,
  Sql,
  PlainArgument,
  ParameterName,
  ProcedureName,
  ArgumentsEnd,
  ...Object.values(keywords),
];

/** From the start of `first` to the end of `last`. */
export function spanOf(first: Token, last: Token = first): Span {
  return { start: first.startOffset, end: last.endOffset + 1 };
}

/** The same piece of text as another kind of token. */
export function retyped(token: Token, type: TokenType): Token {
  const { image, startOffset, endOffset, word } = token;
  return { image, startOffset, endOffset, tokenType: type, tokenTypeIdx: type.tokenTypeIdx ?? 0, word };
}

/** From `first` to `last` as one token, Sql or PlainArgument. */
export function runOf(first: Token, last: Token, type: TokenType): SqlRun {
  const { image, startOffset, word } = first;
  const { endOffset } = last;
  return {
    image,
    startOffset,
    endOffset,
    tokenType: type,
    tokenTypeIdx: type.tokenTypeIdx ?? 0,
    word,
    first,
  };
}

function define(name: string, label: string): TokenType {
  return { name, LABEL: label };
}

function keyword(word: string): TokenType {
  return { name: word, LABEL: word, CATEGORIES: [Word] };
}
