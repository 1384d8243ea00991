/**
 * `.read FILE` in a script, on a line of its own between statements: the file's statements stand there. Names are relative to
 * the script that reads them. Diagnostics keep naming each file with its own lines.
 */
import { dirname, isAbsolute, join, resolve } from "node:path";
import { fail, highlight, isComplete } from "../index.ts";
import { readText } from "./file.ts";
import type { Text } from "./texts.ts";

const depthMax = 20;

/** The texts of a script: itself, or its parts with what they read in between. */
export async function withIncludes(text: Text, outer: readonly string[] = []): Promise<Text[]> {
  const parts: Text[] = [];
  const files = [...outer, resolve(text.name)];
  const lines = text.text.split("\n");
  let first = 0;
  for (const [index, line] of lines.entries()) {
    const command = /^\.[A-Za-z?]\S*/.exec(line)?.[0];
    if (command === undefined || !isBetween(lines.slice(first, index).join("\n"))) continue;
    const named = /^\.read\s+(.+?)\s*$/.exec(line)?.[1];
    if (named === undefined) fail("cli/dot-command-in-script", { command, file: text.name, line: index + 1 });
    const file = pathFrom(text.name, named.replace(/^(["'])(.*)\1$/, "$2"));
    const place = { file, line: index + 1, from: text.name };
    if (files.includes(resolve(file))) fail("cli/include-cycle", place);
    if (files.length > depthMax) fail("cli/include-depth", { ...place, max: depthMax });
    parts.push(part(text, lines, first, index));
    parts.push(...(await withIncludes({ name: file, text: await readText(file) }, files)));
    first = index + 1;
  }
  if (first === 0) return [text];
  parts.push(part(text, lines, first, lines.length));
  return parts;
}

/** Empty lines stand for what comes before, so that line numbers stay those of the file. */
function part({ name }: Text, lines: readonly string[], first: number, end: number): Text {
  return { name, text: "\n".repeat(first) + lines.slice(first, end).join("\n") };
}

/** Nothing but comments, or whole statements. */
function isBetween(before: string): boolean {
  return isComplete(before) || highlight(before).every(({ role }) => role === "comment");
}

function pathFrom(script: string, file: string): string {
  return isAbsolute(file) || script === "stdin" ? file : join(dirname(script), file);
}
