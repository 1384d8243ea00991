/**
 * Text → where its statements stand, and which of them may be ours or hold calls. One look at each character and no tokens:
 * a script of data is mostly statements that concern nobody but SQLite. Where it is not sure it says "may".
 * A property test holds it to the scanner's reading, token by token.
 */
import type { Span } from "../diagnostics/source.ts";
import { behind, codeAt, continuesWord, isDigit, isSpace, lineEnd } from "./characters.ts";
import { lexemeEnd, Scanner } from "./scanner.ts";
import { nextState, type SplitState } from "./split.ts";
import { keywords, LBrace, Semicolon, type Token } from "./tokens.ts";

/** A statement without its `;`, from its first token to the end of its last. */
export interface Stretch extends Span {
  /** False: no word in it can begin a call, nor a statement that SQLite does not have. */
  readonly mayBeOurs: boolean;
  /** Of a statement that begins as one of ours does: it is read by its tokens. */
  readonly tokens: readonly Token[] | undefined;
}

/** The tokens of a stretch that begins and ends with one. */
export function tokensOf(text: string, { start, end }: Span): Token[] {
  const tokens: Token[] = [];
  const scanner = new Scanner(text, start);
  for (let token = scanner.next(); token !== undefined && token.startOffset < end; token = scanner.next()) {
    tokens.push(token);
  }
  return tokens;
}

/** One stretch at a time. Empty statements are dropped. */
export class Sweep {
  readonly #scanner: Scanner;
  readonly #text: string;
  readonly #isProcedure: (name: string) => boolean;
  /** Words met in front of a parenthesis: few, and said again and again. */
  #asked: Map<string, boolean> | undefined;
  /** Behind the last token. */
  #end = 0;
  #mayBeOurs = false;

  /** `isProcedure` as in ParseOptions. */
  constructor(text: string, isProcedure: (name: string) => boolean) {
    this.#scanner = new Scanner(text);
    this.#text = text;
    this.#isProcedure = isProcedure;
  }

  /** Undefined at the end of the text. */
  next(): Stretch | undefined {
    let first = this.#scanner.next();
    while (first?.tokenType === Semicolon) first = this.#scanner.next();
    if (first === undefined) return undefined;
    return first.tokenType.beginsOurs ? this.#ours(first) : this.#sql(first);
  }

