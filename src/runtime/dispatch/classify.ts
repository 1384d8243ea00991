/**
 * What a failed attempt means: try again, give this row up, or stop the statement.
 * Source: reference openai-api §6.2 (retry classification) and 2-runtime 2.4 (the two tiers of errors).
 */
import type { ApiAnswer, ApiFailure } from "../../catalog/request.ts";
import { readText } from "../../catalog/read.ts";
import { retryAfterMaxMs } from "./backoff.ts";

export type Verdict =
  /** A passing trouble of one request. */
  | "retry"
  /** The service asks everybody to slow down. */
  | "slow-down"
  /** Only this call is at fault. */
  | "row"
  /** No call of the statement can succeed. */
  | "fatal";

/** 429s that waiting does not cure: the account must be topped up or its limit raised. */
const billingCodes = new Set([
  "insufficient_quota",
  "credit_balance_exhausted",
  "organization_spend_limit_exceeded",
  "project_spend_limit_exceeded",
  "organization_usage_limit_exceeded",
]);

export function classify(failure: ApiFailure): Verdict {
  const verdict = classifyKind(failure);
  const isPassing = verdict === "retry" || verdict === "slow-down";
  return isPassing && asksForTooLong(failure) ? "fatal" : verdict;
}

/** A wait that nobody should sit through in silence. */
export function asksForTooLong(failure: ApiFailure): boolean {
  return (failure.retryAfterMs ?? 0) > retryAfterMaxMs;
}

function classifyKind(failure: ApiFailure): Verdict {
  switch (failure.kind) {
    case "network":
    case "timeout":
    case "bad-answer":
      return "retry";
    case "unavailable":
      return "row";
    case "redirect":
    case "credentials":
    case "proxy":
    case "cancelled":
      return "fatal";
    case "http":
      return classifyStatus(failure);
  }
}

/** Troubles that arrive as a response that failed: they pass like their twins among the statuses (openai-api §6.3). */
export function troubleIn(answer: ApiAnswer): "retry" | "slow-down" | undefined {
  if (readText(answer.body, "status") !== "failed") return undefined;
  const code = readText(answer.body, "error", "code");
  if (code === "server_error") return "retry";
  return code === "rate_limit_exceeded" ? "slow-down" : undefined;
}

export function isBilling(failure: ApiFailure): boolean {
  return billingCodes.has(failure.code ?? "") || billingCodes.has(failure.type ?? "");
}

function classifyStatus(failure: ApiFailure): Verdict {
  const status = failure.status ?? 0;
  if (isBilling(failure)) return "fatal";
  if (status === 401 || status === 403 || failure.code === "model_not_found") return "fatal";
  if (failure.shouldRetry === true) return status === 429 ? "slow-down" : "retry";
  if (failure.shouldRetry === false) return "row";
  if (status === 429 || failure.code === "server_is_overloaded" || failure.code === "slow_down")
    return "slow-down";
  if (status === 408 || status === 409 || status >= 500) return "retry";
  return "row";
}
