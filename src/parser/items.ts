/**
 * Items of select and RETURNING lists: which of them have no alias, so that SQLite would name the column by the
 * text of the expression.
 */
import type { Span } from "../diagnostics/source.ts";
import { spanOf, type Token } from "./tokens.ts";
import { endsOperand, isBareAlias } from "./words.ts";

/** An item that is being read: indexes into the statement's tokens. */
export interface Item {
  first: number;
  hasSite: boolean;
  /** CASEs without their END so far. */
  openCases: number;
  /** The END that closed the last CASE; it is no alias. */
  caseEnd: number;
}

export function itemFrom(first: number): Item {
  return { first, hasSite: false, openCases: 0, caseEnd: -1 };
}

/** Keeps count of CASE … END, for END may also be an alias. */
export function readItemWord(item: Item, token: Token, index: number): void {
  if (token.word === "CASE") item.openCases++;
  if (token.word === "END" && item.openCases > 0) {
    item.openCases--;
    item.caseEnd = index;
  }
}

/** The span of an item that ends before `end` and would be named by its text. */
export function unnamedSpan(item: Item, tokens: readonly Token[], end: number): Span | undefined {
  const first = tokens[item.first];
  const last = tokens[end - 1];
  if (!item.hasSite || first === undefined || last === undefined || end <= item.first) return undefined;
  return isNamed(item, tokens, end) ? undefined : spanOf(first, last);
}

/** `… AS x`, or a name right behind an operand. */
function isNamed(item: Item, tokens: readonly Token[], end: number): boolean {
  const last = tokens[end - 1];
  const before = tokens[end - 2];
  if (last === undefined || before === undefined || end - 2 < item.first) return false;
  if (before.word === "AS") return true;
  return end - 1 !== item.caseEnd && isBareAlias(last) && endsOperand(before);
}
