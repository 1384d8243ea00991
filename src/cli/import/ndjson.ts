/**
 * One JSON object a line, in constant memory. The file is read twice: the columns of the table are known only
 * once every line's keys have been seen.
 */
import { diagnostic, fail, type Diagnostic, type SqlValue } from "../../index.ts";
import { readTextChunks } from "../data-text.ts";
import { isJsonObject, parseJson, type JsonObject } from "../json.ts";
import { BadLines } from "./bad-lines.ts";
import { columnNames } from "./header.ts";
import type { Importable } from "./importable.ts";
import { kindOf, memberOf } from "./json.ts";
import { known } from "../known.ts";
import { expectError } from "../expected.ts";

export async function readNdjson(file: string): Promise<Importable> {
  const keys = new Set<string>();
  const bad = new BadLines(file);
  for await (const { object, problem } of parseLines(file)) {
    if (problem !== undefined) bad.add(problem);
    for (const key of Object.keys(object)) keys.add(key);
  }
  bad.report();
  if (keys.size === 0) fail("cli/import-empty", { file });
  return { columns: columnNames(file, [...keys]), rows: rowsOf(file, [...keys]) };
}

async function* rowsOf(file: string, keys: readonly string[]): AsyncGenerator<SqlValue[]> {
  for await (const { object } of parseLines(file)) yield keys.map((key) => memberOf(object, key));
}

interface Line {
  readonly object: JsonObject;
  readonly problem?: Diagnostic;
}

async function* parseLines(file: string): AsyncGenerator<Line> {
  let line = 0;
  for await (const text of linesOf(file)) {
    line++;
    if (text.trim() !== "") yield parseLine(file, line, text);
  }
}

function parseLine(file: string, line: number, text: string): Line {
  let content: unknown;
  try {
    content = parseJson(text);
  } catch (error) {
    expectError(error, SyntaxError);
    return { object: {}, problem: diagnostic("cli/json-malformed", { file, line, reason: error.message }) };
  }
  if (isJsonObject(content)) return { object: content };
  return { object: {}, problem: diagnostic("cli/json-shape", { file, line, found: kindOf(content) }) };
}

/** Only \n ends a line: U+2028 may stand in a JSON string, and a \r before it is white space to JSON. */
async function* linesOf(file: string): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of readTextChunks(file)) {
    const lines = (rest + chunk).split("\n");
    rest = known(lines.pop());
    yield* lines;
  }
  if (rest !== "") yield rest;
}
