/**
 * Bodies of the API's answers for a test's `answer` option: a reply, a refusal, a cut-off or failed response, an empty
 * list, an error. Everything in them follows from the request, so equal requests get equal bytes.
 */
import {
  countTokens,
  hashOf,
  imagesOf,
  listOf,
  numberOf,
  promptOf,
  recordOf,
  textOf,
  type RecordedRequest,
} from "./openai-request.ts";

export interface ResponseOptions {
  readonly text?: string;
  readonly refusal?: string;
  readonly status?: "completed" | "incomplete" | "failed";
  readonly incompleteReason?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

/** 2026-11-01T00:00:00Z and the day after it: time in answers is a function of the request, too. */
export function createdAtOf(request: RecordedRequest): number {
  return 1_793_491_200 + (numberOf(request.body) % 86_400);
}

/** The object that POST /responses answers. */
export function responseBody(request: RecordedRequest, options: ResponseOptions): Record<string, unknown> {
  const hash = hashOf(request.body);
  const { body } = request;
  const status = options.status ?? "completed";
  const createdAt = createdAtOf(request);
  const written = options.refusal ?? options.text;
  return {
    id: responseIdOf(request),
    object: "response",
    created_at: createdAt,
    status,
    background: body["background"] ?? false,
    completed_at: status === "completed" ? createdAt + 1 : null,
    error: options.error ?? null,
    incomplete_details: options.incompleteReason === undefined ? null : { reason: options.incompleteReason },
    instructions: body["instructions"] ?? null,
    max_output_tokens: body["max_output_tokens"] ?? null,
    max_tool_calls: body["max_tool_calls"] ?? null,
    model: snapshotOf(textOf(body["model"], "gpt-6-luna")),
    output: written === undefined ? [] : [...toolCalls(request), outputMessage(hash, options, status)],
    parallel_tool_calls: true,
    previous_response_id: body["previous_response_id"] ?? null,
    reasoning: { effort: recordOf(body["reasoning"])["effort"] ?? null, summary: null },
    service_tier: "default",
    store: body["store"] ?? true,
    temperature: body["temperature"] ?? 1,
    text: body["text"] ?? { format: { type: "text" } },
    tool_choice: "auto",
    tools: body["tools"] ?? [],
    top_p: body["top_p"] ?? 1,
    truncation: "disabled",
    usage: status === "failed" ? null : responseUsage(request, written ?? ""),
    user: null,
    metadata: {},
  };
}

/** One call of each tool that the request offers, within its limit on calls. */
function toolCalls({ body }: RecordedRequest): readonly object[] {
  const hash = hashOf(body);
  const calls = listOf(body["tools"]).flatMap((tool, index): readonly object[] => {
    const id = `${index}_${hash.slice(0, 40)}`;
    const query = "the latest news";
    switch (recordOf(tool)["type"]) {
      case "web_search":
        return [
          { id: `ws_${id}`, type: "web_search_call", status: "completed", action: { type: "search", query } },
        ];
      case "file_search":
        return [
          { id: `fs_${id}`, type: "file_search_call", status: "completed", queries: [query], results: null },
        ];
      case "code_interpreter":
        return [
          {
            id: `ci_${id}`,
            type: "code_interpreter_call",
            status: "completed",
            code: "1 + 1",
            outputs: null,
          },
        ];
      default:
        return [];
    }
  });
  return calls.slice(0, Number(body["max_tool_calls"] ?? calls.length));
}

export function responseIdOf(request: RecordedRequest): string {
  return `resp_${hashOf(request.body).slice(0, 50)}`;
}

export function refusal(request: RecordedRequest, text = "I'm sorry, but I can't help with that."): object {
  return responseBody(request, { refusal: text });
}

/** HTTP 200, yet no answer. */
export function failed(
  request: RecordedRequest,
  code = "server_error",
  message = "The model failed to generate a response.",
): object {
  return responseBody(request, { status: "failed", error: { code, message } });
}

/** `{ data: [] }`, which images and embeddings must not take for a success. */
export function emptyData(request: RecordedRequest): object {
  return { object: "list", created: createdAtOf(request), data: [], model: request.body["model"] ?? null };
}

export interface ErrorFields {
  readonly message: string;
  readonly type?: string;
  readonly param?: string | null;
  readonly code?: string | null;
}

/** The API's error shape; all four keys are always there. */
export function errorBody(fields: ErrorFields): object {
  const { message, type = "invalid_request_error", param = null, code = null } = fields;
  return { error: { message, type, param, code } };
}

function outputMessage(hash: string, options: ResponseOptions, status: string): object {
  const part =
    options.refusal === undefined
      ? { type: "output_text", annotations: [], logprobs: [], text: options.text ?? "" }
      : { type: "refusal", refusal: options.refusal };
  return { id: `msg_${hash.slice(0, 48)}`, type: "message", status, role: "assistant", content: [part] };
}

function responseUsage(request: RecordedRequest, written: string): object {
  const input = countTokens(promptOf(request)) + imagesOf(request).length * 765;
  const output = countTokens(written);
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: input + output,
  };
}

/** The API names the dated snapshot it used, where there is one. */
function snapshotOf(model: string): string {
  const snapshots: Readonly<Record<string, string>> = {
    "gpt-4o": "gpt-4o-2024-08-06",
    "gpt-4o-mini": "gpt-4o-mini-2024-07-18",
    "gpt-4.1": "gpt-4.1-2025-04-14",
    o3: "o3-2025-04-16",
  };
  return snapshots[model] ?? model;
}
