/** From status, headers and bytes to an ApiAnswer or an ApiFailure. No I/O, no exceptions. */
import { isUtf8 } from "node:buffer";
import type { ApiAnswer, ApiFailure, SendOutcome } from "../catalog/request.ts";
import { failureTexts } from "../diagnostics/messages/connect.ts";
import type { AnswerHeaders, Exchange } from "./exchange.ts";
import { readJson } from "../catalog/read.ts";
import { readRecord } from "./json.ts";
import { presentable } from "./mask.ts";
import { parseRateLimit } from "./rate-limit.ts";
import { readSpeech } from "./speech-events.ts";

/** What the answer is to: also requests that are no procedure's, such as GET /models. */
export interface Asked {
  readonly endpoint: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export function readAnswer(asked: Asked, exchange: Exchange, secrets: Iterable<string>): SendOutcome {
  const { status, headers } = exchange;
  const requestId = shortText(headers.get("x-request-id"), secrets);
  const rateLimit = parseRateLimit(headers);
  const common = {
    status,
    ...(requestId === undefined ? {} : { requestId }),
    ...(rateLimit === undefined ? {} : { rateLimit }),
  };
  const model = shortText(headers.get("openai-model"), secrets);
  const answered = (answer: Pick<ApiAnswer, "body" | "contentType">): SendOutcome => ({
    ok: true,
    answer: { ...common, ...(model === undefined ? {} : { model }), ...answer },
  });
  const contentType = (headers.get("content-type") ?? "").replace(/;.*$/s, "").trim().toLowerCase();
  const broken = (message: string): SendOutcome =>
    failure({ ...common, kind: "bad-answer", message: presentable(message, secrets) });
  if (status >= 300 && status < 400) return failure({ ...common, ...redirect(exchange, secrets) });
  if (status < 200 || status >= 300)
    return failure({ ...common, ...httpFailure(exchange, contentType, secrets) });
  if (exchange.bytes.length === 0) return broken(failureTexts.empty());
  const isJson = /[/+]json$/.test(contentType);
  const expected = expectedBody(asked);
  if (expected === "bytes" && contentType === "text/event-stream") {
    const speech = readSpeech(utf8.decode(exchange.bytes));
    switch (speech.kind) {
      case "audio":
        return answered({ body: { audio: speech.audio, usage: speech.usage }, contentType });
      case "error":
        return failure({
          ...common,
          ...httpFailure({ ...exchange, bytes: speech.body }, contentType, secrets),
        });
      case "cut":
        return broken(failureTexts.cut({}));
    }
  }
  if (expected === "bytes" && !isJson) {
    if (contentType === "text/html" || contentType === "text/plain") {
      return broken(failureTexts.notBytes({ contentType, start: textStart(exchange.bytes) }));
    }
    // Short ones stand in a pool that many share, and this one is kept.
    return answered({ body: new Uint8Array(exchange.bytes), contentType });
  }
  const text = parseText(exchange.bytes);
  if (expected === "text" && !isJson && contentType !== "text/html" && text !== undefined) {
    return answered({ body: text, contentType });
  }
  const body = text === undefined ? undefined : readJson(text);
  if (body === undefined)
    return broken(failureTexts.notJson({ contentType, start: textStart(exchange.bytes) }));
  if (typeof body !== "object" || body === null || Array.isArray(body))
    return broken(failureTexts.notAnObject());
  // Some servers report an error with status 200. A response that failed has an `error` too, and is a result.
  const isResult = ["id", "object", "output", "data", "results", "text"].some((key) => key in body);
  if (!isResult && readError(body) !== undefined) {
    return failure({ ...common, ...httpFailure(exchange, contentType, secrets) });
  }
  return answered({ body, contentType });
}

export function failure(item: ApiFailure): SendOutcome {
  return { ok: false, failure: item };
}

/** What the endpoint answers when all is well. */
function expectedBody({ endpoint, body }: Asked): "json" | "text" | "bytes" {
  if (endpoint === "audio/speech") return "bytes";
  const isAudio = endpoint === "audio/transcriptions" || endpoint === "audio/translations";
  return isAudio && ["text", "srt", "vtt"].includes(String(body["response_format"])) ? "text" : "json";
}

function redirect(exchange: Exchange, secrets: Iterable<string>): ApiFailure {
  // Only the origin: a path or query can carry a token.
  const target = URL.parse(exchange.headers.get("location") ?? "")?.origin ?? "another address";
  const message = failureTexts.redirect({ status: exchange.status, target });
  return { kind: "redirect", message: presentable(message, secrets) };
}

function httpFailure(exchange: Exchange, contentType: string, secrets: Iterable<string>): ApiFailure {
  const { status, headers } = exchange;
  const text = utf8.decode(exchange.bytes.subarray(0, 1_000_000));
  const error = readError(readJson(text)) ?? {};
  const words = error.message ?? (contentType === "text/html" ? withoutTags(text) : text);
  const code = shortText(error.code, secrets);
  const type = shortText(error.type, secrets);
  const param = shortText(error.param, secrets);
  const retryAfterMs = parseRetryAfter(headers, Date.now());
  const shouldRetry = headers.get("x-should-retry");
  const isOffline = code === "not_available_offline";
  return {
    kind: isOffline ? "unavailable" : "http",
    message: presentable(words, secrets) || failureTexts.noWords({ status }),
    // The offline connection is ours, and so is the code users see: call/not-available-offline.
    ...(code === undefined || isOffline ? {} : { code }),
    ...(type === undefined ? {} : { type }),
    ...(param === undefined ? {} : { param }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(shouldRetry === "true" || shouldRetry === "false" ? { shouldRetry: shouldRetry === "true" } : {}),
    ...(isOffline ? { hint: failureTexts.offlineHint() } : {}),
  };
}

interface ErrorFields {
  readonly message?: string;
  readonly code?: string;
  readonly type?: string;
  readonly param?: string;
}

/** The `error` of a body, in the shapes that OpenAI and compatible servers use: an object, a text, or the body itself
 * with `message` or `detail`. */
function readError(body: unknown): ErrorFields | undefined {
  const fields = readRecord(body);
  if (fields === undefined) return undefined;
  const error = fields["error"];
  if (typeof error === "string") return { message: error };
  const inner = readRecord(error) ?? (error === undefined ? fields : undefined);
  const message = inner?.["message"] ?? inner?.["detail"];
  if (inner === undefined || (typeof message !== "string" && readRecord(error) === undefined))
    return undefined;
  const texts = { message, code: inner["code"], type: inner["type"], param: inner["param"] };
  return Object.fromEntries(
    Object.entries(texts).flatMap(([key, value]) =>
      typeof value === "string" || typeof value === "number" ? [[key, String(value)]] : [],
    ),
  );
}

/** Milliseconds. Only the two forms HTTP knows (and the API's own in milliseconds); anything else is no promise. */
function parseRetryAfter(headers: AnswerHeaders, now: number): number | undefined {
  const milliseconds = headers.get("retry-after-ms")?.trim() ?? "";
  if (/^\d+(?:\.\d+)?$/.test(milliseconds)) return Math.ceil(Number(milliseconds));
  const after = headers.get("retry-after")?.trim() ?? "";
  if (/^\d+(?:\.\d+)?$/.test(after)) return Math.ceil(Number(after) * 1000);
  const date = /^[A-Z][a-z]{2}, /.test(after) ? Date.parse(after) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

const utf8 = new TextDecoder();

function parseText(bytes: Uint8Array): string | undefined {
  return isUtf8(bytes) ? utf8.decode(bytes) : undefined;
}

function textStart(bytes: Uint8Array): string {
  return withoutTags(utf8.decode(bytes.subarray(0, 2000))).slice(0, 200);
}

function withoutTags(text: string): string {
  return text.replace(/<[^>]{0,1000}>/g, " ").replace(/\s+/g, " ");
}

function shortText(value: string | null | undefined, secrets: Iterable<string>): string | undefined {
  if (value === undefined || value === null) return undefined;
  const text = presentable(value, secrets).slice(0, 200);
  return text === "" ? undefined : text;
}
