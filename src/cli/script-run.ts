/** The run of `callsql run`: what makes two commands the same script, and what is said when one goes on. */
import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { Run, Session } from "../index.ts";
import type { Options } from "./options.ts";
import { rowsFileOf, type Parameter } from "./params.ts";
import { count } from "./quantity.ts";
import type { Reporter } from "./reporter.ts";
import type { TextsAndDatabase } from "./texts.ts";

/** What --replay sets. */
export const replaySetting = "cache=only";

/** Begins the script's run, or goes on with it, and says so. Undefined for commands that are no script. */
export async function beginScript(
  session: Session,
  given: TextsAndDatabase & { readonly parameters: readonly Parameter[] },
  { options, reporter }: { readonly options: Options; readonly reporter: Reporter },
): Promise<Run | undefined> {
  // A replay sends nothing, so there is nothing to go on with; and it leaves the record as it is.
  if (given.isScript !== true || options.settings.includes(replaySetting)) return undefined;
  const name = given.texts.map((text) => text.name).join(", ");
  const run = session.beginRun({ name, identity: identityOf(given, options), isFresh: options.isFresh });
  if (run.isResumed) await noteResumed(reporter, run);
  return run;
}

function noteResumed(reporter: Reporter, { id, answeredCalls, unansweredCalls }: Run): Promise<void> {
  const unanswered = unansweredCalls === 0 ? undefined : count(unansweredCalls, "call");
  return reporter.note("run-goes-on", { run: id, answers: count(answeredCalls, "answer"), unanswered });
}

/** Hex SHA-256 over texts, binds, imports, connection and database: a change of any makes it another script. */
function identityOf(
  { texts, database, parameters }: TextsAndDatabase & { readonly parameters: readonly Parameter[] },
  { imports, connection, settings, parameters: sources }: Options,
): string {
  const binds = parameters.map(({ name, value }) => [
    name,
    value instanceof Uint8Array ? hashOf(value) : String(value),
  ]);
  const files = imports.map(({ table, file }) => [table, resolve(file), ...stampOf(file)]);
  const rowsFile = rowsFileOf(sources);
  if (rowsFile !== undefined) files.push(["--params", resolve(rowsFile), ...stampOf(rowsFile)]);
  const place = database === undefined ? null : resolve(database);
  const asked = settings.filter((setting) => !limits.test(setting));
  return hashOf(JSON.stringify([texts, binds, files, connection, asked, place]));
}

/** Settings that say how much and how fast, not what: a script that a cap stopped goes on when the cap is raised. */
const limits = /^\s*(?:max_\w+|concurrency|timeout)\s*=/i;

/** Size and time of change; a file that is not there is the import's to report. */
function stampOf(file: string): number[] {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? [] : [stat.size, stat.mtimeMs];
}

function hashOf(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
