/** Reads fields of a request body, refusing wrong types in the API's words. */
import { isJsonObject, type JsonObject } from "../../catalog/json.ts";
import { readJson } from "../../catalog/read.ts";
import { invalidRequest } from "./api-error.ts";

export function parseBody(text: string): JsonObject {
  const body = readJson(text);
  if (!isJsonObject(body)) {
    throw invalidRequest(
      "We could not parse the JSON body of your request. The API expects a JSON object.",
      null,
    );
  }
  return body;
}

export function readString(body: JsonObject, field: string): string | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return value;
  throw invalidRequest(`Invalid type for '${field}': expected a string.`, field, "invalid_type");
}

export function readRequiredString(body: JsonObject, field: string): string {
  const value = readString(body, field);
  if (value !== undefined) return value;
  throw invalidRequest(`Missing required parameter: '${field}'.`, field, "missing_required_parameter");
}

/** One of `choices`, or absent. */
export function readChoice<Choice extends string>(
  body: JsonObject,
  field: string,
  choices: readonly Choice[],
): Choice | undefined {
  const value = readString(body, field);
  const choice = choices.find((each) => each === value);
  if (value === undefined || choice !== undefined) return choice;
  const expected = choices.map((each) => `'${each}'`).join(", ");
  throw invalidRequest(
    `Invalid value: '${value}'. Supported values are: ${expected}.`,
    field,
    "invalid_value",
  );
}

export interface UploadedFile {
  readonly filename: string;
  readonly bytes: Uint8Array;
}

/** A file of a form (see request-body.ts). */
export function readUpload(body: JsonObject, field: string): UploadedFile {
  const [value] = [body[field]].flat();
  if (value === undefined || value === null) {
    throw invalidRequest(`Missing required parameter: '${field}'.`, field, "missing_required_parameter");
  }
  if (isJsonObject(value) && value["bytes"] instanceof Uint8Array && typeof value["filename"] === "string") {
    return { filename: value["filename"], bytes: value["bytes"] };
  }
  throw invalidRequest(`Invalid type for '${field}': expected a file.`, field, "invalid_type");
}

export function readNumber(body: JsonObject, field: string): number | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number") return value;
  throw invalidRequest(`Invalid type for '${field}': expected a number.`, field, "invalid_type");
}

/** A number from `min` to `max`, or absent. Outside of them the API says which bound was missed. */
export function readNumberWithin(
  body: JsonObject,
  field: string,
  { min, max }: { readonly min: number; readonly max: number },
): number | undefined {
  const value = readNumber(body, field);
  if (value === undefined || (value >= min && value <= max)) return value;
  const isAbove = value > max;
  const [side, bound] = isAbove ? ["above maximum", `<= ${max}`] : ["below minimum", `>= ${min}`];
  throw invalidRequest(
    `Invalid '${field}': decimal ${side} value. Expected a value ${bound}, but got ${value} instead.`,
    field,
    isAbove ? "decimal_above_max_value" : "decimal_below_min_value",
  );
}

/** `input` of embeddings and moderations: one text or several. */
export function readTexts(body: JsonObject): readonly string[] {
  const input = body["input"];
  if (input === undefined || input === null) {
    throw invalidRequest("Missing required parameter: 'input'.", "input", "missing_required_parameter");
  }
  const texts: readonly unknown[] = Array.isArray(input) ? input : [input];
  if (texts.length === 0 || texts.length > inputsMax) {
    throw invalidRequest(`Invalid 'input': expected 1 to ${inputsMax} items, got ${texts.length}.`, "input");
  }
  return texts.map(readInputText);
}

function readInputText(text: unknown, index: number): string {
  if (typeof text !== "string") {
    throw invalidRequest("Invalid 'input': this connection accepts text only.", "input", "invalid_type");
  }
  if (text === "") {
    throw invalidRequest(`Invalid 'input[${index}]': input cannot be an empty string.`, "input");
  }
  return text;
}

const inputsMax = 2048;
