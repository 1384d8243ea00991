/** Earlier statements, and a place among them. Pure; history-file.ts keeps them across sessions. */

export interface HistoryState {
  /** Oldest first. */
  readonly entries: readonly string[];
  /** `entries.length` is the text being written. */
  readonly index: number;
  /** That text, while an entry is shown in its place. */
  readonly draft: string;
}

export function historyOf(entries: readonly string[]): HistoryState {
  return { entries, index: entries.length, draft: "" };
}

export interface HistoryStep {
  readonly history: HistoryState;
  readonly text: string;
}

/** The next entry in that direction that begins with the draft; undefined where there is none. */
export function stepThrough(
  { entries, index, draft }: HistoryState,
  text: string,
  direction: "back" | "forward",
): HistoryStep | undefined {
  const isDrafting = index === entries.length;
  const written = isDrafting ? text : draft;
  const step = direction === "back" ? -1 : 1;
  for (let at = index + step; at >= 0 && at < entries.length; at += step) {
    const entry = entries[at];
    if (entry === undefined || entry === text || !entry.startsWith(written)) continue;
    return { history: { entries, index: at, draft: written }, text: entry };
  }
  if (direction === "back" || isDrafting) return undefined;
  return { history: { entries, index: entries.length, draft: "" }, text: written };
}

/** The newest entry below `before` that contains the query, letters' case aside. */
export function searchBack(entries: readonly string[], query: string, before: number): number | undefined {
  const wanted = query.toLowerCase();
  for (let at = Math.min(before, entries.length) - 1; at >= 0; at--) {
    if (entries[at]?.toLowerCase().includes(wanted)) return at;
  }
  return undefined;
}

/** `entries` with one more; not twice in a row, not when empty, and never one that holds a key. */
export function withEntry(entries: readonly string[], entry: string, entriesMax = 2000): readonly string[] {
  const text = entry.trim();
  if (text === "" || entries.at(-1) === text || holdsSecret(text)) return entries;
  return [...entries, text].slice(-entriesMax);
}

/** What keys and tokens of the services around look like; a false alarm costs one line of history. */
const secrets: readonly RegExp[] = [
  /\bsk-[A-Za-z0-9_-]{8,}/,
  /\bsess-[A-Za-z0-9_-]{8,}/,
  /\bBearer\s+[A-Za-z0-9._~+/-]{8,}/i,
  /\b(?:gh[pousr]|github_pat|glpat|xox[abprs])[-_][A-Za-z0-9_-]{8,}/,
  /\bAKIA[0-9A-Z]{16}\b/,
  /\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}/,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  /\b(?:api[_-]?key|secret|password|passwd|token)\b['"]?\s*(?:=>?|:)\s*['"][^'"]{6,}['"]/i,
];

export function holdsSecret(text: string): boolean {
  return secrets.some((pattern) => pattern.test(text));
}
