/**
 * A SQL value → an argument of a parameter's type, within the parameter's own limits.
 * Knows nothing of models, defaults or other parameters. Never throws.
 */
import { fromBase64, fromDataUrl, sniff } from "./media.ts";
import { callError } from "./problem.ts";
import type { CallError, Parameter } from "./procedure.ts";
import { isObject, readJson } from "./read.ts";
import { characterCount, type ArgumentValue, type SqlValue } from "./value.ts";
import { expectError } from "../diagnostics/expected.ts";

export type Coerced =
  | { readonly ok: true; readonly value: ArgumentValue }
  | { readonly ok: false; readonly error: CallError };

type Given = Exclude<SqlValue, null>;

export function coerce(parameter: Parameter, value: Given): Coerced {
  const coerced = toType(parameter, value);
  if (!coerced.ok) return coerced;
  const error = limitError(parameter, coerced.value);
  return error === undefined ? coerced : { ok: false, error };
}

/** A value as a message shows it: short, and never a file's content. */
export function show(value: ArgumentValue | Given): string {
  if (value instanceof Uint8Array) return `a BLOB of ${value.length} bytes`;
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  const text = JSON.stringify(typeof value === "string" ? value.slice(0, 60) : value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function toType(parameter: Parameter, value: Given): Coerced {
  switch (parameter.type) {
    case "text":
      return toText(parameter, value);
    case "integer":
    case "real":
      return toNumber(parameter, value);
    case "boolean":
      return toBoolean(parameter, value);
    case "bytes":
      return toBytes(parameter, value);
    case "json":
      return toJson(parameter, value);
  }
}

function toText(parameter: Parameter, value: Given): Coerced {
  const text = textOf(value);
  if (text === undefined) {
    return failed(callError("call/not-text", { parameter: parameter.name, found: show(value) }));
  }
  const allowed = parameter.values;
  if (allowed === undefined || parameter.otherValues?.test(text) === true) return given(text);
  const match = allowed.find((candidate) => candidate.toLowerCase() === text.trim().toLowerCase());
  if (match !== undefined) return given(match);
  return failed(callError("call/not-allowed", { parameter: parameter.name, found: show(value), allowed }));
}

function toNumber(parameter: Parameter, value: Given): Coerced {
  const number = numberOf(value);
  const isInteger = parameter.type === "integer";
  if (number !== undefined && (isInteger ? Number.isSafeInteger(number) : Number.isFinite(number))) {
    return given(number);
  }
  const expected = isInteger ? "an integer" : "a number";
  return failed(callError("call/not-a-number", { parameter: parameter.name, expected, found: show(value) }));
}

function toBoolean(parameter: Parameter, value: Given): Coerced {
  switch (String(value).trim().toLowerCase()) {
    case "1":
    case "true":
    case "on":
      return given(true);
    case "0":
    case "false":
    case "off":
      return given(false);
    default:
      return failed(callError("call/not-a-boolean", { parameter: parameter.name, found: show(value) }));
  }
}

function toBytes(parameter: Parameter, value: Given): Coerced {
  if (value instanceof Uint8Array) return given(value);
  if (typeof value === "string") {
    const text = value.trim();
    if (parameter.acceptsUrl === true && /^https:\/\/[^\s/]/i.test(text)) return given(text);
    const bytes = fromDataUrl(text) ?? (isNetworkPath(text) ? undefined : fromBase64(text));
    // A path such as `images/photo` happens to be base64: text must decode to a file of the right kind.
    const isFile =
      bytes !== undefined && (parameter.media === undefined || sniff(bytes)?.kind === parameter.media);
    if (isFile) return given(bytes);
  }
  return failed(
    callError("call/not-bytes", {
      parameter: parameter.name,
      found: show(value),
      orUrl: parameter.acceptsUrl,
    }),
  );
}

/** `//server/song` decodes to what looks like the first bytes of an mp3, of which none is that short. */
function isNetworkPath(text: string): boolean {
  return text.startsWith("//") && text.length < 256;
}

function toJson(parameter: Parameter, value: Given): Coerced {
  const text = textOf(value)?.trim() ?? "";
  const parsed = readJson(text);
  if (isObject(parsed)) return given(Array.isArray(parsed) ? parsed : { ...parsed });
  const isJsonLike = /^[[{]/.test(text);
  if (parameter.isList === true && text !== "" && !isJsonLike && !(value instanceof Uint8Array)) {
    return given(
      text
        .split(",")
        .map((item) => item.trim())
        .filter((item) => item !== ""),
    );
  }
  const expected = parameter.isList === true ? "a JSON array or a list separated by commas" : "JSON";
  return failed(callError("call/not-json", { parameter: parameter.name, found: show(value), expected }));
}

function limitError(parameter: Parameter, value: ArgumentValue): CallError | undefined {
  const { min, max, maxLength, maxBytes, name } = parameter;
  if (typeof value === "number") {
    const isInRange = value >= (min ?? -Infinity) && value <= (max ?? Infinity);
    return isInRange
      ? undefined
      : callError("call/out-of-range", { parameter: name, found: show(value), min, max });
  }
  if (typeof value === "string") {
    if (value === "" && mayNotBeEmpty(parameter)) return callError("call/empty-value", { parameter: name });
    // The cheap UTF-16 length decides almost always.
    if (maxLength === undefined || value.length <= maxLength) return undefined;
    const length = characterCount(value);
    return length > maxLength
      ? callError("call/too-long", { parameter: name, length, max: maxLength })
      : undefined;
  }
  if (value instanceof Uint8Array) {
    if (value.length === 0) return callError("call/empty-value", { parameter: name });
    return maxBytes !== undefined && value.length > maxBytes
      ? callError("call/too-many-bytes", { parameter: name, bytes: value.length, max: maxBytes })
      : undefined;
  }
  return undefined;
}

function mayNotBeEmpty(parameter: Parameter): boolean {
  return (
    parameter.required === true || parameter.default !== undefined || parameter.defaultModel !== undefined
  );
}

/** Text, a number's digits, or a BLOB that is UTF-8 (what readfile() gives for a text file). */
function textOf(value: Given): string | undefined {
  if (!(value instanceof Uint8Array)) return String(value);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(value);
  } catch (error) {
    expectError(error, TypeError);
    return undefined;
  }
}

function numberOf(value: Given): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "string" || !/^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(value))
    return undefined;
  return Number(value);
}

function given(value: ArgumentValue): Coerced {
  return { ok: true, value };
}

function failed(error: CallError): Coerced {
  return { ok: false, error };
}
