import { defineProcedure } from "../catalog/define.ts";
import type { Rule } from "../catalog/definition.ts";
import { callError } from "../catalog/problem.ts";
import type { CallError } from "../catalog/procedure.ts";
import { readField, readJson, readText } from "../catalog/read.ts";
import { schemaMismatch } from "./answer-schema.ts";
import {
  effortParameter,
  jsonFormat,
  previousErrors,
  readResponse,
  responseColumns,
  responseErrors,
  responseFields,
  responseParameters,
  samplingRule,
} from "./responses.ts";

type Json = readonly unknown[] | { readonly [key: string]: unknown };

export const generateResponse = defineProcedure({
  name: "GenerateResponse",
  summary: "Generates a response to a message with an AI model.",
  source: "openai-connector, GenerateResponse; API: POST /responses",
  endpoint: "responses",
  parameters: {
    Message: { type: "text", required: true, maxLength: 10_485_760, summary: "The prompt for the AI." },
    ...responseParameters,
    ...effortParameter,
    Tools: {
      type: "json",
      isList: true,
      isExtension: true,
      source: "API: POST /responses, tools",
      summary: "Built-in tools the model may use: names separated by commas, or the API's JSON array.",
    },
    Schema: {
      type: "json",
      isExtension: true,
      source: "API: POST /responses, text.format",
      summary: "JSON Schema of the answer; Response_Result is then JSON text of that shape.",
    },
  },
  primary: "Response_Result",
  columns: {
    Response_Result: { type: "text", summary: "The generated response." },
    ...responseColumns,
  },
  examples: [
    "CALL GenerateResponse(:Message, :Instructions, :Model)",
    "SELECT t.id, r.Response_Result FROM tickets t, GenerateResponse('Answer politely: ' || t.body) r",
    "UPDATE tickets SET answer = GenerateResponse(body, MaxOutputTokens => 200) WHERE answer IS NULL",
  ],
  notes: [
    "Temperature and TopP: sent as given; models that accept them only without reasoning get reasoning effort none, models that never accept them refuse the call before it is sent.",
    "MaxToolCalls has a meaning only together with Tools, which the documentation does not list.",
    "Schema is sent as strict structured output. An answer that is no JSON, or that has another type, lacks a required property or leaves an enum, is an error (call/schema-mismatch) with the answer in Response_Result; other rules of the schema are the API's to keep.",
    "A refusal, an incomplete or a failed response fills Status and the Error columns.",
  ],
  errors: {
    "call/not-a-tool": "Tools holds a function, or something that is no built-in tool.",
    "call/tool-incomplete": "Tools holds file_search or mcp by its name only.",
    "call/schema-mismatch": "The answer does not have the shape of Schema.",
    invalid_json_schema:
      "The API does not take Schema: strict schemas close every object and require every property.",
    ...previousErrors,
    ...responseErrors,
  },
  rules: [samplingRule, toolsRule, schemaRule],
  request: (args, context) => ({
    ...responseFields(args, context),
    input: args.Message,
    tools: args.Tools === undefined ? undefined : toolsOf(args.Tools),
    text: args.Schema === undefined ? undefined : jsonFormat("result", args.Schema),
  }),
  row: (body, { Schema }) => {
    const { text, cells, ...reading } = readResponse(body);
    const error = reading.error ?? schemaError(Schema, text);
    return { ...reading, error, cells: { Response_Result: text, ...cells } };
  },
});

/** Of an answer that is there: a refusal or a cut one has an error of its own. */
function schemaError(schema: Json | undefined, text = ""): CallError | undefined {
  if (schema === undefined) return undefined;
  const answer = readJson(text);
  const what = answer === undefined ? "it is not JSON" : schemaMismatch(schema, answer);
  return what === undefined ? undefined : callError("call/schema-mismatch", { what });
}

function toolsOf(tools: Json): readonly unknown[] {
  const items: readonly unknown[] = Array.isArray(tools) ? tools : [tools];
  return items.map((tool) => (typeof tool === "string" ? builtInTool(tool) : tool));
}

/** The code interpreter is the one whose other field is required. */
function builtInTool(type: string): Record<string, unknown> {
  return type === "code_interpreter" ? { type, container: { type: "auto" } } : { type };
}

/** Tools that do not work by their name alone → the field they want. */
const toolFields: ReadonlyMap<unknown, string> = new Map([
  ["file_search", "vector_store_ids"],
  ["mcp", "server_label"],
]);

/** Kinds that are none, and the empty one. */
const notTools: readonly unknown[] = ["function", "custom", "", undefined];

/** A function or custom tool would wait for an answer that SQL cannot give. */
function toolsRule({ Tools }: { readonly Tools: Json | undefined }): ReturnType<Rule<unknown>> {
  const tools = Tools === undefined ? [] : toolsOf(Tools);
  for (const tool of tools) {
    const type = readText(tool, "type");
    const field = toolFields.get(type);
    if (type !== undefined && field !== undefined && readField(tool, field) === undefined)
      return callError("call/tool-incomplete", { parameter: "Tools", tool: type, field });
  }
  const stranger = tools.find((tool) => notTools.includes(readText(tool, "type")));
  if (stranger === undefined) return undefined;
  return callError("call/not-a-tool", { parameter: "Tools", found: JSON.stringify(stranger).slice(0, 60) });
}

function schemaRule({ Schema }: { readonly Schema: Json | undefined }): ReturnType<Rule<unknown>> {
  if (!Array.isArray(Schema)) return undefined;
  return callError("call/not-json", {
    parameter: "Schema",
    found: "an array",
    expected: "a JSON Schema object",
  });
}
