/**
 * Tokens of a text without a tokenizer, rather too many than too few for what people write: packs and pacing go by it.
 * What a pack has too many of all the same is refused by the service and sent again in halves.
 */

import type { ApiRequest } from "../../catalog/request.ts";

/**
 * Letters of Latin text come to about four a token; digits and signs to one or two, characters of other scripts to one or
 * less. What nobody wrote to be read (base64, rare scripts) has up to three times as many (docs/decisions/0097).
 */
export function estimateTokens(text: string): number {
  let quarters = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    const isPlain = (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 32;
    quarters += isPlain ? 1.25 : code < 128 ? 2.5 : code < 0x0590 ? 3 : 5.5;
  }
  return Math.max(1, Math.ceil(quarters / 4));
}

/** Of a whole request: its texts, and the output it may ask for, which the service counts against its limits. */
export function requestTokens({ body }: ApiRequest): number {
  const output = body["max_output_tokens"];
  return Math.ceil(lengthOf(body) / 4) + (typeof output === "number" ? output : 0);
}

/** Characters; of bytes none, since images and audio are not counted by their size. */
function lengthOf(value: unknown): number {
  if (typeof value === "string") return value.startsWith("data:") ? 0 : value.length;
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return 0;
  return Object.values(value).reduce<number>((sum, field) => sum + lengthOf(field), 0);
}
