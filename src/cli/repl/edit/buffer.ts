/** A text with a cursor, and the ways to move in it and change it. Pure; knows no keys and no screen. */
import { cellsOf, nextBoundary, offsetAtCell, previousBoundary } from "./graphemes.ts";

export interface Buffer {
  readonly text: string;
  readonly cursor: number;
}

export type Unit = "grapheme" | "word" | "line";
export type Direction = "back" | "forward";

/** Where one step leads. A word is a run of letters, digits and `_`; a line ends at its \n. */
export function stepFrom({ text, cursor }: Buffer, unit: Unit, direction: Direction): number {
  switch (unit) {
    case "grapheme":
      return direction === "back" ? previousBoundary(text, cursor) : nextBoundary(text, cursor);
    case "word":
      return direction === "back" ? wordStart(text, cursor) : wordEnd(text, cursor);
    case "line":
      return direction === "back" ? lineStart(text, cursor) : lineEnd(text, cursor);
  }
}

export function insert({ text, cursor }: Buffer, added: string): Buffer {
  return { text: text.slice(0, cursor) + added + text.slice(cursor), cursor: cursor + added.length };
}

export function replaceRange({ text }: Buffer, from: number, to: number, added: string): Buffer {
  return { text: text.slice(0, from) + added + text.slice(to), cursor: from + added.length };
}

/** At a line's end, `line` forward takes the line end too, and back at its start joins it with the one above. */
export function remove(
  buffer: Buffer,
  unit: Unit,
  direction: Direction,
): { buffer: Buffer; removed: string } {
  const { text, cursor } = buffer;
  const step = stepFrom(buffer, unit, direction);
  const target = step === cursor ? stepFrom(buffer, "grapheme", direction) : step;
  const [from, to] = target < cursor ? [target, cursor] : [cursor, target];
  return { buffer: replaceRange(buffer, from, to, ""), removed: text.slice(from, to) };
}

/** Exchanges the graphemes around the cursor, as Ctrl-T does; at a line's end the two before it. */
export function transpose(buffer: Buffer): Buffer {
  const { text, cursor } = buffer;
  const middle = cursor === lineEnd(text, cursor) ? previousBoundary(text, cursor) : cursor;
  const from = previousBoundary(text, middle);
  const to = nextBoundary(text, middle);
  const moved = text.slice(from, to);
  if (from === middle || middle === to || moved.includes("\n")) return buffer;
  return replaceRange(buffer, from, to, text.slice(middle, to) + text.slice(from, middle));
}

function lineStart(text: string, offset: number): number {
  return offset === 0 ? 0 : text.lastIndexOf("\n", offset - 1) + 1;
}

function lineEnd(text: string, offset: number): number {
  const end = text.indexOf("\n", offset);
  return end < 0 ? text.length : end;
}

/** The cell the cursor stands at, counted from its line's start. */
export function cellOf({ text, cursor }: Buffer): number {
  return cellsOf(text.slice(lineStart(text, cursor), cursor));
}

/** The cursor in the line above or below, nearest to `cell`; undefined where there is none. */
export function verticalStep(
  { text, cursor }: Buffer,
  direction: Direction,
  cell: number,
): number | undefined {
  const start = lineStart(text, cursor);
  const end = lineEnd(text, cursor);
  if (direction === "back" ? start === 0 : end === text.length) return undefined;
  const targetStart = direction === "back" ? lineStart(text, start - 1) : end + 1;
  const line = text.slice(targetStart, lineEnd(text, targetStart));
  return targetStart + offsetAtCell(line, cell);
}

const wordBefore = /[\p{L}\p{M}\p{N}_]+[^\p{L}\p{M}\p{N}_]*$/u;
const wordBehind = /^[^\p{L}\p{M}\p{N}_]*[\p{L}\p{M}\p{N}_]+/u;

function wordStart(text: string, cursor: number): number {
  return wordBefore.exec(text.slice(0, cursor))?.index ?? 0;
}

function wordEnd(text: string, cursor: number): number {
  const match = wordBehind.exec(text.slice(cursor));
  return match === null ? text.length : cursor + match[0].length;
}
