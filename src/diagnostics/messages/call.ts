/**
 * What can go wrong with one call: its values, the model it names, the answer, the service.
 * Failures the API itself words keep the API's words; here is only what we add.
 */
import { list, quote, type MessageTable } from "./message.ts";

export interface SizeLimits {
  readonly multipleOf: number;
  readonly ratioMax: number;
  readonly edgeMax: number;
  readonly pixelsMax: number;
}

const valueMessages = {
  "call/missing-value": (details: { procedure: string; parameter: string }) => ({
    message: `${quote(details.parameter)} of ${details.procedure} is NULL, a value is required`,
    hint: "leave such rows out with WHERE … IS NOT NULL, or pass another value for them with coalesce()",
  }),
  "call/empty-value": (details: { parameter: string }) => ({
    message: `${quote(details.parameter)} is empty, a value is required`,
    hint: "leave such rows out with WHERE, or pass NULL for a parameter that may be absent",
  }),
  "call/not-text": (details: { parameter: string; found: string }) => ({
    message: `${quote(details.parameter)} is ${details.found}, text was expected`,
    hint: "a BLOB is read as text when it is valid UTF-8",
  }),
  "call/not-a-number": (details: {
    parameter: string;
    expected: "an integer" | "a number";
    found: string;
  }) => ({
    message: `${quote(details.parameter)} is ${details.found}, ${details.expected} was expected`,
    hint: "a number is written without quotes; text that reads as one will do",
  }),
  "call/not-a-boolean": (details: { parameter: string; found: string }) => ({
    message: `${quote(details.parameter)} is ${details.found}, a boolean was expected`,
    hint: "use 0, 1, true, false, on or off",
  }),
  "call/not-bytes": (details: { parameter: string; found: string; orUrl?: boolean | undefined }) => ({
    message: `${quote(details.parameter)} is ${details.found}, the bytes of a file were expected`,
    hint: `pass a BLOB, a data URL${details.orUrl === true ? ", an https URL" : ""} or base64; readfile('path') reads a file, where SQL may`,
  }),
  "call/not-json": (details: { parameter: string; found: string; expected: string }) => ({
    message: `${quote(details.parameter)} is ${details.found}, ${details.expected} was expected`,
  }),
  "call/out-of-range": (details: {
    parameter: string;
    found: string;
    min?: number | undefined;
    max?: number | undefined;
  }) => ({ message: `${quote(details.parameter)} is ${details.found}, expected a value ${range(details)}` }),
  "call/not-allowed": (details: {
    parameter: string;
    found: string;
    allowed: readonly string[];
    model?: string | undefined;
  }) => ({
    message: `${quote(details.parameter)} does not support ${details.found}${withModel(details.model)}`,
    hint: `supported values are ${list(details.allowed)}`,
  }),
  "call/too-long": (details: { parameter: string; length: number; max: number }) => ({
    message: `${quote(details.parameter)} has ${details.length} characters, at most ${details.max} are allowed`,
  }),
  "call/too-many-bytes": (details: { parameter: string; bytes: number; max: number }) => ({
    message: `${quote(details.parameter)} has ${details.bytes} bytes, at most ${details.max} are allowed`,
  }),
  // The API's words, but for the name of the parameter.
  "call/too-many-tokens": (details: { parameter: string; tokens: number; max: number }) => ({
    message: `this model's maximum context length is ${details.max} tokens, however ${quote(details.parameter)} has ${details.tokens} tokens`,
    hint: "shorten the text, or cut it into several rows: nothing was sent",
  }),
  "call/unknown-format": (details: { parameter: string; formats: readonly string[] }) => ({
    message: `the format of ${quote(details.parameter)} is not recognised`,
    hint: `formats are ${list(details.formats)}`,
  }),
  "call/format-mismatch": (details: { parameter: string; given: string; found: string }) => ({
    message: `${quote(details.parameter)} is ${quote(details.given)}, but the bytes are ${details.found}`,
    hint: `leave ${details.parameter} out: it is inferred from the bytes`,
  }),
  "call/mask-not-png": (details: { parameter: string; found: string }) => ({
    message: `${quote(details.parameter)} is ${details.found}, a PNG was expected`,
  }),
  "call/mask-without-alpha": (details: { parameter: string }) => ({
    message: `${quote(details.parameter)} has no alpha channel`,
    hint: "fully transparent pixels mark what may be edited; save the mask as PNG with transparency",
  }),
  "call/mask-size": (details: { parameter: string; mask: string; image: string }) => ({
    message: `${quote(details.parameter)} is ${details.mask}, the image is ${details.image}`,
    hint: "the mask must have the size of the image",
  }),
  "call/image-size": (details: { parameter: string; found: string; limits?: SizeLimits | undefined }) => ({
    message: `${quote(details.parameter)} is ${details.found}, expected ${sizeExpected(details.limits)}`,
  }),
  "call/transparency-format": (details: { parameter: string; format: string }) => ({
    message: `${quote(details.parameter)} cannot be transparent in ${details.format}`,
    hint: "set OutputFormat to png or webp",
  }),
  "call/compression-format": (details: { parameter: string; format: string }) => ({
    message: `${quote(details.parameter)} less than 100 is not supported for ${details.format}`,
    hint: "set OutputFormat to jpeg or webp",
  }),
  "call/timestamps-detail": (details: { parameter: string; detail: string }) => ({
    message: `${quote(details.parameter)} needs Detail verbose, not ${details.detail}`,
  }),
  "call/no-categories": (details: { parameter: string; found: string }) => ({
    message: `${quote(details.parameter)} is ${details.found}, 1 to 1000 different labels were expected`,
    hint: `as 'billing, bug, praise', '["billing", "bug"]' or '{"billing": "invoices and payments"}'`,
  }),
  "call/not-a-tool": (details: { parameter: string; found: string }) => ({
    message: `${quote(details.parameter)} holds ${details.found}, a built-in tool was expected`,
    hint: `built-in tools are named, as 'web_search', or written as JSON: '[{"type": "file_search", "vector_store_ids": ["…"]}]'`,
  }),
  "call/tool-incomplete": (details: { parameter: string; tool: string; field: string }) => ({
    message: `${quote(details.parameter)} holds ${quote(details.tool)} without its ${quote(details.field)}`,
    hint: `write it as JSON: '[{"type": "${details.tool}", "${details.field}": …}]'`,
  }),
} satisfies MessageTable;

