/** Where a secret is, as a profile says it. Holds no secret itself. */

export type Reference =
  /** The keychain of the operating system. */
  | { readonly kind: "keychain" }
  /** A file that its owner alone can read, in the configuration folder. */
  | { readonly kind: "store" }
  | { readonly kind: "env"; readonly name: string }
  | { readonly kind: "cmd"; readonly command: string }
  | { readonly kind: "file"; readonly path: string };

/** Undefined for anything that is none; that may be a key somebody pasted. */
export function parseReference(text: string): Reference | undefined {
  if (text === "keychain" || text === "store") return { kind: text };
  const { kind, rest = "" } = /^(?<kind>env|cmd|file):(?<rest>.+)$/s.exec(text)?.groups ?? {};
  switch (kind) {
    case "env":
      return /^[A-Za-z_][A-Za-z0-9_]*$/.test(rest) ? { kind, name: rest } : undefined;
    case "cmd":
      return { kind, command: rest };
    case "file":
      return { kind, path: rest };
    default:
      return undefined;
  }
}

export function isReference(text: string): boolean {
  return parseReference(text) !== undefined;
}
