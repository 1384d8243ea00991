/** `x-ratelimit-{limit,remaining,reset}-{requests,tokens}`, as the API and most compatible servers send them. */
import type { RateLimit, RateWindow } from "../catalog/request.ts";
import type { AnswerHeaders } from "./exchange.ts";

/** Undefined where none can be read. */
export function parseRateLimit(headers: AnswerHeaders): RateLimit | undefined {
  const requests = parseWindow(headers, names.requests);
  const tokens = parseWindow(headers, names.tokens);
  if (requests === undefined && tokens === undefined) return undefined;
  return { requests, tokens };
}

/** Written out: they are looked for in every answer. */
const names = {
  requests: {
    limit: "x-ratelimit-limit-requests",
    remaining: "x-ratelimit-remaining-requests",
    reset: "x-ratelimit-reset-requests",
  },
  tokens: {
    limit: "x-ratelimit-limit-tokens",
    remaining: "x-ratelimit-remaining-tokens",
    reset: "x-ratelimit-reset-tokens",
  },
};

function parseWindow(headers: AnswerHeaders, name: (typeof names)["requests"]): RateWindow | undefined {
  const limit = parseCount(read(headers, name.limit));
  const remaining = parseCount(read(headers, name.remaining));
  const resetMs = parseDuration(read(headers, name.reset));
  if (limit === undefined && remaining === undefined && resetMs === undefined) return undefined;
  return { limit, remaining, resetMs };
}

function read(headers: AnswerHeaders, name: string): string {
  return headers.get(name)?.trim() ?? "";
}

/** A limit of 0 is no limit that could be kept; some servers send -1 for none. */
function parseCount(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

const unitMs = new Map([
  ["ms", 1],
  ["s", 1000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);

/** Milliseconds of `12ms`, `6.5s`, `6m0s`, `1h2m3s`, or of plain seconds. */
export function parseDuration(text: string): number | undefined {
  if (/^\d{1,9}(?:\.\d+)?$/.test(text)) return Math.ceil(Number(text) * 1000);
  if (!/^(?:\d{1,9}(?:\.\d+)?(?:ms|[smhd]))+$/.test(text)) return undefined;
  let ms = 0;
  for (const [, amount, unit] of text.matchAll(/([\d.]+)(ms|[smhd])/g))
    ms += Number(amount) * Number(unitMs.get(String(unit)));
  return Math.ceil(ms);
}
