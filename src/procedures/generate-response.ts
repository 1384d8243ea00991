import { defineProcedure } from "../catalog/define.ts";
import type { Rule } from "../catalog/definition.ts";
import { callError } from "../catalog/problem.ts";
import { readText } from "../catalog/read.ts";
import {
  effortParameter,
  jsonFormat,
  readResponse,
  responseColumns,
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
      summary: "Built-in tools the model may use: names separated by commas, or the API's JSON array.",
    },
    Schema: {
      type: "json",
      isExtension: true,
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
    "A refusal, an incomplete or a failed response fills Status and the Error columns.",
  ],
  rules: [samplingRule, toolsRule, schemaRule],
  request: (args, context) => ({
    ...responseFields(args, context),
    input: args.Message,
    tools: args.Tools === undefined ? undefined : toolsOf(args.Tools),
    text: args.Schema === undefined ? undefined : jsonFormat("result", args.Schema),
  }),
  row: (body) => {
    const { text, cells, ...reading } = readResponse(body);
    return { ...reading, cells: { Response_Result: text, ...cells } };
  },
});

function toolsOf(tools: Json): readonly unknown[] {
  const items: readonly unknown[] = Array.isArray(tools) ? tools : [tools];
  return items.map((tool) => (typeof tool === "string" ? builtInTool(tool) : tool));
}

/** The code interpreter is the one whose other field is required. */
function builtInTool(type: string): Record<string, unknown> {
  return type === "code_interpreter" ? { type, container: { type: "auto" } } : { type };
}

/** A function or custom tool would wait for an answer that SQL cannot give. */
function toolsRule({ Tools }: { readonly Tools: Json | undefined }): ReturnType<Rule<unknown>> {
  const tools = Tools === undefined ? [] : toolsOf(Tools);
  const stranger = tools.find((tool) => ["function", "custom", ""].includes(readText(tool, "type") ?? ""));
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
