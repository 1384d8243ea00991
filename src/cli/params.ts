/**
 * Parameters from the command line: `-p NAME=VALUE` and `--params FILE.json`. Order is kept, a later one wins.
 * They become the session's variables, so a script's own `SET :NAME = …` may still change them.
 */
import { extname } from "node:path";
import { behaviors, fail, suggest, type Behavior, type SqlValue } from "../index.ts";
import { typedValue } from "./cell.ts";
import { readBytes, readText } from "./file.ts";
import { isJsonObject, parseJson, sqlValueOfJson } from "./json.ts";
import { expectError } from "./expected.ts";

export interface Parameter {
  readonly name: string;
  readonly value: SqlValue;
}

/** One of `-p` and `--params`, as given. */
export type ParameterSource =
  | { readonly kind: "assignment"; readonly text: string }
  | { readonly kind: "file"; readonly file: string };

export async function readParameters(sources: readonly ParameterSource[]): Promise<Parameter[]> {
  const found: Parameter[] = [];
  for (const source of sources) {
    if (source.kind === "assignment") found.push(await parseParameter(source.text));
    else if (!isRowsFile(source.file)) found.push(...(await readJsonParameters(source.file)));
  }
  return found;
}

/** The file whose rows the command runs for, one by one. Throws cli/params-two-files. */
export function rowsFileOf(sources: readonly ParameterSource[]): string | undefined {
  const files = sources.flatMap((source) =>
    source.kind === "file" && isRowsFile(source.file) ? [source.file] : [],
  );
  if (files.length > 1) fail("cli/params-two-files", { files });
  return files[0];
}

/** In any case. Throws cli/unknown-behavior. */
export function parseBehavior(text: string): Behavior {
  const found = behaviors.find((name) => name.toLowerCase() === text.toLowerCase());
  return found ?? fail("cli/unknown-behavior", { text, behaviors, suggestion: suggest(text, behaviors) });
}

/** A table; the other kind of file is one object. */
function isRowsFile(file: string): boolean {
  return [".csv", ".tsv", ".ndjson", ".jsonl", ".parquet"].includes(extname(file).toLowerCase());
}

/**
 * `n=42` and `n=1.5` are numbers, `n=@FILE` the bytes of a file, `n=json:…` a JSON value (null is NULL, true 1,
 * an array or object its text), everything else text. `n=json:"42"` is therefore the text 42.
 */
async function parseParameter(text: string): Promise<Parameter> {
  const at = text.indexOf("=");
  const name = bareName(text.slice(0, Math.max(0, at)));
  if (at < 0 || name === "") fail("cli/not-an-assignment", { option: "-p", text, form: "NAME=VALUE" });
  const value = text.slice(at + 1);
  if (value.startsWith("@")) return { name, value: await readBytes(value.slice(1)) };
  if (value.startsWith("json:")) return { name, value: jsonParameter(name, value.slice("json:".length)) };
  return { name, value: typedValue(value) };
}

/** `:name`, `@name` and `$name` are accepted, for that is how the SQL text shows it. */
export function bareName(written: string): string {
  return written.trim().replace(/^[:@$]/, "");
}

function jsonParameter(name: string, text: string): SqlValue {
  try {
    return sqlValueOfJson(parseJson(text));
  } catch (error) {
    expectError(error, SyntaxError);
    return fail("cli/bad-parameter", { name, problem: `is not JSON: ${error.message}` });
  }
}

async function readJsonParameters(file: string): Promise<Parameter[]> {
  if (extname(file).toLowerCase() !== ".json")
    fail("cli/bad-params-file", { file, problem: "is of no kind that --params reads" });
  const text = await readText(file);
  let content: unknown;
  try {
    content = parseJson(text);
  } catch (error) {
    expectError(error, SyntaxError);
    fail("cli/bad-params-file", { file, problem: `is not JSON: ${error.message}` });
  }
  if (!isJsonObject(content)) fail("cli/bad-params-file", { file, problem: "holds no JSON object" });
  return Object.entries(content).map(([name, value]) => ({
    name: bareName(name),
    value: sqlValueOfJson(value),
  }));
}
