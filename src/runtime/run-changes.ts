/**
 * `sys_run_changes(A, B)`: which answers differ between two runs. Calls are the same if their requests are; their answers
 * are the same if they say the same, whatever ids, times and usage the service put on them.
 */
import { createHash } from "node:crypto";
import type { Database } from "better-sqlite3";
import { isObject, readField } from "../catalog/read.ts";
import type { ApiAnswer } from "../catalog/request.ts";
import type { ColumnsOf } from "../catalog/system-tables.ts";
import type { SqlValue } from "../catalog/value.ts";
import type { Ledger } from "./ledger/ledger.ts";

interface Recorded {
  readonly id: number;
  readonly key: string;
  readonly procedure: string;
  readonly model: string | null;
  readonly request: string | null;
}

const columns: ColumnsOf<"sys_run_changes">[] = [
  "change",
  "procedure",
  "model",
  "request",
  "before",
  "after",
];

/** `ledger` is opened when the table is first read. */
export function createRunChanges(db: Database, ledger: () => Ledger): void {
  db.table("sys_run_changes", {
    columns,
    parameters: ["run_a", "run_b"],
    rows: function* (a: unknown, b: unknown) {
      for (const row of changes(ledger(), Number(a), Number(b))) yield [...row];
    },
  });
}

/** In the order of the first run's calls, then those only the second has. */
function* changes(ledger: Ledger, a: number, b: number): Generator<readonly SqlValue[]> {
  const others = new Map(answered(ledger, b).map((call) => [call.key, call]));
  for (const call of answered(ledger, a)) {
    const other = others.get(call.key);
    others.delete(call.key);
    const before = answerOf(ledger, call);
    if (other === undefined) yield rowOf(`only in run ${a}`, call, before, undefined);
    else {
      const after = answerOf(ledger, other);
      if (essenceOf(before) !== essenceOf(after)) yield rowOf("changed", call, before, after);
    }
  }
  for (const call of others.values())
    yield rowOf(`only in run ${b}`, call, undefined, answerOf(ledger, call));
}

/** The latest answer to each request. */
function answered({ db }: Ledger, run: number): readonly Recorded[] {
  const select = `SELECT max(id) AS id, hex(key) AS key, procedure, model, request FROM calls
    WHERE run = ? AND status IN ('succeeded', 'unusable') GROUP BY key ORDER BY min(id)`;
  return readRecorded(db.prepare(select).all(run));
}

function answerOf(ledger: Ledger, { id }: Recorded): ApiAnswer | undefined {
  return ledger.read(id).answer;
}

function rowOf(
  change: string,
  { procedure, model, request }: Recorded,
  before: ApiAnswer | undefined,
  after: ApiAnswer | undefined,
): readonly SqlValue[] {
  return [change, procedure, model, request, shownAnswer(before), shownAnswer(after)];
}

/** What a service puts on each answer anew. */
const passing = new Set(["id", "created", "created_at", "completed_at", "usage", "service_tier"]);

function essenceOf(answer: ApiAnswer | undefined): string {
  const body = answer?.body;
  return body instanceof Uint8Array ? hashOf(body) : JSON.stringify(withoutPassing(body) ?? null);
}

function withoutPassing(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPassing);
  if (!isObject(value)) return value;
  const kept = Object.entries(value).filter(([name]) => !passing.has(name));
  return Object.fromEntries(
    kept.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, field]) => [name, withoutPassing(field)]),
  );
}

/** Its texts, where it has any; else all of it. */
function shownAnswer(answer: ApiAnswer | undefined): SqlValue {
  if (answer === undefined) return null;
  const { body } = answer;
  if (body instanceof Uint8Array) return `${body.length} bytes, SHA-256 ${hashOf(body)}`;
  const texts = textsIn(body);
  return texts.length > 0 ? texts.join("\n") : essenceOf(answer);
}

function textsIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(textsIn);
  const text = readField(value, "text");
  if (typeof text === "string") return [text];
  return isObject(value) ? Object.values(value).flatMap(textsIn) : [];
}

function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function readRecorded(rows: unknown): readonly Recorded[] {
  return rows as readonly Recorded[];
}
