/** Which colour each role has: of the text being written, and of what stands around it. */
import type { Colours } from "../colours.ts";
import type { Paint } from "./edit/frame.ts";

export function themeOf(colours: Colours): Paint {
  const paints: Readonly<Record<string, (text: string) => string>> = {
    prompt: colours.bold,
    continuation: colours.dim,
    keyword: colours.blue,
    procedure: (text) => colours.bold(colours.magenta(text)),
    "quoted-name": colours.cyan,
    string: colours.green,
    number: colours.cyan,
    bind: colours.yellow,
    comment: colours.dim,
    error: colours.red,
    command: colours.bold,
    hint: colours.dim,
    menu: (text) => text,
    chosen: colours.inverse,
  };
  return (role, text) => paints[role]?.(text) ?? text;
}
