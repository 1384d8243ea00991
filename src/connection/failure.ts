/** From an exception on the way to the API to an ApiFailure: the SDK wraps, Node wraps, the cause tells. */
import type { ApiFailure } from "../catalog/request.ts";
import { DiagnosticError } from "../diagnostics/diagnostic.ts";
import { failureTexts, networkTexts } from "../diagnostics/messages/connect.ts";
import type { Deadline } from "./deadline.ts";
import { BrokenBody, ExchangeError } from "./exchange.ts";
import { presentable } from "./mask.ts";
import { ProxyError, ProxyRefusal } from "./proxy-of.ts";

/** No key, or none that can be sent. Its message is fit to be shown. */
export class CredentialsError extends Error {}

export interface FailureContext {
  readonly deadline: Deadline;
  readonly timeoutMs: number;
  readonly baseUrl: string;
  /** On the way there, fit to be shown. */
  readonly proxy: string | undefined;
  readonly secrets: Iterable<string>;
}

export function failureOf(error: unknown, context: FailureContext): ApiFailure {
  const { deadline, timeoutMs, secrets, proxy } = context;
  const host = URL.parse(context.baseUrl)?.host ?? context.baseUrl;
  if (deadline.ended === "cancelled") return { kind: "cancelled", message: failureTexts.cancelled() };
  if (deadline.ended === "timeout")
    return { kind: "timeout", message: failureTexts.timeout({ timeoutMs, proxy }) };
  const causes = causesOf(error);
  for (const cause of causes) {
    // A certificate or a keychain of the profile's that cannot be had.
    if (cause instanceof DiagnosticError)
      return { kind: "credentials", message: presentable(cause.message, secrets) };
    if (cause instanceof CredentialsError)
      return { kind: "credentials", message: presentable(cause.message, secrets) };
    if (cause instanceof BrokenBody) return brokenBody(cause, causes);
    if (cause instanceof ProxyError) {
      const message = failureTexts.behindProxy({ host, what: presentable(cause.message, secrets) });
      if (cause instanceof ProxyRefusal) return { kind: "proxy", message, hint: cause.hint };
      return { kind: "network", message, isUnreached: true };
    }
  }
  const code = codeOf(causes);
  // Node's fetch ends a wait of five minutes by itself.
  if (code === "UND_ERR_HEADERS_TIMEOUT" || code === "UND_ERR_BODY_TIMEOUT") {
    return { kind: "timeout", message: failureTexts.headersTimeout() };
  }
  const what = networkTexts[code ?? ""];
  if (what !== undefined) {
    const isUnreached = !brokenCodes.has(code);
    return { kind: "network", message: failureTexts.network({ host, what, code, proxy }), isUnreached };
  }
  const reason = causes.at(-1)?.message ?? String(error);
  if (isFromExchange(causes)) {
    const message = failureTexts.network({ host, what: `could not be asked: ${reason}`, code, proxy });
    return { kind: "network", message: presentable(message, secrets) };
  }
  // Neither the network nor the service: a request that cannot be written down (a BigInt in the body, say).
  return { kind: "unavailable", message: presentable(failureTexts.unsendable({ reason }), secrets) };
}

/** Of a connection that was made: the request may have been read, and its work done. */
const brokenCodes: ReadonlySet<string | undefined> = new Set(["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"]);

function brokenBody(error: BrokenBody, causes: readonly Error[]): ApiFailure {
  const message =
    error.reason === "too-large"
      ? failureTexts.tooLarge({ bytesMax: error.bytesMax })
      : failureTexts.cut({ code: codeOf(causes) });
  return { kind: "bad-answer", message };
}

/** The error and what caused it, outermost first; an AggregateError (one per address tried) by its first. */
function causesOf(error: unknown): Error[] {
  const causes: Error[] = [];
  let current: unknown = error;
  while (current instanceof Error && causes.length < 10) {
    causes.push(current);
    current = current.cause ?? (current instanceof AggregateError ? current.errors[0] : undefined);
  }
  return causes;
}

/** The innermost code of an error and its causes: `ECONNREFUSED`, `UND_ERR_SOCKET`. */
export function codeBehind(error: unknown): string | undefined {
  return codeOf(causesOf(error));
}

function codeOf(causes: readonly Error[]): string | undefined {
  for (const cause of causes.toReversed()) {
    if ("code" in cause && typeof cause.code === "string" && cause.code !== "") return cause.code;
  }
  return undefined;
}

/** What the SDK got as an exception from fetch, it calls a connection error. */
function isFromExchange(causes: readonly Error[]): boolean {
  return causes.some(
    (cause) => cause instanceof ExchangeError || cause.constructor.name.startsWith("APIConnection"),
  );
}
