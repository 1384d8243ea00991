/** Contract for the parser's one entry; see syntax.ts. (Being written.) */
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { Source } from "../diagnostics/source.ts";
import type { Statement } from "./syntax.ts";

export interface ParseOptions {
  /** Says whether a name followed by `(` is a procedure of the catalogue (any case). Quoted names are never asked. */
  readonly isProcedure: (name: string) => boolean;
}

export interface Script {
  readonly source: Source;
  /** Statements that parsed, in order. Empty statements are dropped. */
  readonly statements: readonly Statement[];
  /** Mistakes in statements of ours; such a statement is not in `statements`. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Never throws. */
export function parseScript(_source: Source, _options: ParseOptions): Script {
  throw new Error("being written");
}