const modelMessages = {
  "call/wrong-model": (details: {
    parameter: string;
    procedure: string;
    model: string;
    models: readonly string[];
  }) => ({
    message: `the model ${quote(details.model)} cannot be used with ${details.procedure}`,
    hint: `models for it are ${list(details.models)}`,
  }),
  "call/unsupported-parameter": (details: { parameter: string; model: string }) => ({
    message: `unsupported parameter: ${quote(details.parameter)} is not supported${withModel(details.model)}`,
    hint: `leave ${details.parameter} out, or choose another model; sys_models shows what each accepts`,
  }),
  "call/sampling-effort": (details: { parameter: string; model: string; effort: string }) => ({
    message: `unsupported parameter: ${quote(details.parameter)} is not supported with reasoning effort ${quote(details.effort)} of the model ${quote(details.model)}`,
    hint: "leave ReasoningEffort out or set it to none",
  }),
  "call/unknown-model": (details: { parameter: string; model: string }) => ({
    message: `the model ${quote(details.model)} is not in the catalogue: it is sent as written, without a price`,
    hint: "sys_models lists the known ones",
  }),
  "call/model-retired": (details: {
    parameter: string;
    model: string;
    date: string;
    replacement?: string | undefined;
  }) => ({
    message: `the model ${quote(details.model)} was retired on ${details.date}`,
    hint: replacementHint(details.replacement),
  }),
  "call/model-retiring": (details: {
    parameter: string;
    model: string;
    date: string;
    replacement?: string | undefined;
  }) => ({
    message: `the model ${quote(details.model)} will be retired on ${details.date}`,
    hint: replacementHint(details.replacement),
  }),
  "call/parameter-not-sent": (details: { procedure: string; parameter: string }) => ({
    message: `${quote(details.parameter)} of ${details.procedure} has no effect: the API has no such field, it is not sent`,
  }),
  "call/mask-large": (details: { parameter: string; bytes: number; max: number }) => ({
    message: `${quote(details.parameter)} has ${details.bytes} bytes, the API documents a limit of ${details.max}`,
  }),
} satisfies MessageTable;

