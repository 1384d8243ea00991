/**
 * POST /responses without a language model: picks categories (text.format) or sentences of the given text, and says
 * plainly when there is nothing to pick from. It never composes text of its own.
 */
import { isJsonObject, type JsonObject } from "../../catalog/json.ts";
import { answerFrom } from "./answer.ts";
import { invalidRequest, notAvailableOffline } from "./api-error.ts";
import { fillSchema } from "./classify.ts";
import type { Backends } from "./backends.ts";
import type { Encoder } from "./encoder.ts";
import { readNumber, readNumberWithin, readString } from "./json-body.ts";
import { type Prompt, readPrompt } from "./prompt.ts";
import { makeId } from "./reply.ts";
import { summarize, summaryTask } from "./summarize.ts";
import { checkTokens, countTokens, cutTokens } from "./tokens.ts";
import { describeImage, visionModel } from "./vision/vision.ts";

export const textModel = "offline-extractive";
const schemaModel = "offline-zero-shot";

interface Reading {
  readonly model: string;
  readonly text: string;
}

/** `seed` identifies the request; ids come from it. */
export async function createResponse(
  body: JsonObject,
  { encoder, reader }: Pick<Backends, "encoder" | "reader">,
  { signal, seed }: { signal: AbortSignal; seed: string },
): Promise<JsonObject> {
  refuseUnavailable(body);
  const asked = readPrompt(body);
  const textTokens =
    checkTokens(asked.text, contextTokensMax, "input") +
    checkTokens(asked.instructions, contextTokensMax, "instructions");
  const tokensMax = readNumber(body, "max_output_tokens");
  if (tokensMax !== undefined && (!Number.isInteger(tokensMax) || tokensMax < outputTokensMin)) {
    throw invalidRequest(
      `Invalid 'max_output_tokens': integer below minimum value. Expected a value >= ${outputTokensMin}, but got ${tokensMax} instead.`,
      "max_output_tokens",
      "integer_below_min_value",
    );
  }
  const temperature = readNumberWithin(body, "temperature", { min: 0, max: 2 }) ?? 1;
  const topP = readNumberWithin(body, "top_p", { min: 0, max: 1 }) ?? 1;
  const found = asked.images.map((url) => describeImage(url, reader, signal));
  const prompt: Prompt = { ...asked, facts: (await Promise.all(found)).flat() };
  // An image counts by what was found in it.
  const inputTokens = textTokens + countTokens(prompt.facts.join("\n"));
  const { model, text } = await read(readSchema(body), prompt, { encoder, signal });
  const shown = cutTokens(text, tokensMax ?? Infinity);
  const outputTokens = countTokens(shown);
  const isCut = shown !== text;
  return {
    id: makeId("resp_", seed),
    object: "response",
    created_at: 0,
    status: isCut ? "incomplete" : "completed",
    background: false,
    completed_at: isCut ? null : 0,
    error: null,
    incomplete_details: isCut ? { reason: "max_output_tokens" } : null,
    instructions: readString(body, "instructions") ?? null,
    max_output_tokens: tokensMax ?? null,
    max_tool_calls: readNumber(body, "max_tool_calls") ?? null,
    model,
    output: [
      {
        id: makeId("msg_", seed),
        type: "message",
        status: isCut ? "incomplete" : "completed",
        role: "assistant",
        content: [{ type: "output_text", annotations: [], logprobs: [], text: shown }],
      },
    ],
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    service_tier: "default",
    store: body["store"] ?? true,
    temperature,
    text: isJsonObject(body["text"]) ? body["text"] : { format: { type: "text" } },
    tool_choice: "auto",
    tools: [],
    top_p: topP,
    truncation: "disabled",
    usage: {
      input_tokens: inputTokens,
      input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
      output_tokens: outputTokens,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: inputTokens + outputTokens,
    },
    metadata: isJsonObject(body["metadata"]) ? body["metadata"] : {},
  };
}

async function read(
  schema: JsonObject | undefined,
  prompt: Prompt,
  { encoder, signal }: { readonly encoder: Encoder; readonly signal: AbortSignal },
): Promise<Reading> {
  if (schema !== undefined) {
    const text = [prompt.text, ...prompt.facts].join("\n");
    const value = await fillSchema(schema, { ...prompt, text }, encoder, signal);
    return { model: schemaModel, text: JSON.stringify(value) };
  }
  if (prompt.facts.length > 0) {
    const text = asksForAll.test(prompt.text)
      ? prompt.facts.join("\n")
      : await answerFrom(prompt, encoder, signal);
    return { model: visionModel, text };
  }
  const task = summaryTask(prompt);
  const text =
    task === undefined ? await answerFrom(prompt, encoder, signal) : await summarize(task, encoder, signal);
  return { model: textModel, text };
}

function readSchema(body: JsonObject): JsonObject | undefined {
  const format = isJsonObject(body["text"]) ? body["text"]["format"] : undefined;
  if (!isJsonObject(format) || format["type"] === "text") return undefined;
  if (format["type"] === "json_schema" && isJsonObject(format["schema"])) return format["schema"];
  throw notAvailableOffline("Free JSON output needs a language model.", "text.format");
}

/** What would be silently wrong if it were ignored. */
function refuseUnavailable(body: JsonObject): void {
  const { previous_response_id, conversation, tools, stream, background } = body;
  if (typeof previous_response_id === "string" || (conversation ?? null) !== null) {
    throw notAvailableOffline("The offline connection keeps no conversations.", "previous_response_id");
  }
  if (Array.isArray(tools) && tools.length > 0) {
    throw notAvailableOffline("The offline connection has no tools.", "tools");
  }
  if (stream === true || background === true) {
    throw notAvailableOffline("The offline connection does not stream or work in the background.", "stream");
  }
}

/** About an image: everything there is, rather than the line that fits best. */
const asksForAll =
  /\b(?:describe|transcribe|ocr|extract|read)\b|\bwhat(?:'s| is| are| do you| can)\b.*\b(?:image|picture|photo|screenshot|scan)\b|\bwhat .*\b(?:text|say|written)\b|\ball (?:the )?text\b/iu;
const contextTokensMax = 16_384;
const outputTokensMin = 16;
