/**
 * What can go wrong on the way, as data: which requests a fault hits, and what it does to them.
 * `faults.…()` makes the common ones; script() of the test server takes them.
 */
import { errorBody, type ErrorFields } from "./openai-bodies.ts";
import type { RecordedRequest } from "./openai-request.ts";

/** One thing done to a request. Delays add up; of the others the first that hits decides. */
export type FaultAction =
  | { readonly kind: "delay"; readonly ms: number }
  /** An answer of this status instead of the work. A string goes out as it is. */
  | {
      readonly kind: "status";
      readonly status: number;
      readonly body: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** The socket is reset: before anything is done, or after the work, whose answer is lost. */
  | { readonly kind: "reset"; readonly after: "request" | "work" }
  /** Headers and half the body, then the socket is closed. */
  | { readonly kind: "cut" }
  /** Nothing at all, for as long as the client waits. */
  | { readonly kind: "hang" }
  /** Headers and half the body, then nothing. */
  | { readonly kind: "stall" }
  | { readonly kind: "slow"; readonly bytes: number; readonly everyMs: number }
  /** The work is done, the answer of 200 is this instead; a string goes out as it is. */
  | { readonly kind: "body"; readonly body: unknown; readonly contentType?: string }
  | { readonly kind: "gzip-bomb"; readonly bytes: number }
  | { readonly kind: "redirect"; readonly status: number; readonly location: string }
  /** One of `data` / `results` is missing. */
  | { readonly kind: "wrong-count" }
  /** The order of `data` is reversed, each with its right index: legal, and to be matched by index. */
  | { readonly kind: "shuffled" }
  /** Two of `data` have the same index. */
  | { readonly kind: "repeated-index" };

export interface Fault {
  /** Request numbers (from 1), an endpoint, or a test of the request; absent: all. */
  readonly when?: number | readonly number[] | string | ((request: RecordedRequest) => boolean);
  /** Of those, this share, by the server's seed. */
  readonly probability?: number;
  /** At most so often. */
  readonly times?: number;
  readonly action: FaultAction;
}

type Where = Omit<Fault, "action">;

export const faults = {
  delay: (ms: number, where: Where = {}): Fault => ({ ...where, action: { kind: "delay", ms } }),
  reset: (after: "request" | "work", where: Where = {}): Fault => ({
    ...where,
    action: { kind: "reset", after },
  }),
  cut: (where: Where = {}): Fault => ({ ...where, action: { kind: "cut" } }),
  hang: (where: Where = {}): Fault => ({ ...where, action: { kind: "hang" } }),
  stall: (where: Where = {}): Fault => ({ ...where, action: { kind: "stall" } }),
  slow: (bytes: number, everyMs: number, where: Where = {}): Fault => ({
    ...where,
    action: { kind: "slow", bytes, everyMs },
  }),
  malformed: (where: Where = {}): Fault => ({
    ...where,
    action: { kind: "body", body: '{"id": "resp_1", "outp' },
  }),
  empty: (where: Where = {}): Fault => ({ ...where, action: { kind: "body", body: "" } }),
  /** 200 with an error in the body. */
  errorInBody: (error: ErrorFields, where: Where = {}): Fault => ({
    ...where,
    action: { kind: "body", body: errorBody(error) },
  }),
  gzipBomb: (bytes: number, where: Where = {}): Fault => ({ ...where, action: { kind: "gzip-bomb", bytes } }),
  redirect: (location: string, where: Where = {}, status = 307): Fault => ({
    ...where,
    action: { kind: "redirect", status, location },
  }),
  wrongCount: (where: Where = {}): Fault => ({ ...where, action: { kind: "wrong-count" } }),
  shuffled: (where: Where = {}): Fault => ({ ...where, action: { kind: "shuffled" } }),
  repeatedIndex: (where: Where = {}): Fault => ({ ...where, action: { kind: "repeated-index" } }),
  /** Any status with the API's error body. */
  status: (
    status: number,
    error: ErrorFields,
    where: Where = {},
    headers: Readonly<Record<string, string>> = {},
  ): Fault => ({ ...where, action: { kind: "status", status, body: errorBody(error), headers } }),
  /** 429 that time heals. `retryAfter` goes out as given, so that odd ones can be tried. */
  rateLimited: (retryAfter: string | undefined, where: Where = {}): Fault =>
    faults.status(429, rateLimitError, where, retryAfter === undefined ? {} : { "retry-after": retryAfter }),
  insufficientQuota: (where: Where = {}): Fault => faults.status(429, quotaError, where),
  serverError: (where: Where = {}): Fault => faults.status(500, serverError, where),
  overloaded: (where: Where = {}): Fault => faults.status(503, overloadedError, where),
  unauthorized: (key: string, where: Where = {}): Fault => faults.status(401, invalidKeyError(key), where),
  contentPolicy: (where: Where = {}): Fault => faults.status(400, policyError, where),
  contextLength: (where: Where = {}): Fault => faults.status(400, contextError, where),
};

export const rateLimitError: ErrorFields = {
  message:
    "Rate limit reached for gpt-6-luna in organization org-test on requests per min (RPM): Limit 500, Used 500, Requested 1. Please try again in 120ms.",
  type: "requests",
  code: "rate_limit_exceeded",
};

const quotaError: ErrorFields = {
  message:
    "You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.",
  type: "insufficient_quota",
  code: "insufficient_quota",
};

const serverError: ErrorFields = {
  message: "The server had an error while processing your request. Sorry about that!",
  type: "server_error",
};

const overloadedError: ErrorFields = {
  message: "Our servers are currently overloaded. Please try again later.",
  type: "service_unavailable_error",
  code: "server_is_overloaded",
};

const policyError: ErrorFields = {
  message:
    "Your request was rejected as a result of our safety system. Your prompt may contain text that is not allowed by our safety system.",
  type: "image_generation_user_error",
  code: "content_policy_violation",
};

const contextError: ErrorFields = {
  message: "Your input exceeds the context window of this model. Please adjust your input and try again.",
  param: "input",
  code: "context_length_exceeded",
};

/** The API quotes what it was given; a program must not pass that on. */
export function invalidKeyError(key: string): ErrorFields {
  const message = `Incorrect API key provided: ${key}. You can find your API key at https://platform.openai.com/account/api-keys.`;
  return { message, code: "invalid_api_key" };
}

/** Decides, request by request, which faults hit. */
export class FaultScript {
  #faults: { readonly fault: Fault; hits: number }[] = [];
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  add(list: readonly Fault[]): void {
    this.#faults.push(...list.map((fault) => ({ fault, hits: 0 })));
  }

  clear(): void {
    this.#faults = [];
  }

  /** Delays, then at most one other action. */
  actionsFor(request: RecordedRequest): FaultAction[] {
    const chosen: FaultAction[] = [];
    for (const entry of this.#faults) {
      const isDecided = chosen.some(({ kind }) => kind !== "delay");
      if (isDecided && entry.fault.action.kind !== "delay") continue;
      if (!this.#hits(entry.fault, entry.hits, request)) continue;
      entry.hits += 1;
      chosen.push(entry.fault.action);
    }
    return chosen.toSorted((a, b) => Number(b.kind === "delay") - Number(a.kind === "delay"));
  }

  #hits(fault: Fault, hits: number, request: RecordedRequest): boolean {
    if (hits >= (fault.times ?? Infinity) || !matches(fault.when, request)) return false;
    return fault.probability === undefined || this.#random() < fault.probability;
  }

  /** mulberry32: the same seed gives the same faults. */
  #random(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}

function matches(when: Fault["when"], request: RecordedRequest): boolean {
  switch (typeof when) {
    case "undefined":
      return true;
    case "number":
      return request.number === when;
    case "string":
      return request.endpoint === when;
    case "function":
      return when(request);
    default:
      return when.includes(request.number);
  }
}