const answerMessages = {
  "call/bad-answer": (details: { what: string }) => ({
    message: `the answer is not usable: ${details.what}`,
  }),
  "call/empty-answer": (details: { what: string }) => ({
    message: `the answer holds no ${details.what}`,
  }),
  "call/incomplete": (details: { reason?: string | undefined }) => ({
    message: `the response is incomplete: ${details.reason ?? "no reason is given"}`,
  }),
  "call/response-failed": (details: { message?: string | undefined }) => ({
    message: details.message ?? "the response failed, no reason is given",
  }),
  "call/not-finished": (details: { status: string }) => ({
    message: `the response is ${quote(details.status)}, not completed`,
  }),
  "call/category-outside": (details: { found: string }) => ({
    message: `the model answered ${details.found}, which is not one of the categories`,
  }),
  "call/schema-mismatch": (details: { what: string }) => ({
    message: `the answer does not follow Schema: ${details.what}`,
  }),
  "call/refusal": (details: { refusal: string }) => ({ message: details.refusal }),
} satisfies MessageTable;

/** For failures without a code of the API's own. The message is the connection's, already masked. */
const serviceMessages = {
  "call/http-error": (details: { message: string }) => ({ message: details.message }),
  "call/no-endpoint": (details: { message: string }) => ({
    message: `the server does not offer this: ${details.message}`,
    hint: "callsql connect test says which procedures a server can answer",
  }),
  "call/network": (details: { message: string }) => ({
    message: details.message,
    hint: "check the network, a proxy, and the connection's base URL",
  }),
  "call/timeout": (details: { message: string }) => ({ message: details.message }),
  "call/redirect": (details: { message: string }) => ({
    message: details.message,
    hint: "redirects are never followed, they would send the prompt elsewhere; correct the base URL",
  }),
  "call/not-available-offline": (details: { message: string; hint?: string | undefined }) => ({
    message: details.message,
    hint: details.hint,
  }),
  "call/credentials": (details: { message: string }) => ({ message: details.message }),
} satisfies MessageTable;

export const callMessages = { ...valueMessages, ...modelMessages, ...answerMessages, ...serviceMessages };

/** What to do about the API's own codes. */
export const apiHints: Readonly<Record<string, string>> = {
  insufficient_quota: "the account has no credit left: add credit or raise its limit",
  credit_balance_exhausted: "the account has no credit left: add credit",
  organization_spend_limit_exceeded: "raise the organisation's spend limit",
  project_spend_limit_exceeded: "raise the project's spend limit",
  invalid_api_key: "check the connection's key: callsql connect test",
  model_not_found:
    "the model does not exist, is retired, or is not open to this key; sys_models lists known ones",
  context_length_exceeded: "shorten the text, or choose a model with a larger context",
  max_output_tokens: "raise MaxOutputTokens; reasoning counts towards it",
  previous_response_not_found: "the earlier response must have been stored: Store => 1",
};

function range(details: { min?: number | undefined; max?: number | undefined }): string {
  const { min, max } = details;
  if (min !== undefined && max !== undefined) return `between ${min} and ${max}`;
  return min === undefined ? `<= ${max ?? "?"}` : `>= ${min}`;
}

function sizeExpected(limits: SizeLimits | undefined): string {
  if (limits === undefined) return "WIDTHxHEIGHT, such as 1024x1024, or auto";
  const { multipleOf, ratioMax, edgeMax, pixelsMax } = limits;
  return `sides that are multiples of ${multipleOf}, at most ${edgeMax} long, ${pixelsMax} pixels in all, and no narrower than 1:${ratioMax}`;
}

function withModel(model: string | undefined): string {
  return model === undefined ? "" : ` with the model ${quote(model)}`;
}

function replacementHint(replacement: string | undefined): string | undefined {
  return replacement === undefined ? undefined : `use ${quote(replacement)} instead`;
}
