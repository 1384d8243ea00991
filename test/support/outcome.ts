/** Narrowing of what a connection gives, so that a test reads as its claim. */
import type { ApiAnswer, ApiFailure, SendOutcome } from "../../src/catalog/request.ts";

export { recordOf } from "./openai-request.ts";

export function answerOf(outcome: SendOutcome): ApiAnswer {
  if (!outcome.ok) throw new Error(`expected an answer, got ${JSON.stringify(outcome.failure)}`);
  return outcome.answer;
}

export function failureOf(outcome: SendOutcome): ApiFailure {
  if (outcome.ok) throw new Error(`expected a failure, got status ${outcome.answer.status}`);
  return outcome.failure;
}
