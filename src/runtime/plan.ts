/**
 * What SQLite is going to do with a rewritten statement, read from its own byte code (EXPLAIN): which of our functions
 * it reaches, where they stand in the program, and whether the statement can see its own effects. Calls nothing.
 *
 * Two facts decide how a pass may record misses (2-runtime, rule 1, and docs/decisions/0002):
 * - the program's addresses order the sites: within a row, what stands higher can depend on what stands lower, never
 *   the other way round, unless the statement feeds its results back into its own input;
 * - feeding back needs a trigger, an upsert, a recursive CTE, or a read of a table it writes: all show in EXPLAIN.
 */
import type { Database } from "better-sqlite3";
import type { SqlValue } from "../catalog/value.ts";
import { readOperations, type Operation } from "./byte-code.ts";
import { stopsEarly } from "./early-ends.ts";
import { siteName, type PrivateName } from "./private-name.ts";
import { known } from "../diagnostics/known.ts";

export interface Plan {
  /** The statement reaches at least one of our functions, in its text or through a view or trigger. */
  readonly reaches: boolean;
  /** Private names (lower case) the program evaluates. */
  readonly reached: ReadonlySet<string>;
  /** Names of procedures (as the catalogue spells them) of which whole rows are read, not only a value. */
  readonly tables: ReadonlySet<string>;
  /** Private name (lower case) → address. Names that occur once, in the main program. */
  readonly addresses: ReadonlyMap<string, number>;
  /** Every reached name is in `addresses`, and the statement cannot see its own effects: one placeholder suffices. */
  readonly isCertain: boolean;
  /** The statement may read what it writes. */
  readonly seesOwnEffects: boolean;
  /** Address of the last write to a table of the main program, 0 if there is none: what a site below it gives may be
   * written. */
  readonly writeAddress: number;
  /** Each row of the result is given as soon as its calls are made: not sorted, grouped or written first. */
  readonly isRowByRow: boolean;
  /** The program can end a loop before it has seen all rows: LIMIT, EXISTS, min() over an index, INTERSECT, a
   * join with an empty table. */
  readonly hasLimit: boolean;
  /** Text constants of the program, triggers and views included: what results may be compared with. */
  readonly literals: readonly string[];
  /** SQLite functions the program calls, lower case. */
  readonly functions: ReadonlySet<string>;
}

export type BoundValues = Readonly<Record<string, SqlValue>>;

/** More constants than this are not tried as placeholders. */
const literalsMax = 12;

/**
 * `names` are all private names registered with `db`; `hasUpsert` comes from the parser, since an upsert leaves no
 * mark of its own in the program. Throws SqliteError when SQLite refuses the text.
 */
export function planStatement(
  db: Database,
  text: string,
  options: { binds: BoundValues; names: readonly PrivateName[]; hasUpsert: boolean },
): Plan {
  const operations = explain(db, `EXPLAIN ${text}`, options.binds);
  const programs = splitPrograms(operations);
  const { instances, tables } = findInstances(db, programs, options.names);
  const reaches = instances.size > 0;
  const steps = reaches ? JSON.stringify(explain(db, `EXPLAIN QUERY PLAN ${text}`, options.binds)) : "";
  const seesOwnEffects =
    reaches &&
    (options.hasUpsert ||
      programs.length > 1 ||
      readsWhatItWrites(operations) ||
      steps.includes("RECURSIVE STEP"));
  const addresses = new Map<string, number>();
  for (const [name, found] of instances) {
    const [only] = found;
    if (found.length === 1 && only !== undefined) addresses.set(name, only);
  }
  return {
    reaches,
    reached: new Set(instances.keys()),
    tables: new Set(
      options.names
        .filter((name) => tables.has(siteName(name).toLowerCase()))
        .map(({ procedure }) => procedure.name),
    ),
    addresses,
    isCertain: !seesOwnEffects && addresses.size === instances.size,
    seesOwnEffects,
    writeAddress: lastWrite(known(programs[0])),
    isRowByRow: operations.some(isResultRow) && !operations.some(gathersRows),
    hasLimit: programs.some((program) => stopsEarly(db, program)) || endsWithOneSide.test(steps),
    literals: literalsOf(operations),
    functions: new Set(operations.flatMap((operation) => functionName(operation) ?? [])),
  };
}

/** What SQLite would do to evaluate `SELECT …`: reach for a table, view or subquery, and which functions it calls. */
export function expressionNeeds(
  db: Database,
  text: string,
  binds: readonly unknown[],
): { readonly opensTables: boolean; readonly functions: ReadonlySet<string> } {
  const operations = readOperations(db.prepare(`EXPLAIN ${text}`).all(...binds));
  return {
    opensTables: operations.some(({ opcode }) => /^V?Open/.test(opcode)),
    functions: new Set(operations.flatMap((operation) => functionName(operation) ?? [])),
  };
}

