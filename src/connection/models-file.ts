/**
 * The user's own models and prices: a file of the shape of src/catalog/models.json, laid over the shipped table.
 * What is wrong with it is said with the line and the key. Reads nothing else, writes nothing.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { shippedModels, type ModelData, type ModelTable } from "../catalog/models.ts";
import { fail } from "../diagnostics/diagnostic.ts";
import { configFolder, type Environment } from "./config-folder.ts";
import { lineOf, lineOfMistake } from "./json-line.ts";
import { expectError } from "../diagnostics/expected.ts";
import { isMissingFile } from "./missing-file.ts";

/**
 * `given` is a file, or its content. Without it $XDG_CONFIG_HOME/callsql/models.json is read if it exists.
 * Undefined: the shipped table holds as it is.
 */
export async function findModelTable(
  given: string | ModelData | undefined,
  env: Environment,
): Promise<ModelTable | undefined> {
  if (typeof given === "object") return tableOf(given);
  const file = given ?? join(configFolder(env), "models.json");
  const text = readText(file, given === undefined);
  return text === undefined ? undefined : tableOf(parse(file, text), { file, text });
}

function readText(file: string, isOptional: boolean): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    expectError(error, Error);
    const isMissing = isMissingFile(error);
    if (isOptional && isMissing) return undefined;
    const reason = isMissing ? "no such file" : error.message;
    return fail("connect/unreadable-models", { file, reason });
  }
}

function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    expectError(error, SyntaxError);
    const problem = `is not JSON: ${error.message.replace(/ (?:in JSON )?at position .*$/s, "").replace(/\s+/g, " ")}`;
    return fail("connect/bad-models", { file, line: lineOfMistake(text), problem });
  }
}

async function tableOf(
  json: unknown,
  place: { readonly file?: string; readonly text?: string } = {},
): Promise<ModelTable> {
  const { modelTableProblem, readModelTable } = await import("../catalog/read-model-table.ts");
  const found = modelTableProblem(json);
  if (found === undefined) return readModelTable(json, shippedModels);
  const { path, problem } = found;
  const line = place.text === undefined ? undefined : lineOf(place.text, path);
  return fail("connect/bad-models", { file: place.file, line, key: keyText(path), problem });
}

/** `models[0].prices[1].asOf` */
function keyText(path: readonly (string | number)[]): string {
  return path
    .map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`))
    .join("")
    .replace(/^\./, "");
}
