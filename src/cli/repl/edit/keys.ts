/** What node:readline says of a key → what the editor is asked to do. One table, from which nothing else differs. */

/** As `emitKeypressEvents` describes a key. */
export interface Keypress {
  readonly text: string | undefined;
  readonly name: string | undefined;
  readonly ctrl: boolean;
  readonly meta: boolean;
  readonly shift: boolean;
}

export type Key =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "command"; readonly command: Command };

export type Command =
  | "left"
  | "right"
  | "up"
  | "down"
  | "word-left"
  | "word-right"
  | "line-start"
  | "line-end"
  | "text-start"
  | "text-end"
  | "delete-back"
  | "delete-forward"
  | "kill-line-back"
  | "kill-line-forward"
  | "kill-word-back"
  | "kill-word-forward"
  | "transpose"
  | "yank"
  | "undo"
  | "redo"
  | "enter"
  | "newline"
  | "history-back"
  | "history-forward"
  | "search"
  | "complete"
  | "complete-back"
  | "escape"
  | "interrupt"
  | "end-of-input"
  | "clear-screen"
  | "suspend"
  | "edit-outside"
  | "paste-start"
  | "paste-end";

/** `C-` Control, `M-` Alt, `S-` Shift, in this order. */
const commandByKey: Readonly<Record<string, Command>> = {
  left: "left",
  right: "right",
  up: "up",
  down: "down",
  "C-b": "left",
  "C-f": "right",
  "M-b": "word-left",
  "M-f": "word-right",
  "C-left": "word-left",
  "C-right": "word-right",
  "M-left": "word-left",
  "M-right": "word-right",
  home: "line-start",
  end: "line-end",
  "C-a": "line-start",
  "C-e": "line-end",
  "C-home": "text-start",
  "C-end": "text-end",
  "M-S-<": "text-start",
  "M-<": "text-start",
  "M->": "text-end",
  backspace: "delete-back",
  "C-h": "delete-back",
  "S-backspace": "delete-back",
  delete: "delete-forward",
  "C-u": "kill-line-back",
  "C-k": "kill-line-forward",
  "C-w": "kill-word-back",
  "M-backspace": "kill-word-back",
  "C-backspace": "kill-word-back",
  "M-d": "kill-word-forward",
  "C-delete": "kill-word-forward",
  "M-delete": "kill-word-forward",
  "C-t": "transpose",
  "C-y": "yank",
  "C-_": "undo",
  "C-/": "undo",
  "M-_": "redo",
  return: "enter",
  // A line typed ahead, before the terminal was asked for single keys, ends in \n.
  enter: "enter",
  "C-j": "enter",
  "M-return": "newline",
  "M-enter": "newline",
  "S-return": "newline",
  "C-p": "history-back",
  "C-n": "history-forward",
  "C-r": "search",
  tab: "complete",
  "S-tab": "complete-back",
  escape: "escape",
  "M-escape": "escape",
  "C-g": "escape",
  "C-c": "interrupt",
  "C-d": "end-of-input",
  "C-l": "clear-screen",
  "C-z": "suspend",
  "C-o": "edit-outside",
  "paste-start": "paste-start",
  "paste-end": "paste-end",
};

/** undefined for keys that mean nothing here. */
export function keyOf(press: Keypress): Key | undefined {
  const name = press.name ?? nameless[press.text ?? ""];
  const modifiers = `${press.ctrl ? "C-" : ""}${press.meta ? "M-" : ""}`;
  const command =
    commandByKey[`${modifiers}${press.shift ? "S-" : ""}${name}`] ??
    (name === undefined ? undefined : commandByKey[modifiers + name]);
  if (command !== undefined && !isPlainLetter(press)) return { kind: "command", command };
  if (press.ctrl || press.meta) return undefined;
  return isPrintable(press.text) ? { kind: "text", text: press.text } : undefined;
}

/** Keys for which readline has no name. */
const nameless: Readonly<Record<string, string>> = {
  "\u001f": "C-_",
  "\u001b<": "M-<",
  "\u001b>": "M->",
  "\u001b_": "M-_",
};

function isPlainLetter({ name, ctrl, meta }: Keypress): boolean {
  return !ctrl && !meta && name?.length === 1;
}

function isPrintable(text: string | undefined): text is string {
  // oxlint-disable-next-line no-control-regex
  return text !== undefined && text !== "" && !/[\u0000-\u001f\u007f]/.test(text);
}
