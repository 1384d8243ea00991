/** The form of a statement, as the recognisers of planner traps look at it: its tokens, clauses and call sites. */
import type { Span } from "../diagnostics/source.ts";
import { outline, type Query } from "../parser/outline.ts";
import type { CallSite } from "../parser/syntax.ts";
import { LParen, NumberLiteral, PositionalBind, RParen, type Token } from "../parser/tokens.ts";
import { endsOperand, isBareAlias, isName, nameOf, wordAt } from "../parser/words.ts";
import type { BoundValues } from "./plan.ts";
import type { Surveyed, SurveyedSite } from "./call-survey.ts";

/** A call site and where its tokens stand. */
export interface PlacedSite extends SurveyedSite {
  readonly site: CallSite;
  readonly first: number;
  /** Index behind its last token. */
  readonly end: number;
}

export interface Edit {
  /** Offsets in the form's text. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export class Form {
  readonly text: string;
  readonly tokens: readonly Token[];
  readonly queries: readonly Query[];
  readonly sites: readonly PlacedSite[];
  readonly #shift: number;
  readonly #indexes: ReadonlyMap<Token, number>;

  constructor({ source, statement }: Surveyed, sites: readonly SurveyedSite[]) {
    this.#shift = statement.span.start;
    this.text = source.text.slice(statement.span.start, statement.span.end);
    ({ tokens: this.tokens, queries: this.queries } = outline(this.text));
    this.#indexes = new Map(this.tokens.map((token, index) => [token, index]));
    const starts = new Map(this.tokens.map((token, index) => [token.startOffset, index]));
    const ends = new Map(this.tokens.map((token, index) => [token.endOffset + 1, index + 1]));
    this.sites = sites.flatMap((surveyed) => {
      const { site } = surveyed;
      if (site === undefined) return [];
      const span = this.own(site.span);
      const [first, end] = [starts.get(span.start), ends.get(span.end)];
      return first === undefined || end === undefined ? [] : [{ ...surveyed, site, first, end }];
    });
  }

  word(index: number): string {
    return wordAt(this.tokens, index);
  }

  /** A span of the source as one of the form's text. */
  own({ start, end }: Span): Span {
    return { start: start - this.#shift, end: end - this.#shift };
  }

  textOf({ start, end }: Span): string {
    return this.text.slice(start, end);
  }

  indexOf(token: Token): number {
    return this.#indexes.get(token) ?? -1;
  }

  /** The innermost query around a token. */
  queryAt(index: number): Query | undefined {
    return this.queries.filter(({ first, end }) => first < index && index < end).at(-1);
  }

  /** The only query at the top that is no arm of a compound. */
  topQuery(): Query | undefined {
    const top = this.queries.filter(({ open }) => open === undefined);
    const [only] = top;
    return top.length === 1 && only?.isCompound === false ? only : undefined;
  }

  hasSite(tokens: readonly Token[]): boolean {
    const indexes = new Set(tokens.map((token) => this.indexOf(token)));
    return this.sites.some(({ first }) => indexes.has(first));
  }

  /** Index of the parenthesis that closes the one at `open`; SQLite has seen that there is one. */
  closing(open: number): number {
    let depth = 0;
    for (let index = open; index < this.tokens.length; index++) {
      const type = this.tokens[index]?.tokenType;
      if (type === LParen) depth++;
      if (type === RParen && --depth === 0) return index;
    }
    return this.tokens.length - 1;
  }

  /** The alias behind a table site, and where it stands. */
  aliasOf({ end }: PlacedSite): { readonly name: string; readonly index: number } | undefined {
    const index = this.word(end) === "AS" ? end + 1 : end;
    const token = this.tokens[index];
    return token !== undefined && isBareAlias(token) ? { name: nameOf(token).text, index } : undefined;
  }

  /** Names under which a table site's answers can be told: its own, and its columns. */
  answerNames(placed: PlacedSite): ReadonlySet<string> {
    const { procedure } = placed.name;
    const own = this.aliasOf(placed)?.name ?? placed.site.procedure.text;
    return new Set([own, ...procedure.columns.map(({ name }) => name)].map((name) => name.toLowerCase()));
  }

  /** Whether one of `names` stands in the tokens; what follows a dot belongs to the name before it. */
  mentions(tokens: readonly Token[], names: ReadonlySet<string>): boolean {
    return tokens.some((token) => {
      const isBehindDot = this.tokens[this.indexOf(token) - 1]?.image === ".";
      return !isBehindDot && isName(token) && names.has(nameOf(token).text.toLowerCase());
    });
  }

  /** Tokens at the level of parentheses the list itself stands at. */
  outer(tokens: readonly Token[]): readonly Token[] {
    let depth = 0;
    return tokens.filter((token) => {
      if (token.tokenType === RParen) depth--;
      const isOuter = depth === 0;
      if (token.tokenType === LParen) depth++;
      return isOuter;
    });
  }
}

export function hasPositionalBind(tokens: readonly Token[]): boolean {
  return tokens.some(({ tokenType }) => tokenType === PositionalBind);
}

export function spanOfTokens(tokens: readonly Token[]): Span | undefined {
  const [first, last] = [tokens[0], tokens.at(-1)];
  return first === undefined || last === undefined
    ? undefined
    : { start: first.startOffset, end: last.endOffset + 1 };
}

export interface RowLimit {
  readonly rows: number;
  readonly offset: number;
}

/** `LIMIT n`, `LIMIT n OFFSET m` and `LIMIT m, n`, in literals and binds. */
export function readLimit(tokens: readonly Token[], binds: BoundValues): RowLimit | undefined {
  const [first, separator, second] = tokens;
  const rows = amountOf(first, binds);
  if (tokens.length === 1 && rows !== undefined) return { rows, offset: 0 };
  const other = amountOf(second, binds);
  if (tokens.length !== 3 || rows === undefined || other === undefined) return undefined;
  if (separator?.word === "OFFSET") return { rows, offset: other };
  return separator?.image === "," ? { rows: other, offset: rows } : undefined;
}

function amountOf(token: Token | undefined, binds: BoundValues): number | undefined {
  if (token === undefined) return undefined;
  const value = token.tokenType === NumberLiteral ? token.image : binds[token.image.slice(1)];
  const amount = Number(value ?? NaN);
  return Number.isInteger(amount) && amount >= 0 ? amount : undefined;
}

/** Items of a list between commas. */
export function itemsOf(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const items: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.tokenType === LParen) depth++;
    if (token.tokenType === RParen) depth--;
    if (depth === 0 && token.image === ",") items.push([]);
    else items.at(-1)?.push(token);
  }
  return items;
}

/** The name an item of a select list has besides its text. */
export function aliasOfItem(item: readonly Token[]): string | undefined {
  const [before, last] = [item.at(-2), item.at(-1)];
  if (last === undefined || before === undefined) return undefined;
  const isAlias = before.word === "AS" || (isBareAlias(last) && endsOperand(before));
  return isAlias ? nameOf(last).text : undefined;
}
