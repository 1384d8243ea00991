/**
 * What a person takes for one character, and how many cells it fills. Offsets are UTF-16, as JavaScript's;
 * every cursor stands between two graphemes.
 */
import { safeLine, widthOf } from "../../format/text.ts";

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** The graphemes of a text. A line end is always one by itself: texts here know only \n. */
export function graphemesOf(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

export function previousBoundary(text: string, offset: number): number {
  if (offset <= 0) return 0;
  // A long script is segmented only from the line's start: line ends are boundaries.
  const start = text.lastIndexOf("\n", offset - 2) + 1;
  return offset - (graphemesOf(text.slice(start, offset)).at(-1) ?? "").length;
}

export function nextBoundary(text: string, offset: number): number {
  const lineEnd = text.indexOf("\n", offset + 1);
  const rest = text.slice(offset, lineEnd < 0 ? undefined : lineEnd);
  return offset + (graphemesOf(rest)[0] ?? "").length;
}

/** How a grapheme is drawn: controls by their escape, as everywhere in callsql. */
export function shown(grapheme: string): string {
  return safeLine(grapheme);
}

export function cellsOf(text: string): number {
  return widthOf(shown(text));
}

/** The offset in a line (without \n) whose left edge is nearest below `cells`. */
export function offsetAtCell(line: string, cells: number): number {
  let offset = 0;
  let at = 0;
  for (const grapheme of graphemesOf(line)) {
    const width = cellsOf(grapheme);
    if (at + width > cells) break;
    at += width;
    offset += grapheme.length;
  }
  return offset;
}

/** The longest start of a text that fits, with `…` when something was cut. */
export function cutToCells(text: string, cells: number): string {
  if (widthOf(text) <= cells) return text;
  if (cells < 1) return "";
  let cut = "";
  let at = 0;
  for (const grapheme of graphemesOf(text)) {
    at += widthOf(grapheme);
    if (at > cells - 1) break;
    cut += grapheme;
  }
  return `${cut}…`;
}
