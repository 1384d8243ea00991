/** Completion as the editor knows it: candidates for a piece of the text, and a menu to choose from. Pure. */
import { replaceRange, type Buffer } from "./buffer.ts";
import type { Key } from "./keys.ts";
import { changed, type Candidate, type EditorState, type Menu } from "./state.ts";
import { known } from "../../known.ts";

export interface Completion {
  /** The piece of the text that a candidate replaces. */
  readonly from: number;
  readonly to: number;
  readonly candidates: readonly Candidate[];
}

/** One candidate is taken; of several, what they have in common, and a menu shows them. */
export function offer(state: EditorState, { from, to, candidates }: Completion): EditorState {
  const [first, second] = candidates;
  if (first === undefined) return state;
  if (second === undefined) return changed(state, replaceRange(state.buffer, from, to, first.text));
  const typed = state.buffer.text.slice(from, to);
  const shared = sharedStart(candidates.map(({ text }) => text));
  const isLonger = shared.length > typed.length && shared.toLowerCase().startsWith(typed.toLowerCase());
  const next = isLonger ? changed(state, replaceRange(state.buffer, from, to, shared)) : state;
  const menu: Menu = { candidates, index: undefined, from, typed: isLonger ? shared : typed };
  return { ...next, mode: { kind: "menu", menu } };
}

/** Keys the menu takes for itself; any other closes it and does what it always does. */
export function isMenuKey(key: Key, { index }: Menu): boolean {
  if (key.kind === "text") return false;
  const { command } = key;
  if (command === "enter") return index !== undefined;
  return ["complete", "complete-back", "up", "down", "escape"].includes(command);
}

/** No menu: it is closed. */
export function reduceMenu(buffer: Buffer, menu: Menu, key: Key): { buffer: Buffer; menu: Menu | undefined } {
  const command = key.kind === "command" ? key.command : undefined;
  switch (command) {
    case "complete":
    case "down":
      return choose(buffer, menu, menu.index === undefined ? 0 : menu.index + 1);
    case "complete-back":
    case "up":
      return choose(buffer, menu, (menu.index ?? 0) - 1);
    case "escape":
      return { buffer: put(buffer, menu, menu.typed), menu: undefined };
    default:
      return { buffer, menu: undefined };
  }
}

function choose(buffer: Buffer, menu: Menu, wanted: number): { buffer: Buffer; menu: Menu } {
  const { candidates } = menu;
  const index = (wanted + candidates.length) % candidates.length;
  const { text } = known(candidates[index]);
  return { buffer: put(buffer, menu, text), menu: { ...menu, index } };
}

function put(buffer: Buffer, menu: Menu, text: string): Buffer {
  const shown = menu.index === undefined ? menu.typed : known(menu.candidates[menu.index]).text;
  return replaceRange(buffer, menu.from, menu.from + shown.length, text);
}

/** Letters' case aside; written as in the first. */
function sharedStart(texts: readonly string[]): string {
  const [first = "", ...others] = texts;
  let length = first.length;
  for (const other of others) {
    let at = 0;
    while (at < length && first[at]?.toLowerCase() === other[at]?.toLowerCase()) at++;
    length = at;
  }
  return first.slice(0, length);
}
