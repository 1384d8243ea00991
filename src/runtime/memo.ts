/**
 * What a statement knows about its calls: found by procedure and argument values as SQLite hands them over.
 * Failed calls are remembered too, so that a failure is met once, by the row that needs it.
 */
import { createHash } from "node:crypto";
import type { CallError, Procedure, Row } from "../catalog/procedure.ts";
import type { SqlValue } from "../catalog/value.ts";
import { recentMax } from "./placeholder.ts";

/** A procedure and the values of one call of it, by parameter position; a call key stands behind them. */
export interface Call {
  readonly key: string;
  readonly procedure: Procedure;
  readonly values: readonly SqlValue[];
}

export interface Answer {
  /** As SQLite takes it: integers are bigint. */
  readonly row: Row;
  readonly error?: CallError;
  /** The error is what was left after all attempts: another time it may succeed. */
  readonly isPassing?: boolean;
  /** The service answered, if with a failure, a refusal or half an answer. */
  readonly hasArrived?: boolean;
}

/** What is held in memory at most; the rest is read from the ledger again when a pass asks for it. */
const answersMax = 100_000;
const bytesMax = 64 * 2 ** 20;

export class Memo {
  readonly #recall: (recorded: number, call: Call) => Answer;
  readonly #answers = new Map<string, Answer>();
  readonly #recorded = new Map<string, number>();
  readonly #recent = new Map<Procedure, Row[]>();
  #bytes = 0;
  #size = 0;

  /** `recall` reads an answer from the ledger. */
  constructor(recall: (recorded: number, call: Call) => Answer) {
    this.#recall = recall;
  }

  find(call: Call): Answer | undefined {
    const held = this.#answers.get(call.key);
    if (held !== undefined) return held;
    const recorded = this.#recorded.get(call.key);
    if (recorded === undefined) return undefined;
    const answer = this.#recall(recorded, call);
    this.#hold(call.key, answer);
    return answer;
  }

  /** `recorded`: the ledger's id of the answer. What has none (a failure) is held for the whole statement. */
  store(call: Call, answer: Answer, recorded?: number): void {
    this.#size++;
    if (recorded !== undefined) this.#recorded.set(call.key, recorded);
    this.#hold(call.key, answer);
    if (answer.error !== undefined) return;
    const recent = this.#recent.get(call.procedure) ?? [];
    if (!recent.some((row) => row[call.procedure.primary] === answer.row[call.procedure.primary])) {
      this.#recent.set(call.procedure, [answer.row, ...recent].slice(0, recentMax));
    }
  }

  /** Calls that have an answer. */
  get size(): number {
    return this.#size;
  }

  recentOf(procedure: Procedure): readonly Row[] {
    return this.#recent.get(procedure) ?? [];
  }

  /** Statements walk their rows in one order, again and again: what came first is worth keeping, not what came last. */
  #hold(key: string, answer: Answer): void {
    const isFull = this.#answers.size >= answersMax || this.#bytes >= bytesMax;
    if (isFull && this.#recorded.has(key)) return;
    this.#answers.set(key, answer);
    this.#bytes += sizeOf(answer.row);
  }
}

/** Bytes, about. */
function sizeOf(row: Row): number {
  let size = 0;
  for (const value of row) if (typeof value === "string" || value instanceof Uint8Array) size += value.length;
  return size;
}

/** Gives calls their keys within one pass. Without dedup, equal calls are told apart by their order. */
export class CallKeys {
  readonly #dedup: boolean;
  readonly #occurrences = new Map<string, number>();

  constructor(dedup: boolean) {
    this.#dedup = dedup;
  }

  next(procedure: Procedure, values: readonly SqlValue[]): string {
    const key = callKey(procedure, values);
    if (this.#dedup) return key;
    const occurrence = (this.#occurrences.get(key) ?? 0) + 1;
    this.#occurrences.set(key, occurrence);
    return `${key}#${occurrence}`;
  }
}

/** Past this many bytes a value goes into the key by its hash. */
const plainBytesMax = 256;

/** Values of different storage classes never share a key; trailing NULLs do not count. */
function callKey(procedure: Procedure, values: readonly SqlValue[]): string {
  let key = procedure.name;
  const used = values.findLastIndex((value) => value !== null) + 1;
  for (let index = 0; index < used; index++) key += keyPart(values[index] ?? null);
  return key;
}

function keyPart(value: SqlValue): string {
  switch (typeof value) {
    case "string":
      return value.length > plainBytesMax ? `|h${value.length}:${hash(value)}` : `|t${value.length}:${value}`;
    case "number":
      return `|r${value}`;
    case "bigint":
      return `|i${value}`;
    default:
      return value === null ? "|n" : `|b${value.length}:${hash(value)}`;
  }
}

function hash(value: string | Uint8Array): string {
  return createHash("sha256").update(value).digest("base64");
}