  #ours(first: Token): Stretch {
    const tokens = [first];
    let last = first;
    for (;;) {
      const token = this.#scanner.next();
      if (token === undefined || token.tokenType === Semicolon) break;
      tokens.push(token);
      last = token;
    }
    return { start: first.startOffset, end: last.endOffset + 1, mayBeOurs: true, tokens };
  }

  #sql(first: Token): Stretch {
    this.#mayBeOurs = first.word === "EXPLAIN";
    let state: SplitState = "start";
    let token: Token | undefined = first;
    for (;;) {
      state = nextState(state, token);
      if (state === "start") break;
      this.#end = token.endOffset + 1;
      this.#suspect(token);
      // In these two states only the next `;` matters.
      if (state === "normal" || state === "trigger") this.#toSemicolon();
      token = this.#scanner.next();
      if (token === undefined) break;
    }
    return { start: first.startOffset, end: this.#end, mayBeOurs: this.#mayBeOurs, tokens: undefined };
  }

  #suspect({ tokenType, word, startOffset, endOffset }: Token): void {
    if (this.#mayBeOurs) return;
    if (tokenType === LBrace || (word !== "" && this.#isSuspect(startOffset, endOffset + 1))) {
      this.#mayBeOurs = true;
    }
  }

  #asks(name: string): boolean {
    const asked = (this.#asked ??= new Map<string, boolean>());
    const known = asked.get(name);
    if (known !== undefined) return known;
    if (asked.size >= askedMax) asked.clear();
    const answer = this.#isProcedure(name);
    asked.set(name, answer);
    return answer;
  }

  /** Goes to the next `;` that is a token, or to the end of the text. */
  #toSemicolon(): void {
    const text = this.#text;
    const length = text.length;
    let at = this.#scanner.at;
    let end = this.#end;
    while (at < length) {
      const code = text.charCodeAt(at);
      switch (code < 128 ? kinds[code] : kindOfWord) {
        case kindOfSpace:
          do at++;
          while (isSpace(codeAt(text, at)));
          continue;
        case kindOfWord: {
          if (code === byteOrderMark) {
            at++;
            continue;
          }
          const start = at;
          do at++;
          while (continuesWord(codeAt(text, at)));
          if (!this.#mayBeOurs && this.#isSuspect(start, at)) this.#mayBeOurs = true;
          break;
        }
        case kindOfDigit: {
          const start = at;
          do at++;
          while (isDigit(codeAt(text, at)));
          if (code !== dot && codeAt(text, at) === dot) {
            do at++;
            while (isDigit(codeAt(text, at)));
          }
          // A lone dot in front of a name is no numeral; what goes on with letters is read by the rules.
          if (continuesWord(codeAt(text, at)) && (code !== dot || at > start + 1))
            at = lexemeEnd(text, start);
          break;
        }
        case kindOfQuote:
          do {
            const close = text.indexOf(text.charAt(at), at + 1);
            at = close < 0 ? length : close + 1;
          } while (codeAt(text, at) === code);
          break;
        case kindOfDash:
          if (codeAt(text, at + 1) === code) {
            at = lineEnd(text, at + 2);
            continue;
          }
          at++;
          break;
        case kindOfSlash:
          if (codeAt(text, at + 1) === star && at + 2 < length) {
            at = behind(text, "*/", at + 2);
            continue;
          }
          at++;
          break;
        case kindOfLexeme:
          at = lexemeEnd(text, at);
          break;
        case kindOfBrace:
          this.#mayBeOurs = true;
          at++;
          break;
        case kindOfSemicolon:
          this.#scanner.at = at;
          this.#end = end;
          return;
        default:
          at++;
      }
      end = at;
    }
    this.#scanner.at = length;
    this.#end = end;
  }

  /** Whether the word may be CALL, or a procedure that is called. */
  #isSuspect(start: number, end: number): boolean {
    const text = this.#text;
    const size = end - start;
    const first = codeAt(text, start) | 0x20;
    // Told by its first letter and its length before it is cut out: one word in a hundred is.
    if ((first === letterC || first === letterE) && (size === 4 || size === 7)) {
      if (callWords.has(text.slice(start, end).toUpperCase())) return true;
    }
    let at = end;
    while (isSpace(codeAt(text, at))) at++;
    const next = codeAt(text, at);
    // A comment may stand between a name and its parenthesis.
    const mayOpen = next === parenthesis || next === dash || next === slash || next === byteOrderMark;
    return mayOpen && this.#asks(text.slice(start, end));
  }
}

const askedMax = 4096;

const callWords: ReadonlySet<string> = new Set(
  [keywords.Call, keywords.Exec, keywords.Execute].map(({ name }) => name),
);

const byteOrderMark = 0xfeff;
const parenthesis = 0x28;
const star = 0x2a;
const dash = 0x2d;
const dot = 0x2e;
const slash = 0x2f;
const letterC = 0x63;
const letterE = 0x65;

/** What a character begins. */
const kindOfMark = 0;
const kindOfSpace = 1;
const kindOfWord = 2;
const kindOfDigit = 3;
const kindOfQuote = 4;
const kindOfDash = 5;
const kindOfSlash = 6;
/** Read by the scanner's rules. */
const kindOfLexeme = 7;
const kindOfBrace = 8;
const kindOfSemicolon = 9;

const kinds = new Uint8Array(128).fill(kindOfMark);
for (let code = 0; code < 128; code++) if (continuesWord(code)) kinds[code] = kindOfWord;
setKinds("0123456789.", kindOfDigit);
// A vertical tab continues white space but does not begin it.
setKinds(" \t\n\f\r", kindOfSpace);
setKinds("'\"`", kindOfQuote);
setKinds("-", kindOfDash);
setKinds("/", kindOfSlash);
setKinds("[?:@$#", kindOfLexeme);
setKinds("{", kindOfBrace);
setKinds(";", kindOfSemicolon);

function setKinds(characters: string, kind: number): void {
  for (const character of characters) kinds[character.charCodeAt(0)] = kind;
}
