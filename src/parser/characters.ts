/** What a UTF-16 code unit is in SQL, by SQLite's tokenize.c. */

/**
 * The code unit at `at`, 0 behind the end of the text, which is nothing of what follows. `charCodeAt` itself, once asked
 * behind the end of a text, is slower ever after.
 */
export function codeAt(text: string, at: number): number {
  return at < text.length ? text.charCodeAt(at) : 0;
}

/** Space, tab, line feed, vertical tab, form feed, carriage return. */
export function isSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}

export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** A letter, `_` or anything beyond ASCII. */
export function beginsWord(code: number): boolean {
  const lower = code | 0x20;
  return (lower >= 0x61 && lower <= 0x7a) || code === 0x5f || code >= 0x80;
}

/** What begins a word, a digit or `$`. */
export function continuesWord(code: number): boolean {
  return code >= 0x80 || inWord[code] === 1;
}

/** Asked of nearly every character of a script. */
const inWord = Uint8Array.from({ length: 0x80 }, (_, code) =>
  beginsWord(code) || isDigit(code) || code === 0x24 ? 1 : 0,
);

/** Behind the next `closing` in a text from `from` on, or the end of the text. */
export function behind(text: string, closing: string, from: number): number {
  const found = text.indexOf(closing, from);
  return found < 0 ? text.length : found + closing.length;
}

/** Where a line comment ends: its line feed begins white space of its own. */
export function lineEnd(text: string, from: number): number {
  const found = text.indexOf("\n", from);
  return found < 0 ? text.length : found;
}
