/** SQLite's program for a statement, as EXPLAIN lists it. */

export interface Operation {
  readonly addr: number;
  readonly opcode: string;
  readonly p1: number;
  readonly p2: number;
  readonly p3: number;
  readonly p4: string | null;
  readonly p5: number;
}

/** Rows of EXPLAIN. */
export function readOperations(rows: readonly unknown[]): Operation[] {
  return rows as Operation[];
}
