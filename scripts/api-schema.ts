/**
 * Extracts what the test server needs from OpenAI's OpenAPI description: the request schemas of our endpoints, facts
 * only, mended and deliberately loosened. Writes test/support/api-schema.json; run it when the description changes.
 * Format it afterwards (npx oxfmt). Does nothing where the description is absent: the result is committed.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";

type Schema = Record<string, unknown>;

const source = new URL("../../shared/reference/openai-openapi.json", import.meta.url);
const target = new URL("../test/support/api-schema.json", import.meta.url);

/** Facts only: everything else in the description is prose, or means nothing to a validator. */
const keptKeywords = new Set([
  "type",
  "enum",
  "properties",
  "required",
  "additionalProperties",
  "items",
  "anyOf",
  "allOf",
  "not",
  "minimum",
  "maximum",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "$ref",
]);

/** The API answers `unknown_parameter` to a field it does not know, also where the description leaves a body open;
 * so every body is closed. Fields callsql never sends are left out with the thousand schemas behind them. */
const unusedResponseFields = [
  "tool_choice",
  "prompt",
  "conversation",
  "context_management",
  "stream_options",
  "moderation",
  "prompt_cache_options",
  "access_programs",
];

/** Those that need no answer from the caller, which SQL could not give. */
const builtInTools = ["WebSearchTool", "FileSearchTool", "CodeInterpreterTool", "ImageGenTool", "MCPTool"];

const imageQualities = ["standard", "hd", "low", "medium", "high", "xhigh", "max", "auto", null];
const imageFormats = ["png", "jpeg", "webp", "gif", "svg", null];

/** Newer than the description (SDK 7.57): GPT Image 2.5 and 2.6. */
const newImageFields: Schema = {
  quality: { enum: imageQualities },
  output_format: { enum: imageFormats },
  complexity: { enum: ["low", "medium", "high", null] },
  safety_identifier: { type: ["string", "null"] },
};

if (existsSync(source)) {
  const components = parseComponents(readFileSync(source, "utf8"));
  writeFileSync(target, `${JSON.stringify(extract(components))}\n`);
} else {
  process.stderr.write(
    "no ../shared/reference/openai-openapi.json here: test/support/api-schema.json is kept\n",
  );
}

function extract(components: ReadonlyMap<string, Schema>): Schema {
  const responses = merged(components, "CreateResponse", {
    tools: { type: "array", items: { anyOf: builtInTools.map((name) => ({ $ref: refOf(name) })) } },
    // Only messages: the other input items belong to tools of the caller's own, which no procedure uses.
    input: { anyOf: [{ type: "string" }, { type: "array", items: { $ref: refOf("EasyInputMessage") } }] },
  });
  const bodies: Schema = {
    "responses json": closed(responses, unusedResponseFields),
    "embeddings json": closed(merged(components, "CreateEmbeddingRequest")),
    "moderations json": closed(merged(components, "CreateModerationRequest")),
    "images/generations json": closed(merged(components, "CreateImageRequest", newImageFields)),
    "images/edits json": closed(
      merged(components, "EditImageBodyJsonParam", { ...newImageFields, size: { type: ["string", "null"] } }),
    ),
    "images/edits multipart": closed(
      merged(components, "CreateImageEditRequest", {
        ...newImageFields,
        markup: { type: "string", format: "binary" },
        // In the JSON form's schema only, yet sent in multipart by public clients: openai-api.md 3.6.
        moderation: { enum: ["low", "auto", null] },
      }),
    ),
    "audio/transcriptions multipart": closed(merged(components, "CreateTranscriptionRequest")),
    "audio/translations multipart": closed(merged(components, "CreateTranslationRequest")),
    "audio/speech json": closed(merged(components, "CreateSpeechRequest")),
    "files multipart": closed(merged(components, "CreateFileRequest")),
  };
  const mendedBodies = mended(bodies, true);
  return { definitions: definitionsFor(mendedBodies, components), bodies: mendedBodies };
}

/** The schema as one object: the parts of an `allOf` brought together, so that it can be closed. */
function merged(components: ReadonlyMap<string, Schema>, name: string, changes: Schema = {}): Schema {
  const properties: Schema = {};
  const required: unknown[] = [];
  const collect = (schema: Schema): void => {
    const part = typeof schema["$ref"] === "string" ? componentOf(components, schema["$ref"]) : schema;
    for (const inner of listOf(part["allOf"])) collect(recordOf(inner));
    Object.assign(properties, recordOf(part["properties"] ?? {}));
    required.push(...listOf(part["required"]));
  };
  collect(componentOf(components, refOf(name)));
  return { type: "object", properties: { ...properties, ...changes }, required };
}

function closed(schema: Schema, without: readonly string[] = []): Schema {
  const entries = Object.entries(recordOf(schema["properties"])).filter(([name]) => !without.includes(name));
  return { ...schema, properties: Object.fromEntries(entries), additionalProperties: false };
}

/** Every schema that is reached from `root`, mended. */
function definitionsFor(root: unknown, components: ReadonlyMap<string, Schema>): Schema {
  const definitions: Schema = {};
  const visit = (value: unknown): void => {
    for (const match of JSON.stringify(value).matchAll(/"#\/definitions\/([^"]+)"/g)) {
      const name = match[1] ?? "";
      if (name in definitions) continue;
      definitions[name] = mended(componentOf(components, refOf(name)));
      visit(definitions[name]);
    }
  };
  visit(root);
  return Object.fromEntries(Object.entries(definitions).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** What ajv can use: `oneOf` branches overlap in the description (a string is also one of the enum), so they become
 * `anyOf`; `nullable` may stand without a type; a binary string is a file part, described by its name and size. */
function mended(value: unknown, isMap = false): Schema {
  const schema = recordOf(value);
  if (!isMap && schema["format"] === "binary") return { $ref: "#/definitions/Upload" };
  const result: Schema = {};
  for (const [key, item] of Object.entries(schema)) {
    if (isMap) result[key] = mended(item);
    else if (key === "oneOf") result["anyOf"] = listOf(item).map((branch) => mended(branch));
    else if (key === "$ref" && typeof item === "string")
      result[key] = item.replace(/^.*\//, "#/definitions/");
    else if (keptKeywords.has(key)) result[key] = mendedKeyword(key, item);
  }
  return !isMap && schema["nullable"] === true ? { anyOf: [result, { type: "null" }] } : result;
}

function mendedKeyword(key: string, value: unknown): unknown {
  if (key === "properties") return mended(value, true);
  if (["items", "not", "additionalProperties"].includes(key) && typeof value === "object")
    return mended(value);
  if (["anyOf", "allOf"].includes(key)) return listOf(value).map((branch) => mended(branch));
  return value;
}

function componentOf(components: ReadonlyMap<string, Schema>, ref: string): Schema {
  const name = ref.replace(/^.*\//, "");
  const found = components.get(name);
  if (found === undefined) throw new Error(`the API description has no schema ${name}`);
  return found;
}

function refOf(name: string): string {
  return `#/components/schemas/${name}`;
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function recordOf(value: unknown): Schema {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function parseComponents(text: string): Map<string, Schema> {
  const document = JSON.parse(text) as { components: { schemas: Record<string, Schema> } };
  const upload = {
    type: "object",
    properties: {
      filename: { type: "string", minLength: 1 },
      mimeType: { type: "string" },
      size: { type: "integer" },
    },
    required: ["filename", "mimeType", "size"],
  };
  return new Map(Object.entries({ ...document.components.schemas, Upload: upload }));
}
