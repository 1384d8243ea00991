/**
 * One JSON object a line, in constant memory. The file is read twice: the columns of the table are known only
 * once every line's keys have been seen.
 */
import { fail, type SqlValue } from "../../index.ts";
import { readTextChunks } from "../data-text.ts";
import { isJsonObject, parseJson, type JsonObject } from "../json.ts";
import { columnNames } from "./header.ts";
import type { Importable } from "./importable.ts";
import { kindOf, memberOf } from "./json.ts";

export async function readNdjson(file: string): Promise<Importable> {
  const keys = new Set<string>();
  for await (const object of parseLines(file)) for (const key of Object.keys(object)) keys.add(key);
  if (keys.size === 0) fail("cli/import-empty", { file });
  return { columns: columnNames(file, [...keys]), rows: rowsOf(file, [...keys]) };
}

async function* rowsOf(file: string, keys: readonly string[]): AsyncGenerator<SqlValue[]> {
  for await (const object of parseLines(file)) yield keys.map((key) => memberOf(object, key));
}

async function* parseLines(file: string): AsyncGenerator<JsonObject> {
  let line = 0;
  for await (const text of linesOf(file)) {
    line++;
    if (text.trim() === "") continue;
    yield parseLine(file, line, text);
  }
}

function parseLine(file: string, line: number, text: string): JsonObject {
  let content: unknown;
  try {
    content = parseJson(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    fail("cli/json-malformed", { file, line, reason: error.message });
  }
  if (!isJsonObject(content)) fail("cli/json-shape", { file, line, found: kindOf(content) });
  return content;
}

/** Only \n ends a line: U+2028 may stand in a JSON string, and a \r before it is white space to JSON. */
async function* linesOf(file: string): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of readTextChunks(file)) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}
