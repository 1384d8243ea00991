/**
 * What GenerateResponse, AnalyzeImage, SummarizeText and ClassifyText share: one request of the Responses API and
 * one reading of its answer. A response that ended without a final answer is an error, whatever its HTTP status.
 */
import type {
  ColumnDefinitions,
  CallContext,
  ParameterDefinitions,
  Reading,
  Rule,
} from "../catalog/definition.ts";
import type { Usage } from "../catalog/models.ts";
import { callError } from "../catalog/problem.ts";
import type { CallError, CellValue } from "../catalog/procedure.ts";
import { readField, readList, readNumber, readText } from "../catalog/read.ts";

const efforts = ["none", "minimal", "low", "medium", "high", "xhigh", "max"] as const;

/** The parameters GenerateResponse and AnalyzeImage share, from Instructions to Store. */
export const responseParameters = {
  Instructions: { type: "text", summary: "System message inserted into the model's context." },
  Model: {
    type: "text",
    defaultModel: "text",
    summary: "Model to answer with, such as gpt-6-luna; the connection's text model by default.",
  },
  PreviousResponseId: {
    type: "text",
    refersTo: "Response_Id",
    summary: "Response_Id of the previous turn, for multi-turn conversations. It must have been stored.",
  },
  Temperature: {
    type: "real",
    min: 0,
    max: 2,
    summary:
      "Sampling temperature; higher is more random. Models that reason take it with effort none or not at all.",
  },
  TopP: {
    type: "real",
    min: 0,
    max: 1,
    summary: "Nucleus sampling: only the tokens of this probability mass. An alternative to Temperature.",
  },
  MaxOutputTokens: {
    type: "integer",
    min: 16,
    summary: "Most tokens to generate, reasoning included; a longer answer comes back incomplete.",
  },
  MaxToolCalls: { type: "integer", min: 1, summary: "Most calls of built-in tools in total." },
  Store: {
    type: "boolean",
    summary: "Whether the API keeps the response for later retrieval; it does unless told otherwise.",
  },
} as const satisfies ParameterDefinitions;

export const effortParameter = {
  ReasoningEffort: {
    type: "text",
    values: efforts,
    isExtension: true,
    source: "API: POST /responses, reasoning.effort",
    summary: "How long the model reasons before it answers.",
  },
} as const satisfies ParameterDefinitions;

/** Errors of whatever is built on POST /responses: the API's codes, from its answer or its refusal. */
export const responseErrors = {
  refusal: "The model refused to answer; Response_Refusal holds its words.",
  max_output_tokens: "The answer was cut at MaxOutputTokens; the text so far is there, Status is incomplete.",
  content_filter: "The answer was cut by the API's content filter; Status is incomplete.",
  context_length_exceeded: "The text is longer than the model reads.",
  "call/sampling-effort": "Temperature or TopP together with a ReasoningEffort that does not allow it.",
  "call/response-failed": "The response failed and the API gives no code.",
  "call/not-finished": "The server answered a response that is still running.",
  "call/bad-answer": "The answer is not a response: an output is missing.",
} as const;

export const previousErrors = {
  previous_response_not_found: "PreviousResponseId names no response that was stored.",
} as const;

export const responseColumns = {
  Response_Id: { type: "text", summary: "Identifier of the response; PreviousResponseId of a next turn." },
  Response_Status: { type: "text", summary: "The API's status: completed, incomplete, failed, cancelled." },
  Response_Refusal: { type: "text", summary: "The model's words when it refused to answer." },
  Incomplete_Reason: { type: "text", summary: "Why it is incomplete: max_output_tokens, content_filter, …" },
  Created_At: { type: "integer", summary: "Unix seconds." },
  Completed_At: { type: "integer", summary: "Unix seconds." },
  Model_Used: { type: "text", summary: "The model that answered, with its date." },
  Service_Tier: { type: "text", summary: "The tier the request was processed with." },
  Usage_InputTokens: { type: "integer", summary: "Input tokens, cached ones included." },
  Usage_CachedInputTokens: { type: "integer", summary: "Input tokens read from the prompt cache." },
  Usage_CacheWriteTokens: { type: "integer", summary: "Input tokens written to the prompt cache." },
  Usage_OutputTokens: { type: "integer", summary: "Output tokens, reasoning included." },
  Usage_ReasoningTokens: { type: "integer", summary: "Output tokens spent on reasoning." },
  Usage_TotalTokens: { type: "integer", summary: "Input and output tokens." },
} as const satisfies ColumnDefinitions;

type ResponseColumn = keyof typeof responseColumns;

/** Arguments a request is built from; a procedure has those of them that it declares. */
export interface ResponseArguments {
  readonly Instructions?: string | undefined;
  readonly Model: string;
  readonly PreviousResponseId?: string | undefined;
  readonly Temperature?: number | undefined;
  readonly TopP?: number | undefined;
  readonly MaxOutputTokens?: number | undefined;
  readonly MaxToolCalls?: number | undefined;
  readonly Store?: boolean | undefined;
  readonly ReasoningEffort?: string | undefined;
}

