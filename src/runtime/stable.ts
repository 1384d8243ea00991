/**
 * Stable surroundings: in every pass of a statement random() and randomblob() restart from one seed, and 'now' is the
 * time the statement began (2-runtime, rule 7). A function is replaced when a statement first needs it to be stable;
 * outside of calls the replacement behaves as SQLite's own does.
 */
import { createHash, randomBytes } from "node:crypto";
import Database from "better-sqlite3";
import type { SqlValue } from "../catalog/value.ts";

const randomNames = ["random", "randomblob"] as const;
const currentNames = new Map([
  ["current_date", "date"],
  ["current_time", "time"],
  ["current_timestamp", "datetime"],
]);
/** Function → index of its first time value. */
const timeNames = new Map([
  ["date", 0],
  ["time", 0],
  ["datetime", 0],
  ["julianday", 0],
  ["unixepoch", 0],
  ["timediff", 0],
  ["strftime", 1],
]);

export class StableSurroundings {
  readonly #db: Database.Database;
  readonly #replaced = new Set<string>();
  /** SQLite's own functions, which `#db` no longer reaches once they are replaced. */
  #original: Database.Database | undefined;
  #beganAt = 0;
  /** Drawn when a statement first needs one. */
  #seed: Buffer | undefined;
  #drawn = 0;

  constructor(db: Database.Database) {
    this.#db = db;
  }

  /** Whether a function (lower case) answers by the clock or by chance. */
  static holds(name: string): boolean {
    return randomNames.some((own) => own === name) || currentNames.has(name) || timeNames.has(name);
  }

  /**
   * Starts a statement, or what else asks SQLite for something: functions that an earlier statement needed stay replaced,
   * so the clock is set for all. `functions` (lower case) are those that a statement with calls uses.
   */
  begin(functions: ReadonlySet<string> = new Set()): void {
    this.#beganAt = Date.now();
    this.#seed = undefined;
    this.restart();
    for (const name of functions) {
      if (this.#replaced.has(name)) continue;
      if (this.#replace(name)) this.#replaced.add(name);
    }
  }

  /** As SQLite writes times. */
  get #now(): string {
    return new Date(this.#beganAt).toISOString().replace("T", " ").replace("Z", "");
  }

  /** Starts a pass. */
  restart(): void {
    this.#drawn = 0;
  }

  close(): void {
    this.#original?.close();
  }

  #replace(name: string): boolean {
    if (name === randomNames[0]) {
      this.#db.function(name, () => this.#bytes(8).readBigInt64LE());
      return true;
    }
    if (name === randomNames[1]) {
      this.#db.function(name, (size: unknown) => this.#bytes(Math.max(1, Number(size) || 1)));
      return true;
    }
    const shorthand = currentNames.get(name);
    if (shorthand !== undefined) {
      this.#db.function(name, { deterministic: true }, () => this.#evaluate(shorthand, [this.#now]));
      return true;
    }
    const timeValue = timeNames.get(name);
    if (timeValue === undefined) return false;
    this.#db.function(name, { deterministic: true, varargs: true }, (...values: unknown[]) =>
      this.#evaluate(name, this.#withTime(values.map(readValue), timeValue)),
    );
    return true;
  }

  /** 'now' wherever a time may stand, and the time value that may be left out, also in front of 'subsec'. */
  #withTime(values: readonly SqlValue[], timeValue: number): SqlValue[] {
    const isLeftOut = values.length === timeValue || isWord(values[timeValue], ["subsec", "subsecond"]);
    const all = isLeftOut ? values.toSpliced(timeValue, 0, "now") : values;
    return all.map((value) => (isWord(value, ["now"]) ? this.#now : value));
  }

  #evaluate(name: string, values: readonly SqlValue[]): SqlValue {
    this.#original ??= new Database(":memory:");
    const marks = values.map(() => "?").join(", ");
    return readValue(
      this.#original
        .prepare(`SELECT ${name}(${marks})`)
        .safeIntegers()
        .pluck()
        .get(...values),
    );
  }

  /** The next bytes of the statement's own sequence. */
  #bytes(size: number): Buffer {
    const chunks: Buffer[] = [];
    this.#seed ??= randomBytes(16);
    for (let length = 0; length < size; length += 32) {
      chunks.push(
        createHash("sha256")
          .update(this.#seed)
          .update(String(this.#drawn++))
          .digest(),
      );
    }
    return Buffer.concat(chunks).subarray(0, size);
  }
}

function isWord(value: SqlValue | undefined, words: readonly string[]): boolean {
  return typeof value === "string" && words.includes(value.toLowerCase());
}

function readValue(value: unknown): SqlValue {
  return value as SqlValue;
}
