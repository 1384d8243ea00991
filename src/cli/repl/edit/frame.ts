/**
 * The editor's state as lines on a screen: prompt, highlighted text, what stands below it, and the cursor's place.
 * Pure: painter.ts brings a frame onto the terminal.
 */
import { widthOf } from "../../format/text.ts";
import { cutToCells, graphemesOf, shown } from "./graphemes.ts";
import type { EditorState } from "./state.ts";

export interface Frame {
  /** Each fits the width; escape sequences are closed within a line. */
  readonly lines: readonly string[];
  /** The cells that each line fills, for a terminal that wraps them anew when it is resized. */
  readonly widths: readonly number[];
  readonly row: number;
  readonly column: number;
}

export interface Look {
  readonly prompt: string;
  /** Before every further line of the text. */
  readonly continuation: string;
  readonly columns: number;
  /** Lines of the screen; a taller text shows those around the cursor. Infinity for the last look at it. */
  readonly rows: number;
  /** Roles of the text, by span; what lies in none is plain. */
  readonly spans: readonly { readonly start: number; readonly end: number; readonly role: string }[];
  readonly paint: Paint;
  /** A line below the text: the signature of the call being written. */
  readonly hint?: string | undefined;
}

/** Puts a role's colour on a piece of text. */
export type Paint = (role: string, text: string) => string;

/** Candidates shown at once. */
const menuRowsMax = 8;

export function frameOf(state: EditorState, look: Look): Frame {
  const { paint, columns } = look;
  const body = new Lines(columns, paint);
  layOut(body, state, look);
  const below = belowOf(state, look).map(({ role, text }) => ({ role, text: cutToCells(text, columns - 1) }));
  const { lines, widths, row, column } = windowed(body, Math.max(1, look.rows - below.length));
  return {
    lines: [...lines, ...below.map(({ role, text }) => paint(role, text))],
    widths: [...widths, ...below.map(({ text }) => widthOf(text))],
    row,
    column,
  };
}

/** The whole text with nothing below it: what stays on the screen when it is submitted. */
export function finalFrameOf(state: EditorState, look: Look): Frame {
  const frame = frameOf({ ...state, mode: { kind: "edit" } }, { ...look, rows: Infinity, hint: undefined });
  // The line that a cursor behind a full line stands in is not the text's.
  const isForCursor = frame.lines.length > 1 && frame.widths.at(-1) === 0;
  if (!isForCursor) return frame;
  return { ...frame, lines: frame.lines.slice(0, -1), widths: frame.widths.slice(0, -1) };
}

/** Lines filled from left to right, broken where the screen ends. */
class Lines {
  readonly lines: string[] = [];
  readonly widths: number[] = [];
  row = 0;
  column = 0;
  readonly #columns: number;
  readonly #paint: Paint;
  #done = "";
  #piece = "";
  #role = "";
  #width = 0;

  constructor(columns: number, paint: Paint) {
    this.#columns = columns;
    this.#paint = paint;
  }

  put(role: string, text: string): void {
    const width = widthOf(text);
    if (this.#width + width > this.#columns) this.breakLine();
    if (role !== this.#role) this.#endPiece();
    this.#role = role;
    this.#piece += text;
    this.#width += width;
  }

  markCursor(): void {
    // Behind a full line the cursor stands in the next: terminals disagree about the cell past the last one.
    if (this.#width >= this.#columns) this.breakLine();
    this.row = this.lines.length;
    this.column = this.#width;
  }

  breakLine(): void {
    this.#endPiece();
    this.lines.push(this.#done);
    this.widths.push(this.#width);
    this.#done = "";
    this.#width = 0;
  }

  #endPiece(): void {
    if (this.#piece !== "") this.#done += this.#paint(this.#role, this.#piece);
    this.#piece = "";
  }
}

function layOut(body: Lines, { buffer }: EditorState, look: Look): void {
  const { text, cursor } = buffer;
  for (const grapheme of graphemesOf(fittingPrompt(look.prompt, look.columns))) body.put("prompt", grapheme);
  let offset = 0;
  let at = 0;
  let isMarked = false;
  for (const grapheme of graphemesOf(text)) {
    // A mark typed in front of its letter puts the cursor inside a grapheme: it is shown behind it.
    if (!isMarked && offset >= cursor) {
      body.markCursor();
      isMarked = true;
    }
    while ((look.spans[at]?.end ?? Infinity) <= offset) at++;
    const span = look.spans[at];
    if (grapheme === "\n") {
      body.breakLine();
      body.put("continuation", fittingContinuation(look.continuation, look.columns));
    } else {
      const role = span !== undefined && span.start <= offset ? span.role : "plain";
      // An escaped control is several cells, any of which may be the last that fits.
      if (widthOf(shown(grapheme)) > 2) for (const part of shown(grapheme)) body.put(role, part);
      else body.put(role, shown(grapheme));
    }
    offset += grapheme.length;
  }
  if (!isMarked) body.markCursor();
  body.breakLine();
}

/** A prompt that leaves no room for the text is cut, and keeps its end: `a long na…> `. */
function fittingPrompt(prompt: string, columns: number): string {
  const room = Math.floor(columns / 2);
  if (widthOf(prompt) <= room) return prompt;
  const end = prompt.slice(-2);
  return cutToCells(prompt.slice(0, -2), Math.max(0, room - 2)) + end;
}

/** As wide as the prompt, so that lines stand under each other. */
function fittingContinuation(continuation: string, columns: number): string {
  const room = Math.floor(columns / 2);
  return continuation.length <= room ? continuation : continuation.slice(continuation.length - room);
}

function windowed({ lines, widths, row, column }: Lines, rows: number): Frame {
  if (lines.length <= rows) return { lines, widths, row, column };
  const first = Math.min(Math.max(0, row - Math.floor(rows / 2)), lines.length - rows);
  return {
    lines: lines.slice(first, first + rows),
    widths: widths.slice(first, first + rows),
    row: row - first,
    column,
  };
}

interface Below {
  readonly role: string;
  readonly text: string;
}

function belowOf({ mode }: EditorState, { columns, hint, rows }: Look): Below[] {
  switch (mode.kind) {
    case "edit":
      return hint === undefined || rows < 3 ? [] : [{ role: "hint", text: hint }];
    case "paste":
      return [{ role: "hint", text: "pasting…" }];
    case "search": {
      const found = mode.index === undefined ? "no match for" : "search back for";
      return [
        { role: "hint", text: `${found} '${shown(mode.query)}'  (Ctrl-R older, Enter runs, Esc leaves)` },
      ];
    }
    case "menu": {
      const { candidates, index } = mode.menu;
      const height = Math.max(1, Math.min(menuRowsMax, rows - 2, candidates.length));
      const first = Math.min(Math.max(0, (index ?? 0) - height + 1), candidates.length - height);
      const seen = candidates.slice(first, first + height);
      const width = Math.min(
        Math.floor(columns / 2),
        seen.reduce((widest, { text }) => Math.max(widest, widthOf(shown(text))), 0),
      );
      const entries = seen.map(({ text, detail }, position): Below => {
        const name = cutToCells(shown(text), width);
        const padding = " ".repeat(Math.max(0, width - widthOf(name)));
        const role = first + position === index ? "chosen" : "menu";
        return { role, text: ` ${name}${padding}  ${shown(detail)} ` };
      });
      const hidden = candidates.length - height;
      return hidden > 0 ? [...entries, { role: "hint", text: ` … ${hidden} more` }] : entries;
    }
  }
}
