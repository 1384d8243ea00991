/**
 * What a statement knows about its calls: found by procedure and argument values as SQLite hands them over.
 * Failed calls are remembered too, so that a failure is met once, by the row that needs it.
 */
import { hash } from "node:crypto";
import type { CallError, Procedure, Row } from "../catalog/procedure.ts";
import type { SqlValue } from "../catalog/value.ts";
import { CallIndex } from "./call-index.ts";
import { recentMax } from "./placeholder.ts";
import { RowStore } from "./row-store.ts";
import { known } from "../diagnostics/known.ts";

/** A procedure and the values of one call of it, by parameter position; those of the pseudo-parameters stand behind them. */
export interface Call {
  /** By which equal calls are known: a digest in base64; `#2` behind it is the second of equal ones kept apart. */
  readonly key: string;
  readonly procedure: Procedure;
  readonly values: readonly SqlValue[];
}

/** What a call came to. */
export interface Answer {
  /** As SQLite takes it: integers are bigint. */
  readonly row: Row;
  readonly error?: CallError;
  /** The error is what was left after all attempts: another time it may succeed. */
  readonly isPassing?: boolean;
  /** The service answered, if with a failure, a refusal or half an answer. */
  readonly hasArrived?: boolean;
}

/** Bytes of answers that are held in memory at most; the rest is read from the ledger again when a pass asks for it. */
const bytesMax = 64 * 2 ** 20;
/** Of failures that stand in the ledger. */
const failuresMax = 10_000;

export class Memo {
  readonly #recall: (recorded: number, call: Call) => Answer;
  readonly #readsRow: (procedure: Procedure) => boolean;
  readonly #index = new CallIndex();
  /** Number of a call → id of its answer in the ledger. */
  #recorded = new Float64Array(1024);
  /** Statements walk their rows in one order, again and again: what came first is worth keeping, not what came last. */
  readonly #rows = new RowStore(bytesMax);
  readonly #failures = new Map<number, Answer>();
  readonly #recent = new Map<Procedure, Row[]>();
  /** Told after each answer. */
  onStored: (() => void) | undefined;

  /**
   * `recall` reads an answer from the ledger. `readsRow`: whether columns behind the primary one may be asked for; they are
   * NULL where not.
   */
  constructor(
    recall: (recorded: number, call: Call) => Answer,
    readsRow: (procedure: Procedure) => boolean = () => true,
  ) {
    this.#recall = recall;
    this.#readsRow = readsRow;
  }

  /** The number of a call that has an answer: from 0, the same in all passes. */
  numberOf(call: Call): number | undefined {
    return this.#index.find(call.key);
  }

  find(call: Call): Answer | undefined {
    const number = this.numberOf(call);
    return number === undefined ? undefined : this.answer(number, call);
  }

  /** The answer to the call of a number. */
  answer(number: number, call: Call): Answer {
    const row = this.#rows.get(number);
    if (row !== undefined) return { row };
    return this.#failures.get(number) ?? this.#recall(known(this.#recorded[number]), call);
  }

  /** `recorded`: the ledger's id of the answer. What has none is held for the whole statement. */
  store(call: Call, answer: Answer, recorded?: number): void {
    const number = this.#index.add(call.key);
    const isRecorded = recorded !== undefined;
    if (number >= this.#recorded.length) {
      const larger = new Float64Array(this.#recorded.length * 2);
      larger.set(this.#recorded);
      this.#recorded = larger;
    }
    this.#recorded[number] = recorded ?? 0;
    this.#keep(number, call, answer, isRecorded);
    this.onStored?.();
  }

  #keep(number: number, { procedure }: Call, answer: Answer, isRecorded: boolean): void {
    if (answer.error !== undefined) {
      if (!isRecorded || this.#failures.size < failuresMax) this.#failures.set(number, answer);
      return;
    }
    const width = this.#readsRow(procedure) ? procedure.columns.length : procedure.primary + 1;
    this.#rows.put(number, answer.row, { width, isForced: !isRecorded });
    const recent = this.#recent.get(procedure) ?? [];
    if (!recent.some((row) => row[procedure.primary] === answer.row[procedure.primary])) {
      this.#recent.set(procedure, [answer.row, ...recent].slice(0, recentMax));
    }
  }

  /** Calls that have an answer. */
  get size(): number {
    return this.#index.size;
  }

  recentOf(procedure: Procedure): readonly Row[] {
    return this.#recent.get(procedure) ?? [];
  }
}

/** Gives calls their keys within one pass. Without dedup, equal calls are told apart by their order. */
export class CallKeys {
  readonly #dedup: boolean;
  readonly #occurrences = new Map<string, number>();

  constructor(dedup: boolean) {
    this.#dedup = dedup;
  }

  next(procedure: Procedure, values: readonly SqlValue[]): string {
    const key = digest(callText(procedure, values));
    if (this.#dedup) return key;
    const occurrence = (this.#occurrences.get(key) ?? 0) + 1;
    this.#occurrences.set(key, occurrence);
    return `${digest(`${key}#${occurrence}`)}#${occurrence}`;
  }
}

/** Values of different storage classes never share a text; trailing NULLs do not count. */
function callText(procedure: Procedure, values: readonly SqlValue[]): string {
  let text = procedure.name;
  const used = values.findLastIndex((value) => value !== null) + 1;
  for (let index = 0; index < used; index++) text += valueText(values[index] ?? null);
  return text;
}

function valueText(value: SqlValue): string {
  switch (typeof value) {
    case "string":
      return `|t${value.length}:${value}`;
    case "number":
      return `|r${value}`;
    case "bigint":
      return `|i${value}`;
    default:
      return value === null ? "|n" : `|b${value.length}:${digest(value)}`;
  }
}

function digest(data: string | Uint8Array): string {
  return hash("sha256", data, "base64");
}
