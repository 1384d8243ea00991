/**
 * What becomes of one input row: the rows its command gave, by the behaviour of a Lookup, joined to it
 * (reference/execute-command.md, "Per-row behaviour"). Pure.
 */
import { fail, type Diagnostic } from "../diagnostics/diagnostic.ts";
import type { SqlValue } from "../catalog/value.ts";
import type { Progress } from "./counts.ts";
import { uniqueNames } from "./result-set.ts";
import type { ResultColumns } from "./row-of.ts";
import { fromSqlite, type Binds } from "./values.ts";
import { known } from "../diagnostics/known.ts";

/**
 * Which of the rows that the command gives for an input row are taken:
 *
 * | behavior | one row | several | none |
 * | --- | --- | --- | --- |
 * | `FirstOrDefault` | it | the first | NULLs, output `unmatched` |
 * | `First` | it | the first | output `error` |
 * | `SingleOrDefault` | it | output `error` | NULLs, output `unmatched` |
 * | `Single` | it | output `error` | output `error` |
 * | `Array` | a list of it | the list | an empty list, output `unmatched` |
 */
export type Behavior = "FirstOrDefault" | "First" | "SingleOrDefault" | "Single" | "Array";

/** Their names, for a choice of one. */
export const behaviors: readonly Behavior[] = [
  "FirstOrDefault",
  "First",
  "SingleOrDefault",
  "Single",
  "Array",
];

/** What comes of one input row, told apart by `output`. */
export type ForEachOutput<Input extends object = Record<string, unknown>, Columns = ResultColumns> =
  | {
      /** `unmatched`: the command gave no row, and the behaviour has NULLs or an empty list for that. */
      readonly output: "matched" | "unmatched";
      /** Of the input row, from 0. */
      readonly index: number;
      readonly input: Input;
      /**
       * The input's own columns, then the result's; one whose name the input has in any case gets `_2`, `_3`… behind it.
       * With the option `property` they are one object (a list of objects for `Array`) of that name.
       */
      readonly row: Beside<Input, Columns>;
    }
  | {
      readonly output: "error";
      readonly index: number;
      readonly input: Input;
      /** Why: its `code` and `message` are for a table of failures. */
      readonly error: Diagnostic;
    };

/** An input row with columns beside it: of one name, the input's own stands. */
export type Beside<Input extends object, Columns> = string extends keyof Input
  ? Input & Columns
  : Input & Omit<Columns, keyof Input>;

/** What is added to an input row: the columns of a result's row, or what the option `property` makes of them. */
export type Added<Columns, Options> = Options extends { readonly property: infer Property extends string }
  ? Options extends { readonly behavior: "Array" }
    ? { readonly [Name in Property]: readonly Columns[] }
    : { readonly [Name in Property]: Columns }
  : Columns;

/** What a command gave for one input row. */
export interface Given {
  /** False for a write without RETURNING, SET and the like: such a row is matched once it has run. */
  readonly hasColumns: boolean;
  readonly rows: readonly (readonly SqlValue[])[];
}

/** Runs the command for one input row after the other, or for many at once. */
export interface RowRunner {
  /** Rows that may be held: running, or done and not yet handed out. */
  readonly windowRows: number;
  /** Rows at work together, at most. */
  readonly runningMax: number;
  /** Rows that begin together, at most. */
  readonly batchRows: number;
  run(binds: Binds, index: number): Promise<Given>;
  progress(): Progress;
}

export interface JoinOptions {
  readonly behavior: Behavior;
  /** Of `Array`: rows an input row may have. */
  readonly rowsMax: number;
  readonly property: string | undefined;
  /** Names of the result's columns. */
  readonly columns: readonly string[];
}

export interface Joined<Input extends object, Columns> {
  readonly output: "matched" | "unmatched";
  readonly row: Beside<Input, Columns>;
}

export class Join {
  readonly #options: JoinOptions;
  readonly #names: readonly string[];
  #inputKeys: readonly string[] | undefined;
  #addedNames: readonly string[] = [];

  constructor(options: JoinOptions) {
    this.#options = options;
    this.#names = uniqueNames(options.columns);
  }

  /** How many rows of a result must be read to decide. */
  get rowsNeeded(): number {
    switch (this.#options.behavior) {
      case "FirstOrDefault":
      case "First":
        return 1;
      case "SingleOrDefault":
      case "Single":
        return 2;
      case "Array":
        return this.#options.rowsMax + 1;
    }
  }

  /** Throws session/no-row, session/several-rows, session/too-many-rows. */
  join<Input extends object, Columns>(input: Input, { hasColumns, rows }: Given): Joined<Input, Columns> {
    const isMatched = rows.length > 0 || !hasColumns;
    // The border between what a command's columns are called and what the caller's types say of them.
    const row = { ...input, ...this.#added(input, rows, isMatched) } as Beside<Input, Columns>;
    return { output: isMatched ? "matched" : "unmatched", row };
  }

  #added(input: object, rows: Given["rows"], isMatched: boolean): Readonly<Record<string, unknown>> {
    const { behavior, rowsMax, property } = this.#options;
    const names = this.#namesBeside(input);
    if (behavior === "Array") {
      if (rows.length > rowsMax) fail("session/too-many-rows", { max: rowsMax });
      return { [known(names[0])]: rows.map((row) => named(this.#names, row)) };
    }
    const isSingle = behavior === "Single" || behavior === "SingleOrDefault";
    if (isSingle && rows.length > 1) fail("session/several-rows", { behavior });
    if (!isMatched && (behavior === "First" || behavior === "Single")) fail("session/no-row", { behavior });
    const [row = []] = rows;
    return property === undefined ? named(names, row) : { [known(names[0])]: named(this.#names, row) };
  }

  /** What is added to an input row. Names in SQL are equal in any case, and rows may be on their way to a table. */
  #namesBeside(input: object): readonly string[] {
    const keys = Object.keys(input);
    const isKnown =
      keys.length === this.#inputKeys?.length && keys.every((key, index) => key === this.#inputKeys?.[index]);
    if (!isKnown) {
      const { property } = this.#options;
      const lower = (name: string): string => name.toLowerCase();
      const added = property === undefined ? this.#names : [property];
      this.#inputKeys = keys;
      this.#addedNames = uniqueNames(added, new Set(keys.map(lower)), lower);
    }
    return this.#addedNames;
  }
}

function named(names: readonly string[], row: readonly SqlValue[]): ResultColumns {
  return Object.fromEntries(names.map((name, index) => [name, fromSqlite(row[index] ?? null)]));
}
