/**
 * Makes a text from outside fit to be shown: no secret in it, one line, at most 1,000 characters.
 * Error messages of the API quote the key they were given.
 */

/** Shorter keys (`offline`, `ollama`) are no secrets, and masking them would garble ordinary words. */
const secretLengthMin = 8;
const lengthMax = 1000;
/** More of a text than can be shown is not even looked at. */
const readMax = 65_536;
const mask = "[masked]";

/** What a secret looks like, wherever it comes from. The API's own half-masked keys (`sk-ab***yz`) count too. */
const patterns: readonly RegExp[] = [
  /\bsk-[A-Za-z0-9_*-]{8,}/g,
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/g,
  /(?<=\bBearer\s+)[^\s"',;]{8,}/gi,
  /(?<=:\/\/)[^\s/@"']+(?=@)/g,
];

export function maskSecrets(text: string, secrets: Iterable<string> = []): string {
  let masked = text.length > readMax ? text.slice(0, readMax) : text;
  for (const secret of secrets) {
    if (secret.length < secretLengthMin) continue;
    for (const spelling of spellingsIn(masked, secret)) masked = masked.replaceAll(spelling, mask);
  }
  return maskPatterns(masked);
}

/** How a secret may be written in a text: without a sign that escapes, only as it is. */
function spellingsIn(text: string, secret: string): Iterable<string> {
  if (!/[%\\]/.test(text)) return [secret];
  return new Set([secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]);
}

/** Something of each pattern: most texts hold none, and are read once. */
const traces = /sk-|eyJ|bearer|:\/\//i;

/** Takes out what looks like a secret, and nothing else; of a text of any length. */
export function maskPatterns(text: string): string {
  if (!traces.test(text)) return text;
  return patterns.reduce((result, pattern) => result.replace(pattern, mask), text);
}

/** Masked first, cut last: a cut key is no longer recognised. */
export function presentable(text: string, secrets: Iterable<string> = []): string {
  const line = maskSecrets(text, secrets)
    // Control and direction characters, which a terminal would obey.
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\s]+/gu, " ")
    .trim();
  return line.length <= lengthMax ? line.toWellFormed() : `${line.slice(0, lengthMax - 1).toWellFormed()}…`;
}
