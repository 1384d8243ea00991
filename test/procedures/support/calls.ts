/** Prepares calls by parameter name and reads their rows by column name, as the tests of procedures want them. */
import { expect } from "vitest";
import { createCatalog } from "../../../src/catalog/catalog.ts";
import type {
  CallResult,
  Outcome,
  Prepared,
  PrepareContext,
  Procedure,
} from "../../../src/catalog/procedure.ts";
import type { ConnectionModels, Upload } from "../../../src/catalog/request.ts";
import type { SqlValue } from "../../../src/catalog/value.ts";
import { procedures } from "../../../src/procedures/index.ts";
import { problemOf, type BodyProblem } from "../../support/openai-validate.ts";
import { audioBytes, imageBytes } from "../../support/tiny-media.ts";

export const models: ConnectionModels = {
  text: "gpt-6-luna",
  image: "gpt-image-2.6-flare",
  embedding: "text-embedding-3-small",
  moderation: "omni-moderation-latest",
  transcription: "gpt-transcribe",
  translation: "whisper-1",
  speech: "gpt-4o-mini-tts",
};

export const catalog = createCatalog(procedures);

export const png = imageBytes("png", { width: 64, height: 32 });
export const mask = imageBytes("png", { width: 64, height: 32, alpha: true });
export const wav = audioBytes("wav");

export type Values = Readonly<Record<string, SqlValue | undefined>>;
type Ready = Extract<Prepared, { ok: true }>;

export function find(name: string): Procedure {
  const procedure = catalog.find(name);
  if (procedure === undefined) throw new Error(`no procedure ${name}`);
  return procedure;
}

/** A value for every required parameter and nothing else. */
const minimal: Readonly<Record<string, Values>> = {
  GenerateResponse: { Message: "hello" },
  ModerateText: { Text: "hello" },
  GetEmbeddings: { Text: "hello" },
  AnalyzeImage: { Image: png, Message: "what is it?" },
  GenerateImage: { Instructions: "a cat" },
  EditImage: { Instructions: "a hat", Image: png },
  CreateTranscription: { Input: wav, Model: "gpt-transcribe" },
  CreateTranslation: { Input: wav },
  GenerateAudio: { Input: "hello", Model: "gpt-4o-mini-tts", Voice: "alloy" },
  SummarizeText: { Text: "hello. there." },
  ClassifyText: { Text: "hello", Categories: "greeting, complaint" },
};

export function minimalOf(name: string): Values {
  return minimal[name] ?? {};
}

export function prepare(name: string, values: Values, context: Partial<PrepareContext> = {}): Prepared {
  const procedure = find(name);
  for (const key of Object.keys(values)) expect(procedure.findParameter(key), key).toBeDefined();
  const list = procedure.parameters.map((parameter) => values[parameter.name]);
  return procedure.prepare(list, { models, defaults: {}, ...context });
}

function ready(name: string, values: Values, context: Partial<PrepareContext> = {}): Ready {
  const prepared = prepare(name, values, context);
  if (!prepared.ok) throw new Error(`${prepared.error.code}: ${prepared.error.message}`);
  return prepared;
}

export function bodyOf(name: string, values: Values): Readonly<Record<string, unknown>> {
  return ready(name, values).request.body;
}

/** What the API's schema has against the call's body; an upload is checked as the server sees it: a file part. */
export function schemaProblem(name: string, values: Values): BodyProblem | undefined {
  const { endpoint, body } = ready(name, values).request;
  const isMultipart = ["images/edits", "audio/transcriptions", "audio/translations"].includes(endpoint);
  const parts = Object.entries(body).map(([field, value]) => [field, readPart(value)]);
  return problemOf(endpoint, isMultipart ? "multipart" : "json", Object.fromEntries(parts));
}

function readPart(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("bytes" in value)) return value;
  const { filename, mimeType, bytes } = value as Upload;
  return { filename, mimeType, size: bytes.length };
}

/** The code of the call's error, or undefined when it may be sent. */
export function errorOf(name: string, values: Values): string | undefined {
  const prepared = prepare(name, values);
  return prepared.ok ? undefined : prepared.error.code;
}

export function warningsOf(name: string, values: Values, context: Partial<PrepareContext> = {}): string[] {
  return ready(name, values, context).warnings.map((warning) => warning.code);
}

export interface Answered {
  readonly result: CallResult;
  readonly row: Readonly<Record<string, SqlValue>>;
}

/** The row that an answer of this body makes; `model` is what a header says. */
export function answer(
  name: string,
  body: unknown,
  values: Values = minimalOf(name),
  model?: string,
): Answered {
  const contentType = body instanceof Uint8Array ? "application/octet-stream" : "application/json";
  return outcome(
    name,
    {
      answer: {
        body,
        status: 200,
        requestId: "req_1",
        contentType,
        ...(model === undefined ? {} : { model }),
      },
      attempts: 1,
      durationMs: 12,
    },
    values,
  );
}

export function outcome(name: string, what: Outcome, values: Values = minimalOf(name)): Answered {
  const procedure = find(name);
  const result = procedure.result(ready(name, values), what);
  return { result, row: named(procedure, result.row) };
}

export function named(procedure: Procedure, row: readonly SqlValue[]): Readonly<Record<string, SqlValue>> {
  expect(row).toHaveLength(procedure.columns.length);
  return Object.fromEntries(procedure.columns.map((column, index) => [column.name, row[index] ?? null]));
}
