/** `callsql models [--refresh] [--json]`: sys_models, as a table for people or whole for programs. */
import type { Surroundings } from "../batch.ts";
import type { Options } from "../options.ts";
import { printQuery } from "../print-query.ts";
import { listenForStop } from "../stop.ts";

interface ModelsRequest {
  readonly isRefreshed: boolean;
  readonly isJson: boolean;
  readonly options: Options;
}

const shown = "model, price, price_as_of, retires_on, replacement, procedures";
/** Right behind the name: they are what was asked for. */
const shownRefreshed = shown.replace("model,", "model, listing, shutdown_date,");

/** The exit code. */
export async function runModels(
  { isRefreshed, isJson, options }: ModelsRequest,
  { terminal, reporter, openSession }: Surroundings,
): Promise<number> {
  const stop = listenForStop(terminal);
  try {
    await using session = await openSession({
      env: terminal.env,
      ...(options.connection === undefined ? {} : { connection: options.connection }),
      ...(options.models === undefined ? {} : { models: options.models }),
    });
    if (isRefreshed) await session.refreshModels({ signal: stop.signal });
    const columns = isJson ? "*" : isRefreshed ? shownRefreshed : shown;
    const sql = `SELECT ${columns} FROM sys_models`;
    await printQuery(
      session,
      { sql, isJson },
      { terminal, reporter, openSession, options, signal: stop.signal },
    );
    return stop.exitCode ?? 0;
  } finally {
    stop.release();
  }
}
