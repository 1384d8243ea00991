/** Numbers binds as SQLite does, so that a caller's list of values meets the right places. */
import type { BindUse } from "./syntax.ts";
import { PositionalBind, spanOf, type Token } from "./tokens.ts";

/**
 * `?` takes the number after the largest so far, `?NNN` the number NNN; the first use of a name takes the next
 * number too, so that `:a, ?` numbers the `?` 2. Tokens are those of one statement, in the order of the text.
 */
export function numberBinds(tokens: readonly Token[]): BindUse[] {
  if (tokens.length === 0) return [];
  let largest = 0;
  const names = new Set<string>();
  return tokens.map((token): BindUse => {
    const text = token.image;
    const span = spanOf(token);
    if (token.tokenType === PositionalBind) {
      const number = text === "?" ? largest + 1 : Number(text.slice(1));
      largest = Math.max(largest, number);
      return { span, text, key: String(number), number };
    }
    if (!names.has(text)) largest++;
    names.add(text);
    return { span, text, key: text.slice(1), name: text.slice(1) };
  });
}

/** SQLite takes no `?NNN` beyond. */
const numberMax = 32_766;

/** Numbers below the largest that no bind has: `?1, ?3` leaves 2. SQLite takes them for parameters without a name. */
export function unusedNumbers(binds: readonly BindUse[]): number[] {
  if (!binds.some(({ text, number }) => number !== undefined && text !== "?")) return [];
  const taken = new Set<number>();
  const names = new Set<string>();
  let largest = 0;
  for (const { text, number } of binds) {
    if (number === undefined && names.has(text)) continue;
    names.add(text);
    const own = number ?? largest + 1;
    taken.add(own);
    largest = Math.max(largest, own);
  }
  if (largest > numberMax) return [];
  return Array.from({ length: largest }, (_, index) => index + 1).filter((number) => !taken.has(number));
}
