/** `callsql retry [ID]`: RETRY FAILED on the database that the run worked on. */
import { fail } from "../../index.ts";
import { runBatch, type Surroundings } from "../batch.ts";
import type { Options } from "../options.ts";
import { runOf } from "../run-id.ts";
import { existingLedger } from "../state-folder.ts";
import { withDatabase } from "../texts.ts";

interface RetryRequest {
  readonly run?: string;
  readonly options: Options;
}

/** The exit code. */
export async function runRetry({ run, options }: RetryRequest, surroundings: Surroundings): Promise<number> {
  const found = await findRun(run, options, surroundings);
  const database = options.database ?? found.database;
  const text = { name: "retry", text: `RETRY FAILED OF ${found.id}` };
  return runBatch(withDatabase([text], database), options, surroundings);
}

interface FoundRun {
  readonly id: number;
  /** Undefined: in memory. */
  readonly database: string | undefined;
}

async function findRun(
  run: string | undefined,
  options: Options,
  { terminal, openSession }: Surroundings,
): Promise<FoundRun> {
  await using session = await openSession({ env: terminal.env, ledger: existingLedger(options, terminal) });
  const binds = { run: run === undefined ? null : runOf(run) };
  // A younger one that keeps no statements, of a server or of rows, can only be run by who knows its rows.
  const latest = `SELECT id, database FROM sys_runs WHERE CASE WHEN :run IS NULL THEN failed + unknown > 0 ELSE id = :run END
    ORDER BY id IN (SELECT run FROM sys_statements) DESC, id DESC LIMIT 1`;
  const row = await (await session.execute(latest, binds)).first();
  if (row === undefined) {
    return run === undefined ? fail("ledger/nothing-failed", {}) : fail("ledger/unknown-run", { run });
  }
  const { id, database } = row;
  return { id: Number(id), database: typeof database === "string" ? database : undefined };
}
