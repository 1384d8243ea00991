/** Finds lines in JSON text, for messages about a configuration file: of a key, or of what makes it no JSON. */
import { expectError } from "../diagnostics/expected.ts";
import { known } from "../diagnostics/known.ts";

/** From 1; of the deepest step of the path that is there. The text is JSON. */
export function lineOf(text: string, path: readonly (string | number)[]): number {
  let at = skipSpace(text, 0);
  let found = at;
  for (const step of path) {
    const next = memberAt(text, at, step);
    if (next === undefined) break;
    found = next.start;
    at = next.value;
  }
  return text.slice(0, found).split("\n").length;
}

/** From 1; of the first character that no JSON has there. V8 says its place for some mistakes only. */
export function lineOfMistake(text: string): number {
  let good = 0;
  let bad = text.length;
  while (good < bad) {
    const middle = Math.ceil((good + bad) / 2);
    if (isBeginning(text.slice(0, middle))) good = middle;
    else bad = middle - 1;
  }
  return text.slice(0, good).split("\n").length;
}

/** Whether JSON may begin so: parsing it fails at its end, if at all. */
function isBeginning(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    expectError(error, SyntaxError);
    const position = / at position (\d+)/.exec(error.message)?.[1];
    if (position === undefined) return /end of JSON|Unterminated/.test(error.message);
    return /Unterminated/.test(error.message) || Number(position) >= text.length;
  }
}

interface Member {
  /** Where its key, or the item itself, begins. */
  readonly start: number;
  readonly value: number;
}

/** The member of the object or array that begins at `at`. */
function memberAt(text: string, at: number, step: string | number): Member | undefined {
  const isObject = text[at] === "{";
  if (!isObject && text[at] !== "[") return undefined;
  let position = skipSpace(text, at + 1);
  for (let index = 0; position < text.length && !/[}\]]/.test(known(text[position])); index++) {
    const start = position;
    const keyEnd = isObject ? endOfValue(text, start) : start;
    const value = isObject ? skipSpace(text, skipSpace(text, keyEnd) + 1) : start;
    const key: unknown = isObject ? JSON.parse(text.slice(start, keyEnd)) : index;
    if (key === step) return { start, value };
    position = skipSpace(text, endOfValue(text, value));
    if (text[position] === ",") position = skipSpace(text, position + 1);
  }
  return undefined;
}

/** Behind the value that begins at `at`. */
function endOfValue(text: string, at: number): number {
  if (text[at] === '"') return at + (/^"(?:[^"\\]|\\.)*"/.exec(text.slice(at))?.[0].length ?? 1);
  if (text[at] !== "{" && text[at] !== "[") return at + known(/^[^\s,}\]]*/.exec(text.slice(at))?.[0].length);
  let depth = 0;
  for (let position = at; position < text.length;) {
    const character = known(text[position]);
    if (character === '"') {
      position = endOfValue(text, position);
      continue;
    }
    if (/[{[]/.test(character)) depth++;
    if (/[}\]]/.test(character)) depth--;
    position++;
    if (depth === 0) return position;
  }
  return text.length;
}

function skipSpace(text: string, at: number): number {
  let position = at;
  while (/\s/.test(text[position] ?? "")) position++;
  return position;
}