function explain(db: Database, text: string, binds: BoundValues): Operation[] {
  return readOperations(db.prepare(text).all(binds));
}

/** Trigger programs follow the main one; each starts again at address 0. */
function splitPrograms(operations: readonly Operation[]): Operation[][] {
  const programs: Operation[][] = [];
  for (const operation of operations) {
    if (operation.addr === 0) programs.push([]);
    programs.at(-1)?.push(operation);
  }
  return programs;
}

/** Where each private name is evaluated, and which of them as tables. An occurrence in a trigger counts twice: it has no address of its own. */
function findInstances(
  db: Database,
  programs: readonly (readonly Operation[])[],
  names: readonly PrivateName[],
): { readonly instances: Map<string, number[]>; readonly tables: ReadonlySet<string> } {
  const sites = new Map(names.map((name) => [siteName(name).toLowerCase(), siteName(name)]));
  const hasTables = programs.some((program) => program.some(({ opcode }) => opcode === "VOpen"));
  const tables = hasTables ? tablePointers(db, sites) : new Map<unknown, string>();
  const instances = new Map<string, number[]>();
  const read = new Set<string>();
  const add = (name: string, address: number, program: number): void => {
    const found = instances.get(name) ?? [];
    found.push(address, ...(program > 0 ? [address] : []));
    instances.set(name, found);
  };
  for (const [index, program] of programs.entries()) {
    const cursors = new Map<number, string>();
    for (const operation of program) {
      const called = functionName(operation);
      if (called !== undefined && sites.has(called)) add(called, operation.addr, index);
      if (operation.opcode === "VOpen") {
        const table = tables.get(operation.p4);
        if (table !== undefined) cursors.set(operation.p1, table);
      }
      const filtered = operation.opcode === "VFilter" ? cursors.get(operation.p1) : undefined;
      if (filtered === undefined) continue;
      add(filtered, operation.addr, index);
      read.add(filtered);
    }
  }
  return { instances, tables: read };
}

/** EXPLAIN shows a virtual table as a pointer: opening each of ours once tells which pointer is which. */
function tablePointers(db: Database, sites: ReadonlyMap<string, string>): ReadonlyMap<unknown, string> {
  const pointers = new Map<unknown, string>();
  for (const [lower, name] of sites) {
    const opened = explain(db, `EXPLAIN SELECT 1 FROM "${name}"`, {}).find(
      ({ opcode }) => opcode === "VOpen",
    );
    if (opened?.p4 != null) pointers.set(opened.p4, lower);
  }
  return pointers;
}

/** `callsql_1_getembeddings(-1)` → `callsql_1_getembeddings`. */
function functionName({ opcode, p4 }: Operation): string | undefined {
  if (opcode !== "Function" && opcode !== "PureFunc") return undefined;
  return p4?.replace(/\(-?\d+\)$/, "").toLowerCase();
}

/** A cursor reads a b-tree (table or index) that the statement also writes, or a virtual table is written. */
function readsWhatItWrites(operations: readonly Operation[]): boolean {
  const rootOf = ({ p2, p3 }: Operation): string => `${p3}:${p2}`;
  const isWritten = ({ opcode, p5 }: Operation): boolean =>
    opcode === "OpenWrite" && (p5 & rootInRegister) === 0;
  const written = new Set(operations.filter(isWritten).map(rootOf));
  return operations.some(
    (operation) =>
      operation.opcode === "VUpdate" || (operation.opcode === "OpenRead" && written.has(rootOf(operation))),
  );
}

/** Of OpenWrite's p5: p2 is no root page but the register that holds one, of a table this statement makes. */
const rootInRegister = 0x10;

function lastWrite(program: readonly Operation[]): number {
  const written = new Set(program.filter(({ opcode }) => opcode === "OpenWrite").map(({ p1 }) => p1));
  const writes = program.filter(
    ({ opcode, p1 }) => (opcode === "Insert" || opcode === "Delete") && written.has(p1),
  );
  return Math.max(0, ...writes.map(({ addr }) => addr));
}

/** In a query plan: two sorted sides are compared row by row, and the rest of one is never read when the other has ended. */
const endsWithOneSide = /MERGE \((INTERSECT|EXCEPT)\)/;

function isResultRow({ opcode }: Operation): boolean {
  return opcode === "ResultRow";
}

function gathersRows({ opcode }: Operation): boolean {
  return ["SorterOpen", "OpenEphemeral", "AggStep", "AggStep1", "OpenWrite"].includes(opcode);
}

function literalsOf(operations: readonly Operation[]): string[] {
  const texts = operations.flatMap(({ opcode, p4 }) => (opcode === "String8" && p4 !== null ? [p4] : []));
  return [...new Set(texts)].slice(0, literalsMax);
}
