/**
 * The vocabulary: every kind of token the scanner makes and the grammar reads.
 * Only the words of our own statements are keywords here; SQLite's words stay plain words, told apart by `word`.
 * Plain objects in chevrotain's form: it is loaded, and numbers them, when the first grammar is built.
 */
import type { IToken, TokenType } from "chevrotain";
import type { Span } from "../diagnostics/source.ts";

/** A kind of token. */
export interface Kind extends TokenType {
  readonly CATEGORIES: TokenType[];
  /** It names nothing, divides nothing and opens nothing: to the walk over SQL it is a piece of an expression. */
  readonly isQuiet: boolean;
  /** A call may begin with it. So may one with any word in front of a parenthesis. */
  readonly beginsCall: boolean;
  /** A statement that SQLite does not have begins with it, a call among them. So may one with EXPLAIN. */
  readonly beginsOurs: boolean;
}

/** A piece of the text. There are many and few are looked at: its image is cut out when somebody asks for it. */
export class Token implements IToken {
  readonly startOffset: number;
  /** The offset of the last character, as chevrotain wants it. */
  readonly endOffset: number;
  readonly tokenType: Kind;
  /** An unquoted word in upper case, as SQLite compares keywords (ASCII only); "" for every other token. */
  readonly word: string;
  /** Of a run: what its token was, when it has only one. */
  readonly only: Kind | undefined;
  readonly #text: string;

  /** `span`: where in `text` it stands. */
  constructor(text: string, { start, end }: Span, type: Kind, word = "", only?: Kind) {
    this.startOffset = start;
    this.endOffset = end - 1;
    this.tokenType = type;
    this.word = word;
    this.only = only;
    this.#text = text;
  }

  /** The number chevrotain gave to its kind, when it built the first grammar. */
  get tokenTypeIdx(): number {
    return this.tokenType.tokenTypeIdx ?? 0;
  }

  get image(): string {
    return this.#text.slice(this.startOffset, this.endOffset + 1);
  }

  /** The same piece of text as another kind of token. */
  as(type: Kind): Token {
    return new Token(this.#text, spanOf(this), type, this.word);
  }

  /** From here to the end of `last` as one token, Sql or PlainArgument. */
  runTo(last: Token, type: Kind): Token {
    const only = this === last ? this.tokenType : undefined;
    return new Token(this.#text, spanOf(this, last), type, "", only);
  }

  /** A token without text right behind this one. */
  behind(type: Kind): Token {
    const start = this.endOffset + 1;
    return new Token(this.#text, { start, end: start }, type);
  }
}

/** Any unquoted identifier or keyword; the keywords below are words too. */
export const Word = define("Word", "a name");
/** `"x"`, `[x]` or `` `x` ``. */
export const Quoted = define("Quoted", "a quoted name");
export const Text = quiet("Text", "a text in quotes");
export const Blob = quiet("Blob", "a blob");
export const NumberLiteral = quiet("Number", "a number");
/** `:name`, `@name`, `$name`, `#name`. */
export const NamedBind = define("NamedBind", "a bind such as :name");
/** `?` or `?NNN`. */
export const PositionalBind = define("PositionalBind", '"?"');
export const LParen = define("LParen", '"("');
export const RParen = define("RParen", '")"');
export const LBrace = kind("LBrace", '"{"', { beginsCall: true, beginsOurs: true });
export const RBrace = define("RBrace", '"}"');
export const Comma = define("Comma", '","');
export const Dot = quiet("Dot", '"."');
export const Semicolon = define("Semicolon", '";"');
/** A single `=`; `==` is an operator like the others. */
export const Equals = quiet("Equals", '"="');
/** `=>`: the one token SQLite does not have. */
export const Arrow = define("Arrow", '"=>"');
export const Minus = quiet("Minus", '"-"');
export const Plus = quiet("Plus", '"+"');
export const Operator = quiet("Operator", "an operator");
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
  Call: keyword("CALL", { beginsCall: true, beginsOurs: true }),
  Calls: keyword("CALLS"),
  Default: keyword("DEFAULT"),
  Defaults: keyword("DEFAULTS"),
  Describe: keyword("DESCRIBE", { beginsOurs: true }),
  Exec: keyword("EXEC", { beginsCall: true, beginsOurs: true }),
  Execute: keyword("EXECUTE", { beginsCall: true, beginsOurs: true }),
  Explain: keyword("EXPLAIN"),
  Failed: keyword("FAILED"),
  Into: keyword("INTO"),
  Lateral: keyword("LATERAL", { beginsCall: true }),
  Null: keyword("NULL"),
  Of: keyword("OF"),
  Options: keyword("OPTIONS"),
  Procedures: keyword("PROCEDURES"),
  Reset: keyword("RESET", { beginsOurs: true }),
  Retry: keyword("RETRY", { beginsOurs: true }),
  Set: keyword("SET", { beginsOurs: true }),
  Show: keyword("SHOW", { beginsOurs: true }),
  Table: keyword("TABLE", { beginsCall: true }),
  Temp: keyword("TEMP"),
  Temporary: keyword("TEMPORARY"),
  Variables: keyword("VARIABLES"),
};

/** Keyword types by their word in upper case. */
export const keywordByWord: ReadonlyMap<string, Kind> = new Map(
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

function define(name: string, label: string): Kind {
  return kind(name, label, {});
}

function quiet(name: string, label: string): Kind {
  return kind(name, label, { isQuiet: true });
}

/** A word the grammar names. */
function keyword(word: string, role: Role = {}): Kind {
  return kind(word, word, { CATEGORIES: [Word], ...role });
}

type Role = Partial<Pick<Kind, "CATEGORIES" | "isQuiet" | "beginsCall" | "beginsOurs">>;

function kind(name: string, label: string, role: Role): Kind {
  return {
    name,
    LABEL: label,
    CATEGORIES: role.CATEGORIES ?? [],
    isQuiet: role.isQuiet ?? false,
    beginsCall: role.beginsCall ?? false,
    beginsOurs: role.beginsOurs ?? false,
  };
}
