/** The shape of an entry in a message table, and the few phrases they share. */

export interface Message {
  readonly message: string;
  readonly hint?: string | undefined;
}

/** Code → details → sentence. `never` lets each entry name the details it needs. */
export type MessageTable = Readonly<Record<string, (details: never) => Message>>;

export function quote(name: string): string {
  return `"${name}"`;
}

export function didYouMean(suggestion: string | undefined, otherwise?: string): string | undefined {
  return suggestion === undefined ? otherwise : `did you mean ${quote(suggestion)}?`;
}

/** `a`, `a and b`, `a, b and c`. */
export function list(names: readonly string[]): string {
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
