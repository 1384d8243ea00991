/**
 * `callsql detach DB [--list]`: views and triggers that call procedures, which other SQLite programs cannot use: lists
 * them, and drops them unless it is only to list.
 */
import type { Session } from "../../index.ts";
import type { Surroundings } from "../batch.ts";
import { sizeOf } from "../file.ts";
import type { Options } from "../options.ts";
import { printQuery } from "../print-query.ts";
import { count } from "../quantity.ts";
import { listenForStop } from "../stop.ts";

interface DetachRequest {
  readonly database: string;
  readonly isListOnly: boolean;
  readonly isJson: boolean;
  readonly options: Options;
}

const calling = `SELECT type, name, sql FROM sqlite_schema
  WHERE type IN ('view', 'trigger') AND sql LIKE '%callsql\\_%' ESCAPE '\\' AND name <> 'callsql_progress' ORDER BY type, name`;

/** The exit code. */
export async function runDetach(request: DetachRequest, surroundings: Surroundings): Promise<number> {
  const { database, isListOnly, isJson, options } = request;
  // SQLite would make a file that is not there.
  await sizeOf(database);
  const stop = listenForStop(surroundings.terminal);
  try {
    const { env } = surroundings.terminal;
    await using session = await surroundings.openSession({ env, database, readonly: isListOnly });
    await printQuery(session, { sql: calling, isJson }, { ...surroundings, options, signal: stop.signal });
    if (!isListOnly)
      await surroundings.reporter.note("views-dropped", {
        views: count(await dropCalling(session), "view or trigger", "views and triggers"),
      });
    return stop.exitCode ?? 0;
  } finally {
    stop.release();
  }
}

/** All of them or none. A trigger may have gone with its view. */
async function dropCalling(session: Session): Promise<number> {
  const found = await (await session.execute(calling)).all();
  await session.execute("BEGIN");
  for (const { type, name } of found.toSorted((a, b) => (String(a["type"]) < String(b["type"]) ? -1 : 1))) {
    const quoted = `"${String(name).replaceAll('"', '""')}"`;
    await session.execute(`DROP ${String(type)} IF EXISTS ${quoted}`);
  }
  await session.execute("COMMIT");
  return found.length;
}
