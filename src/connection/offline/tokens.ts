/**
 * Counts tokens for `usage` and for limits: a word of up to six letters, three digits or one other sign each count
 * one. Near what OpenAI's tokenizers say of English, and independent of any model file.
 */
import { ApiError } from "./api-error.ts";

export function countTokens(text: string): number {
  let count = 0;
  for (const _ of text.matchAll(pieces)) count += 1;
  return count;
}

/** Refuses a text over the limit as the API does. */
export function checkTokens(text: string, tokensMax: number, param: string): number {
  const tokens = countTokens(text);
  if (tokens <= tokensMax) return tokens;
  throw new ApiError(
    400,
    "context_length_exceeded",
    `This model's maximum context length is ${tokensMax} tokens, however you requested ${tokens} tokens. Please reduce your input.`,
    param,
  );
}

/** The first `tokensMax` tokens of a text, spaces between them included. */
export function cutTokens(text: string, tokensMax: number): string {
  let count = 0;
  for (const piece of text.matchAll(pieces)) {
    if (count === tokensMax) return text.slice(0, piece.index).trimEnd();
    count += 1;
  }
  return text;
}

const pieces = /\p{L}{1,6}|\p{N}{1,3}|[^\s\p{L}\p{N}]/gu;
