/** A service in the process, as a Connection: latency, a limit of requests and an outage, all on a virtual clock. */
import type {
  ApiFailure,
  ApiRequest,
  Connection,
  RateLimit,
  SendOptions,
  SendOutcome,
} from "../../../src/catalog/request.ts";
import { Dispatcher, type DispatchOptions } from "../../../src/runtime/dispatch/dispatcher.ts";
import { noModels } from "../../support/echo.ts";
import type { VirtualClock } from "./virtual-clock.ts";

export interface ServiceOptions {
  readonly clock: VirtualClock;
  readonly latencyMs?: number;
  readonly perMinute?: number;
  /** How many may come at once. */
  readonly burst?: number;
  readonly packMax?: number;
  /** Says nothing about the limit but Retry-After, in whole seconds as most services write it. */
  readonly isTerse?: boolean;
  /** What is answered to a request, by its number from 1; undefined: the usual. */
  readonly answer?: (request: ApiRequest, number: number) => SendOutcome | undefined;
}

/** Of the service, when a request comes. */
interface Standing {
  readonly isRefused: boolean;
  readonly retryAfterMs: number;
  readonly told: { readonly rateLimit?: RateLimit };
}

interface Sent {
  readonly request: ApiRequest;
  readonly at: number;
  /** When it is answered. */
  readonly endedAt: number;
  readonly status: number;
  readonly retryAfterMs?: number | undefined;
}

export interface Service {
  readonly connection: Connection;
  readonly sent: Sent[];
  peakInFlight: number;
}

export function startService(options: ServiceOptions): Service {
  const { clock, latencyMs = 0, perMinute, burst = 10, packMax } = options;
  let left = burst;
  let filledAt = 0;
  let inFlight = 0;
  const service: Service = { connection: undefined as never, sent: [], peakInFlight: 0 };
  /** As the test server does it: what is left when the request comes. */
  const take = (): Standing | undefined => {
    if (perMinute === undefined) return undefined;
    left = Math.min(burst, left + ((clock.now() - filledAt) * perMinute) / 60_000);
    filledAt = clock.now();
    const resetMs = Math.ceil(((burst - left) * 60_000) / perMinute);
    const rateLimit = { requests: { limit: perMinute, remaining: Math.floor(left), resetMs } };
    const isRefused = left < 1;
    if (!isRefused) left -= 1;
    const retryAfterMs = Math.ceil(60_000 / perMinute);
    return options.isTerse === true
      ? { isRefused, retryAfterMs: Math.ceil(retryAfterMs / 1000) * 1000, told: {} }
      : { isRefused, retryAfterMs, told: { rateLimit } };
  };
  const respond = async (request: ApiRequest, { signal }: SendOptions): Promise<SendOutcome> => {
    const at = clock.now();
    const standing = take();
    const outcome =
      refused(standing) ?? options.answer?.(request, service.sent.length + 1) ?? answered(request, standing);
    service.sent.push({
      request,
      at,
      endedAt: at + latencyMs,
      ...(outcome.ok
        ? { status: outcome.answer.status }
        : { status: outcome.failure.status ?? 0, retryAfterMs: outcome.failure.retryAfterMs }),
    });
    await Promise.race([clock.pause(latencyMs), aborted(signal)]);
    return signal.aborted ? failure({ kind: "cancelled", message: "cancelled" }) : outcome;
  };
  const send: Connection["send"] = async (request, sendOptions) => {
    service.peakInFlight = Math.max(service.peakInFlight, ++inFlight);
    try {
      return await respond(request, sendOptions);
    } finally {
      inFlight--;
    }
  };
  const packs = packMax === undefined ? {} : { packMax };
  return Object.assign(service, {
    connection: { name: "service", identity: "service", models: noModels, send, ...packs },
  });
}

export function dispatcherOf(
  service: Service,
  clock: VirtualClock,
  options: Partial<DispatchOptions> = {},
): Dispatcher {
  const backoff = { baseMs: 500, capMs: 20_000, random: () => 0.5 };
  const defaults = { concurrency: 16, attemptsMax: 6, timeoutMs: 60_000, backoff, clock };
  return new Dispatcher(service.connection, { ...defaults, ...options });
}

export function failure(item: ApiFailure): SendOutcome {
  return { ok: false, failure: item };
}

export function ok(body: unknown): SendOutcome {
  return { ok: true, answer: { body, status: 200, contentType: "application/json" } };
}

function refused(standing: Standing | undefined): SendOutcome | undefined {
  if (standing?.isRefused !== true) return undefined;
  const { retryAfterMs, told } = standing;
  return failure({ kind: "http", status: 429, message: "slow down", retryAfterMs, ...told });
}

/** Embeddings: one item an input, which is the length of the text. Anything else: the request itself. */
function answered({ endpoint, body }: ApiRequest, standing: Standing | undefined): SendOutcome {
  const input = body["input"];
  const inputs: readonly unknown[] = Array.isArray(input) ? input : [input];
  const data = inputs.map((text, index) => ({ index, embedding: [String(text).length], text }));
  const used = inputs.reduce<number>((sum, text) => sum + String(text).length, 0);
  const usage = { prompt_tokens: used, total_tokens: used };
  const answer = endpoint === "embeddings" ? { data, usage } : { echo: body };
  return {
    ok: true,
    answer: { body: answer, status: 200, contentType: "application/json", ...standing?.told },
  };
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}
