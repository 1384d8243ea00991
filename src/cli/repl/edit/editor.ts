/**
 * The line editor as a pure function: state × key → state, and what the prompt must do about it. Knows neither
 * terminal nor session; what it needs of SQL (is this text complete?) comes in as a rule.
 */
import {
  cellOf,
  insert,
  remove,
  stepFrom,
  transpose,
  verticalStep,
  type Direction,
  type Unit,
} from "./buffer.ts";
import { searchBack, stepThrough } from "./history.ts";
import type { Command, Key } from "./keys.ts";
import { isMenuKey, reduceMenu } from "./menu.ts";
import { changed, editing, moved, type EditorState, type Search } from "./state.ts";

/** What the reducer cannot do itself. */
export type Effect =
  | "submit"
  | "interrupt"
  | "leave"
  | "complete"
  | "edit-outside"
  | "clear-screen"
  | "suspend";

export interface Reduced {
  readonly state: EditorState;
  readonly effect?: Effect;
}

export interface EditorRules {
  /** Whether Enter runs the text; otherwise it begins a new line. */
  isComplete(text: string): boolean;
}

export function reduce(state: EditorState, key: Key, rules: EditorRules): Reduced {
  switch (state.mode.kind) {
    case "paste":
      return { state: reducePaste(state, state.mode.text, key) };
    case "search":
      return reduceSearch(state, state.mode, key, rules);
    case "menu": {
      if (!isMenuKey(key, state.mode.menu)) return reduce({ ...state, mode: editing }, key, rules);
      const { buffer, menu } = reduceMenu(state.buffer, state.mode.menu, key);
      return { state: { ...state, buffer, mode: menu === undefined ? editing : { kind: "menu", menu } } };
    }
    case "edit":
      if (key.kind === "text") return { state: type(state, key.text) };
      return reduceCommand(state, key.command, rules);
  }
}

function type(state: EditorState, text: string): EditorState {
  // One undo takes back a word, not all that was typed.
  const run = /\s/.test(text) ? undefined : "typing";
  return changed(state, insert(state.buffer, text), run);
}

function reduceCommand(state: EditorState, command: Command, rules: EditorRules): Reduced {
  const { buffer } = state;
  switch (command) {
    case "left":
      return { state: step(state, "grapheme", "back") };
    case "right":
      return { state: step(state, "grapheme", "forward") };
    case "word-left":
      return { state: step(state, "word", "back") };
    case "word-right":
      return { state: step(state, "word", "forward") };
    case "line-start":
      return { state: step(state, "line", "back") };
    case "line-end":
      return { state: step(state, "line", "forward") };
    case "text-start":
      return { state: moved(state, 0) };
    case "text-end":
      return { state: moved(state, buffer.text.length) };
    case "up":
      return { state: vertical(state, "back") };
    case "down":
      return { state: vertical(state, "forward") };
    case "history-back":
      return { state: throughHistory(state, "back") };
    case "history-forward":
      return { state: throughHistory(state, "forward") };
    case "delete-back":
      return { state: changed(state, remove(buffer, "grapheme", "back").buffer) };
    case "delete-forward":
      return { state: changed(state, remove(buffer, "grapheme", "forward").buffer) };
    case "kill-line-back":
      return { state: kill(state, "line", "back") };
    case "kill-line-forward":
      return { state: kill(state, "line", "forward") };
    case "kill-word-back":
      return { state: kill(state, "word", "back") };
    case "kill-word-forward":
      return { state: kill(state, "word", "forward") };
    case "transpose":
      return { state: changed(state, transpose(buffer)) };
    case "yank":
      return { state: changed(state, insert(buffer, state.killed)) };
    case "undo":
      return { state: undo(state) };
    case "redo":
      return { state: redo(state) };
    case "enter":
      if (rules.isComplete(buffer.text)) return { state, effect: "submit" };
      return { state: changed(state, insert(buffer, "\n")) };
    case "newline":
      return { state: changed(state, insert(buffer, "\n")) };
    case "search": {
      const mode: Search = {
        kind: "search",
        query: "",
        index: state.history.entries.length,
        before: buffer,
      };
      return { state: { ...state, mode, run: undefined } };
    }
    case "end-of-input":
      if (buffer.text === "") return { state, effect: "leave" };
      return { state: changed(state, remove(buffer, "grapheme", "forward").buffer) };
    case "paste-start":
      return { state: { ...state, mode: { kind: "paste", text: "" } } };
    case "complete":
    case "interrupt":
    case "edit-outside":
    case "clear-screen":
    case "suspend":
      return { state, effect: command };
    case "complete-back":
    case "escape":
    case "paste-end":
      return { state };
  }
}

