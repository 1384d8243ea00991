/** Every kind of failure has one meaning: try again, slow down, give the row up, or end the statement. */
import { describe, expect, test } from "vitest";
import type { ApiFailure } from "../../../src/catalog/request.ts";
import { retryAfterMaxMs } from "../../../src/runtime/dispatch/backoff.ts";
import {
  asksForTooLong,
  classify,
  isBilling,
  troubleIn,
  type Verdict,
} from "../../../src/runtime/dispatch/classify.ts";

const http = (status: number, others: Partial<ApiFailure> = {}): ApiFailure => ({
  kind: "http",
  message: "",
  status,
  ...others,
});

const billing = [
  "insufficient_quota",
  "credit_balance_exhausted",
  "organization_spend_limit_exceeded",
  "project_spend_limit_exceeded",
  "organization_usage_limit_exceeded",
];

describe("without a status", () => {
  const kinds: [Exclude<ApiFailure["kind"], "http">, Verdict][] = [
    ["network", "retry"],
    ["timeout", "retry"],
    ["bad-answer", "retry"],
    ["unavailable", "row"],
    ["redirect", "fatal"],
    ["credentials", "fatal"],
    ["cancelled", "fatal"],
  ];
  test.each(kinds)("%s is %s", (kind, verdict) => {
    expect(classify({ kind, message: "" })).toBe(verdict);
  });
});

describe("by status", () => {
  const statuses: [number, Verdict][] = [
    [400, "row"],
    [401, "fatal"],
    [402, "row"],
    [403, "fatal"],
    [404, "row"],
    [407, "row"],
    [408, "retry"],
    [409, "retry"],
    [410, "row"],
    [413, "row"],
    [422, "row"],
    [429, "slow-down"],
    [499, "row"],
    [500, "retry"],
    [503, "retry"],
    [599, "retry"],
  ];
  test.each(statuses)("%i is %s", (status, verdict) => {
    expect(classify(http(status))).toBe(verdict);
  });

  test("a failure that has none is the row's", () => {
    expect(classify({ kind: "http", message: "" })).toBe("row");
  });
});

describe("the service's own words go before the status", () => {
  const cases: [string, ApiFailure, Verdict][] = [
    ["a model nobody knows", http(404, { code: "model_not_found" }), "fatal"],
    ["an overloaded server", http(503, { code: "server_is_overloaded" }), "slow-down"],
    ["a request to slow down", http(503, { code: "slow_down" }), "slow-down"],
    ["x-should-retry on a bad request", http(400, { shouldRetry: true }), "retry"],
    ["x-should-retry on a rate limit", http(429, { shouldRetry: true }), "slow-down"],
    ["x-should-retry: false on a server error", http(500, { shouldRetry: false }), "row"],
    ["x-should-retry: false on a rate limit", http(429, { shouldRetry: false }), "row"],
    ["x-should-retry on bad credentials", http(401, { shouldRetry: true }), "fatal"],
    [
      "x-should-retry on an empty account",
      http(429, { code: "insufficient_quota", shouldRetry: true }),
      "fatal",
    ],
  ];
  test.each(cases)("%s", (_, failure, verdict) => {
    expect(classify(failure)).toBe(verdict);
  });
});

describe("billing", () => {
  test.each(billing)("%s ends the statement, as code and as type", (name) => {
    expect(isBilling(http(429, { code: name }))).toBe(true);
    expect(isBilling(http(429, { type: name }))).toBe(true);
    expect(classify(http(429, { code: name }))).toBe("fatal");
    expect(classify(http(429, { type: name }))).toBe("fatal");
  });

  test("a rate limit is none", () => {
    expect(isBilling(http(429))).toBe(false);
    expect(isBilling(http(429, { code: "rate_limit_exceeded", type: "requests" }))).toBe(false);
  });
});

describe("a wait that nobody should sit through", () => {
  test("ends the statement where it would have been tried again", () => {
    const retryAfterMs = retryAfterMaxMs + 1;
    expect(classify(http(429, { retryAfterMs }))).toBe("fatal");
    expect(classify(http(500, { retryAfterMs }))).toBe("fatal");
    expect(asksForTooLong(http(429, { retryAfterMs }))).toBe(true);
  });

  test("changes nothing where the call is given up anyway", () => {
    expect(classify(http(400, { retryAfterMs: retryAfterMaxMs + 1 }))).toBe("row");
  });

  test("is longer than the longest we wait, not as long", () => {
    expect(classify(http(429, { retryAfterMs: retryAfterMaxMs }))).toBe("slow-down");
    expect(classify(http(500, { retryAfterMs: retryAfterMaxMs }))).toBe("retry");
    expect(asksForTooLong(http(500))).toBe(false);
  });
});

describe("trouble in a response that failed", () => {
  const troubled = (body: unknown) => troubleIn({ body, status: 200, contentType: "application/json" });

  test("passes like its twin among the statuses", () => {
    expect(troubled({ status: "failed", error: { code: "server_error" } })).toBe("retry");
    expect(troubled({ status: "failed", error: { code: "rate_limit_exceeded" } })).toBe("slow-down");
  });

  test("is none where the error stays, or where nothing failed", () => {
    expect(troubled({ status: "failed", error: { code: "invalid_prompt" } })).toBeUndefined();
    expect(troubled({ status: "failed" })).toBeUndefined();
    expect(troubled({ status: "completed", error: { code: "server_error" } })).toBeUndefined();
    expect(troubled(new Uint8Array())).toBeUndefined();
  });
});
