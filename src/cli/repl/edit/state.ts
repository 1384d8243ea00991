/** What the editor remembers between two keys, and the one way its text changes. */
import type { Buffer } from "./buffer.ts";
import { historyOf, type HistoryState } from "./history.ts";

export interface EditorState {
  readonly buffer: Buffer;
  readonly history: HistoryState;
  /** What was killed last; consecutive kills gather. */
  readonly killed: string;
  /** Oldest first. */
  readonly past: readonly Buffer[];
  readonly future: readonly Buffer[];
  /** What the key before did, where the next one may continue it. */
  readonly run: "typing" | "killing" | undefined;
  /** The cell that up and down try to keep. */
  readonly goalCell: number | undefined;
  readonly mode: Mode;
}

export type Mode =
  | { readonly kind: "edit" }
  | { readonly kind: "paste"; readonly text: string }
  | { readonly kind: "menu"; readonly menu: Menu }
  | Search;

export interface Search {
  readonly kind: "search";
  readonly query: string;
  /** Of the entry shown; undefined when nothing was found. */
  readonly index: number | undefined;
  /** What stood there before. */
  readonly before: Buffer;
}

export interface Candidate {
  /** What stands in the text. */
  readonly text: string;
  /** What it is: a signature, a type, a summary. */
  readonly detail: string;
}

export interface Menu {
  readonly candidates: readonly Candidate[];
  /** Undefined until one is chosen. */
  readonly index: number | undefined;
  readonly from: number;
  /** What was typed, which Escape brings back. */
  readonly typed: string;
}

export const editing: Mode = { kind: "edit" };
const pastMax = 500;

export function editorOf(entries: readonly string[], text = ""): EditorState {
  return {
    buffer: { text, cursor: text.length },
    history: historyOf(entries),
    killed: "",
    past: [],
    future: [],
    run: undefined,
    goalCell: undefined,
    mode: editing,
  };
}

/** Another text in its place, as one step that undo takes back. */
export function changed(state: EditorState, buffer: Buffer, run?: EditorState["run"]): EditorState {
  if (buffer.text === state.buffer.text) return moved(state, buffer.cursor);
  const isContinued = run !== undefined && run === state.run;
  const past = isContinued ? state.past : [...state.past, state.buffer].slice(-pastMax);
  return { ...state, buffer, past, future: [], run, goalCell: undefined };
}

export function moved(state: EditorState, cursor: number): EditorState {
  return {
    ...state,
    buffer: { text: state.buffer.text, cursor },
    run: undefined,
    goalCell: undefined,
    mode: editing,
  };
}
