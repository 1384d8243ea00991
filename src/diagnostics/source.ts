/**
 * Where a text came from and where in it something stands.
 * Offsets are UTF-16 code units from 0, as JavaScript strings count; lines and columns are for people, from 1.
 */

export interface Source {
  /** A file path, or a word such as `command` or `stdin`. */
  readonly name: string;
  readonly text: string;
}

/** Half-open: `end` is the offset behind the last character. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface Position {
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 code units. */
  readonly column: number;
}

export function positionOf(text: string, offset: number): Position {
  const before = text.slice(0, Math.max(0, offset));
  const lines = before.split(/\r\n|\r|\n/);
  const lineBreak = Math.max(before.lastIndexOf("\n"), before.lastIndexOf("\r"));
  return { line: lines.length, column: before.length - lineBreak };
}
