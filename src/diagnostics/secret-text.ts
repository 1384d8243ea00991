/** Finds keys in text that is to be neither kept nor shown. */

const patterns: readonly RegExp[] = [
  /\bsk-(?=[A-Za-z0-9_-]*\d)[A-Za-z0-9_-]{20,}/,
  /\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]+\./,
];

/** Whether a text holds what looks like a key or token of a service. */
export function holdsKey(text: string): boolean {
  return patterns.some((pattern) => pattern.test(text));
}
