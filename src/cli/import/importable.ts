/** A file as a table: what every reader of this folder gives. */
import type { SqlValue } from "../../index.ts";

export interface Importable {
  readonly columns: readonly string[];
  readonly rows: AsyncIterable<readonly SqlValue[]>;
}