function step(state: EditorState, unit: Unit, direction: Direction): EditorState {
  return moved(state, stepFrom(state.buffer, unit, direction));
}

/** Within the text first; through history only from its first and last line. */
function vertical(state: EditorState, direction: Direction): EditorState {
  const goalCell = state.goalCell ?? cellOf(state.buffer);
  const cursor = verticalStep(state.buffer, direction, goalCell);
  if (cursor === undefined) return throughHistory(state, direction);
  return { ...moved(state, cursor), goalCell };
}

function throughHistory(state: EditorState, direction: Direction): EditorState {
  const next = stepThrough(state.history, state.buffer.text, direction);
  if (next === undefined) return moved(state, direction === "back" ? 0 : state.buffer.text.length);
  return {
    ...changed(state, { text: next.text, cursor: next.text.length }),
    history: next.history,
  };
}

function kill(state: EditorState, unit: Unit, direction: Direction): EditorState {
  const { buffer, removed } = remove(state.buffer, unit, direction);
  if (removed === "") return state;
  const earlier = state.run === "killing" ? state.killed : "";
  const killed = direction === "back" ? removed + earlier : earlier + removed;
  return { ...changed(state, buffer), run: "killing", killed };
}

function undo(state: EditorState): EditorState {
  const buffer = state.past.at(-1);
  if (buffer === undefined) return state;
  const future = [...state.future, state.buffer];
  return { ...state, buffer, past: state.past.slice(0, -1), future, run: undefined, goalCell: undefined };
}

function redo(state: EditorState): EditorState {
  const buffer = state.future.at(-1);
  if (buffer === undefined) return state;
  const past = [...state.past, state.buffer];
  return { ...state, buffer, past, future: state.future.slice(0, -1), run: undefined, goalCell: undefined };
}

/** Everything up to the end mark is text, whatever keys it looks like; one undo takes it back. */
function reducePaste(state: EditorState, text: string, key: Key): EditorState {
  if (key.kind === "text") return { ...state, mode: { kind: "paste", text: text + key.text } };
  switch (key.command) {
    case "paste-end":
      return { ...changed(state, insert(state.buffer, text)), mode: editing };
    case "enter":
    case "newline":
      return { ...state, mode: { kind: "paste", text: `${text}\n` } };
    case "complete":
      return { ...state, mode: { kind: "paste", text: `${text}\t` } };
    default:
      return state;
  }
}

function reduceSearch(state: EditorState, search: Search, key: Key, rules: EditorRules): Reduced {
  const { entries } = state.history;
  if (key.kind === "text") return { state: found(state, search, search.query + key.text, entries.length) };
  switch (key.command) {
    case "search":
      return { state: found(state, search, search.query, search.index ?? 0) };
    case "delete-back":
      return { state: found(state, search, search.query.slice(0, -1), entries.length) };
    case "escape":
    case "interrupt":
      return { state: { ...state, buffer: search.before, mode: editing } };
    default: {
      const accepted = changed({ ...state, buffer: search.before }, state.buffer);
      const history = { ...state.history, index: search.index ?? entries.length, draft: search.before.text };
      return reduce({ ...accepted, history, mode: editing }, key, rules);
    }
  }
}

/** Shows the newest match below `before`; without one, the text stays and the search says so. */
function found(state: EditorState, search: Search, query: string, before: number): EditorState {
  if (query === "") {
    return {
      ...state,
      buffer: search.before,
      mode: { ...search, query, index: state.history.entries.length },
    };
  }
  const index = searchBack(state.history.entries, query, before);
  const text = index === undefined ? undefined : state.history.entries[index];
  if (text === undefined) return { ...state, mode: { ...search, query, index: undefined } };
  const cursor = Math.max(0, text.toLowerCase().indexOf(query.toLowerCase()));
  return { ...state, buffer: { text, cursor }, mode: { ...search, query, index } };
}
