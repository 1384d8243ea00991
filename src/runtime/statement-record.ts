/**
 * What the ledger keeps of a statement: its run and its row begin with its first call, so that SQL without calls, and
 * calls that are all answered by the record, leave no trace. And the way back, for RETRY FAILED.
 */
import { createHash } from "node:crypto";
import { DiagnosticError } from "../diagnostics/diagnostic.ts";
import type { CallError, Procedure } from "../catalog/procedure.ts";
import type { SqlValue } from "../catalog/value.ts";
import type { KeptStatement, StatementRow } from "./ledger/statements.ts";
import type { Started } from "./ledger/ledger.ts";
import type { OptionValue } from "./options.ts";
import type { BoundValues } from "./plan.ts";
import type { Binds, BindValue } from "./values.ts";
import type { Workspace } from "./workspace.ts";

export interface RecordedStatement {
  readonly text: string;
  readonly binds: BoundValues;
}

export class StatementRecord {
  readonly #workspace: Workspace;
  readonly #statement: RecordedStatement | undefined;
  #row: StatementRow | undefined;

  /** Without a statement, its calls stand alone and cannot be tried again. */
  constructor(workspace: Workspace, statement?: RecordedStatement) {
    this.#workspace = workspace;
    this.#statement = statement;
  }

  /** Resolves with the call's id once it is on disk. */
  started(call: Omit<Started, "statement">): Promise<number> {
    const { ledger, runs } = this.#workspace;
    const statement = this.#begin();
    return ledger().started(statement === undefined ? call : { ...call, statement }, runs.get());
  }

  /** A call whose values were refused, so that it was never sent. Nothing depends on its record: it is not waited for. */
  refused(procedure: Procedure, connection: string, error: CallError): void {
    const { ledger, runs } = this.#workspace;
    const statement = this.#begin();
    const call = { procedure: procedure.name, endpoint: procedure.endpoint, connection, statement };
    ledger()
      .refused({ ...call, errorCode: error.code, errorMessage: error.message }, runs.get())
      .catch(() => undefined);
  }

  /** How the statement ended: with a failure, or well. */
  end(failure?: unknown): void {
    const { ledger, runs } = this.#workspace;
    runs.note(failure === undefined);
    const row = this.#row;
    if (row === undefined) return;
    const known = failure instanceof DiagnosticError ? failure : undefined;
    const status = failure === undefined ? "finished" : "failed";
    const end = { status, errorCode: known?.code, errorMessage: known?.message } as const;
    const { statements } = ledger();
    ledger()
      .commit(() => statements.end(row, end))
      .catch(() => undefined);
  }

  #begin(): StatementRow | undefined {
    const statement = this.#statement;
    if (statement === undefined || this.#row !== undefined) return this.#row;
    const { ledger, runs } = this.#workspace;
    const row: StatementRow = { id: undefined };
    this.#row = row;
    const run = runs.get();
    const kept = keep(statement, this.#workspace);
    const { statements } = ledger();
    // In one transaction with the call that comes next, and before it.
    ledger()
      .commit(() => statements.begin(row, kept, run))
      .catch(() => undefined);
    return row;
  }
}

/** Longer texts, and all bytes, are kept by their hash: a retry needs them given again. */
const textLengthMax = 2 ** 20;

type Kept = null | string | number | { readonly integer: string } | { readonly real: string } | KeptHash;

interface KeptHash {
  readonly hash: string;
  /** Bytes, or characters of a text. */
  readonly length: number;
}

function keepValue(value: SqlValue): Kept {
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : { integer: String(value) };
  }
  // A whole REAL would come back as an INTEGER.
  if (typeof value === "number")
    return Number.isFinite(value) && !Number.isSafeInteger(value) ? value : { real: String(value) };
  if (value === null || (typeof value === "string" && value.length <= textLengthMax)) return value;
  return { hash: createHash("sha256").update(value).digest("hex"), length: value.length };
}

/** Undefined: it was too long to be kept. */
function valueOf(kept: Kept): BindValue {
  if (kept === null || typeof kept !== "object") return kept;
  if ("integer" in kept) return BigInt(kept.integer);
  return "real" in kept ? Number(kept.real) : undefined;
}

interface Settings {
  readonly options: Readonly<Record<string, OptionValue>>;
  readonly defaults: readonly (readonly [procedure: string, parameter: string, value: Kept])[];
  /** Something in it looked like a key and is not in the record: it cannot be run from there. */
  readonly isMasked: boolean;
}

function keep({ text, binds }: RecordedStatement, { options, defaults, ledger }: Workspace): KeptStatement {
  const { mask } = ledger();
  const values = Object.entries(binds).map(([name, value]) => [name, keepValue(value)]);
  const plain = JSON.stringify(Object.fromEntries(values));
  const masked = { text: mask(text), binds: mask(plain) };
  const settings: Settings = {
    options: options.shaping(),
    defaults: defaults.rows().map(([procedure, name, value]) => [procedure, name, keepValue(value)]),
    isMasked: masked.text !== text || masked.binds !== plain,
  };
  return { ...masked, settings: mask(JSON.stringify(settings)) };
}

/** What a kept statement needs to be run again. */
export interface Revived {
  readonly binds: Readonly<Record<string, BindValue>>;
  /** Binds whose values were not kept and are not given. */
  readonly missing: readonly string[];
  readonly settings: Settings;
  /** Of `SET DEFAULT`. */
  readonly defaults: readonly (readonly [procedure: string, parameter: string, value: BindValue])[];
}

export function revive(kept: KeptStatement, given: Binds): Revived {
  const settings = readSettings(JSON.parse(kept.settings));
  const binds: Record<string, BindValue> = {};
  for (const [name, value] of Object.entries(readKept(JSON.parse(kept.binds)))) {
    binds[name] = valueOf(value) ?? givenValue(given, name);
  }
  return {
    binds,
    missing: Object.keys(binds).filter((name) => binds[name] === undefined),
    settings,
    defaults: settings.defaults.map(([procedure, name, value]) => [procedure, name, valueOf(value)]),
  };
}

function givenValue(given: Binds, name: string): BindValue {
  return Object.entries(given).find(([key]) => key.replace(/^[:@$]/, "") === name)?.[1];
}

function readKept(value: unknown): Readonly<Record<string, Kept>> {
  return value as Readonly<Record<string, Kept>>;
}

function readSettings(value: unknown): Settings {
  return value as Settings;
}
