/** What a parameter's values must be, in words: the same in the catalogue and in a question. */
import type { Parameter } from "../index.ts";

export function limitsOf({ min, max, values, maxLength, maxBytes, maxTokens }: Parameter): string[] {
  const limits: string[] = [];
  if (values !== undefined) limits.push(`one of ${values.join(", ")}`);
  if (min !== undefined && max !== undefined) limits.push(`${min} to ${max}`);
  else if (min !== undefined) limits.push(`at least ${min}`);
  else if (max !== undefined) limits.push(`at most ${max}`);
  if (maxLength !== undefined) limits.push(`at most ${maxLength.toLocaleString("en-US")} characters`);
  if (maxBytes !== undefined) limits.push(`at most ${maxBytes.toLocaleString("en-US")} bytes`);
  if (maxTokens !== undefined) limits.push(`at most ${maxTokens.toLocaleString("en-US")} tokens`);
  return limits;
}
