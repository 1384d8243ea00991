/**
 * Text that a terminal shows and does not obey. A model's answer may hold escape sequences that move the cursor,
 * change the window's title or the clipboard, and marks that reverse what is read; people's formats show them
 * as `\x1b` and `\u202e`. Machines' formats (csv, json) stay exact and do not come here.
 */
import stringWidth from "fast-string-width";
import { known } from "../known.ts";

/** Controls except \n, then invisible and direction characters. U+200C and U+200D stay: Persian and emoji need them. */
const unsafe =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|\p{Surrogate}/gu;

/** Keeps line ends (\n) and makes \r\n one; a tab becomes spaces, since its width depends on where it stands. */
export function safeText(text: string): string {
  return text.replaceAll("\r\n", "\n").replaceAll("\t", "    ").replace(unsafe, escapeOf);
}

/** For places of one line: line ends are shown too. */
export function safeLine(text: string): string {
  return safeText(text).replaceAll("\n", "\\n");
}

const printable = /^[ -~]*$/;

/** Cells on the terminal that safe text takes. */
export function widthOf(text: string): number {
  // Most texts: no garbage for them.
  if (printable.test(text)) return text.length;
  const zeroWidth = text.includes("\u200c") ? text.split("\u200c").length - 1 : 0;
  return stringWidth(text) - zeroWidth;
}

export function padEnd(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - widthOf(text)));
}

export function padStart(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - widthOf(text))) + text;
}

function escapeOf(character: string): string {
  const code = known(character.codePointAt(0));
  if (code === 0x0d) return "\\r";
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, "0")}`;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, "0")}`;
}
