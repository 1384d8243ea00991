/**
 * Brings frames onto a terminal: what to write so that the frame before is replaced by the next one.
 * A function of frames to text; the writing itself is the caller's.
 */
import type { Frame } from "./frame.ts";

const eraseBelow = "\u001b[J";
/** Terminals that know it show a frame at once; the others ignore it. */
const beginUpdate = "\u001b[?2026h";
const endUpdate = "\u001b[?2026l";

/** From the cursor of `before`, as it stands on a screen of `columns` cells, to `after` drawn in its place. */
export function repaint(before: Frame | undefined, after: Frame, columns: number): string {
  const up = before === undefined ? 0 : rowsAboveCursor(before, columns);
  const text = after.lines.join("\r\n");
  return `${beginUpdate}${upBy(up)}\r${eraseBelow}${text}${toCursor(after)}${endUpdate}`;
}

/** Leaves the frame on the screen and the cursor at the start of the line below it. */
export function repaintAndLeave(before: Frame | undefined, after: Frame, columns: number): string {
  const up = before === undefined ? 0 : rowsAboveCursor(before, columns);
  return `${upBy(up)}\r${eraseBelow}${after.lines.join("\r\n")}\r\n`;
}

/** A terminal that became narrower has broken the frame's lines anew. */
function rowsAboveCursor({ widths, row, column }: Frame, columns: number): number {
  const rowsOf = (width: number): number => Math.max(1, Math.ceil(width / columns));
  const above = widths.slice(0, row).reduce((sum, width) => sum + rowsOf(width), 0);
  return above + Math.floor(column / columns);
}

function toCursor({ lines, row, column }: Frame): string {
  const right = column === 0 ? "" : `\u001b[${column}C`;
  return `${upBy(lines.length - 1 - row)}\r${right}`;
}

function upBy(rows: number): string {
  return rows === 0 ? "" : `\u001b[${rows}A`;
}