/** Everything but `input`, which is the procedure's own. */
export function responseFields(args: ResponseArguments, context: CallContext): Record<string, unknown> {
  const effort = args.ReasoningEffort ?? (needsEffortNone(args, context) ? "none" : undefined);
  return {
    model: args.Model,
    instructions: args.Instructions,
    previous_response_id: args.PreviousResponseId,
    temperature: args.Temperature,
    top_p: args.TopP,
    max_output_tokens: args.MaxOutputTokens,
    max_tool_calls: args.MaxToolCalls,
    store: args.Store,
    reasoning: effort === undefined ? undefined : { effort },
  };
}

/** Some models take Temperature and TopP only while they do not reason, some never: said before it is billed. */
export const samplingRule: Rule<ResponseArguments> = (args, { model }) => {
  const parameter = samplingParameter(args);
  if (parameter === undefined || model === undefined) return undefined;
  if (model.sampling === "never") {
    return callError("call/unsupported-parameter", { parameter, model: args.Model });
  }
  const effort = args.ReasoningEffort;
  if (model.sampling !== "effort-none" || effort === undefined || effort === "none") return undefined;
  return callError("call/sampling-effort", { parameter, model: args.Model, effort });
};

/** Strict structured output: the answer is JSON text of this schema. */
export function jsonFormat(name: string, schema: unknown): Record<string, unknown> {
  return { format: { type: "json_schema", name, strict: true, schema } };
}

export interface ResponseReading extends Reading<ResponseColumn> {
  /** The final answer; undefined when there is none because the call failed. */
  readonly text: string | undefined;
}

export function readResponse(body: unknown): ResponseReading {
  const messages = readList(body, "output").filter(isFinalMessage);
  const parts = messages.flatMap((message) => readList(message, "content"));
  const texts = textsOf(parts, "output_text", "text");
  const refusal = textsOf(parts, "refusal", "refusal").join("") || undefined;
  const error = responseError(body, refusal);
  return {
    text: error !== undefined && texts.length === 0 ? undefined : texts.join(""),
    cells: responseCells(body, refusal),
    error,
    status: readText(body, "status") === "incomplete" ? "incomplete" : "failed",
    usage: responseUsage(body),
    model: readText(body, "model"),
  };
}

function samplingParameter(args: ResponseArguments): "Temperature" | "TopP" | undefined {
  if (args.Temperature !== undefined) return "Temperature";
  return args.TopP === undefined ? undefined : "TopP";
}

function needsEffortNone(args: ResponseArguments, { model }: CallContext): boolean {
  return model?.sampling === "effort-none" && samplingParameter(args) !== undefined;
}

/** Messages of the phase `commentary` are the model thinking aloud between tool calls, not its answer. */
function isFinalMessage(item: unknown): boolean {
  const phase = readField(item, "phase") ?? "final_answer";
  return readText(item, "type") === "message" && phase === "final_answer";
}

function textsOf(parts: readonly unknown[], type: string, field: string): readonly string[] {
  return parts.filter((part) => readText(part, "type") === type).map((part) => readText(part, field) ?? "");
}

function responseError(body: unknown, refusal: string | undefined): CallError | undefined {
  const status = readText(body, "status") ?? "completed";
  switch (status) {
    case "completed":
      if (refusal !== undefined) return { ...callError("call/refusal", { refusal }), code: "refusal" };
      return Array.isArray(readField(body, "output"))
        ? undefined
        : callError("call/bad-answer", { what: "it has no output" });
    case "incomplete": {
      const reason = readText(body, "incomplete_details", "reason");
      return {
        ...callError("call/incomplete", { reason }),
        ...(reason === undefined ? {} : { code: reason }),
      };
    }
    case "failed": {
      const code = readText(body, "error", "code");
      const message = readText(body, "error", "message");
      return { ...callError("call/response-failed", { message }), ...(code === undefined ? {} : { code }) };
    }
    default:
      return callError("call/not-finished", { status });
  }
}

function responseCells(body: unknown, refusal: string | undefined): Record<ResponseColumn, CellValue> {
  return {
    Response_Id: readText(body, "id"),
    Response_Status: readText(body, "status"),
    Response_Refusal: refusal,
    Incomplete_Reason: readText(body, "incomplete_details", "reason"),
    Created_At: readNumber(body, "created_at"),
    Completed_At: readNumber(body, "completed_at"),
    Model_Used: readText(body, "model"),
    Service_Tier: readText(body, "service_tier"),
    Usage_InputTokens: readNumber(body, "usage", "input_tokens"),
    Usage_CachedInputTokens: readNumber(body, "usage", "input_tokens_details", "cached_tokens"),
    Usage_CacheWriteTokens: readNumber(body, "usage", "input_tokens_details", "cache_write_tokens"),
    Usage_OutputTokens: readNumber(body, "usage", "output_tokens"),
    Usage_ReasoningTokens: readNumber(body, "usage", "output_tokens_details", "reasoning_tokens"),
    Usage_TotalTokens: readNumber(body, "usage", "total_tokens"),
  };
}

function responseUsage(body: unknown): Usage {
  const types = readList(body, "output").map((item) => readText(item, "type"));
  return {
    inputTokens: readNumber(body, "usage", "input_tokens"),
    cachedInputTokens: readNumber(body, "usage", "input_tokens_details", "cached_tokens"),
    cacheWriteTokens: readNumber(body, "usage", "input_tokens_details", "cache_write_tokens"),
    outputTokens: readNumber(body, "usage", "output_tokens"),
    webSearches: types.filter((type) => type === "web_search_call").length,
    fileSearches: types.filter((type) => type === "file_search_call").length,
  };
}
