/** `callsql offline [install [PART…]] [--json]`: the models of --connection offline, and how they get here. */
import { installOfflineParts, listOfflineParts } from "../../index.ts";
import type { Surroundings } from "../batch.ts";
import type { Options } from "../options.ts";
import { printQuery } from "../print-query.ts";
import { listenForStop } from "../stop.ts";

interface OfflineRequest {
  /** Parts to install first. */
  readonly install?: readonly string[];
  readonly isJson: boolean;
  readonly options: Options;
}

const all = `SELECT value ->> 'part' AS part, iif(value ->> 'isInstalled', 'installed', 'missing') AS state,
  value ->> 'megabytes' AS mb, (SELECT group_concat(value, ', ') FROM json_each(part.value, '$.licences')) AS licences,
  (SELECT group_concat(value, ', ') FROM json_each(part.value, '$.procedures')) AS procedures,
  (SELECT group_concat(value, ', ') FROM json_each(part.value, '$.models')) AS models,
  (SELECT group_concat(value, ', ') FROM json_each(part.value, '$.packages')) AS packages,
  (SELECT group_concat(value, ', ') FROM json_each(part.value, '$.missing')) AS missing
  FROM json_each(:parts) AS part`;
const shown = `SELECT part, state, mb, licences, procedures FROM (${all})`;

/** The exit code. */
export async function runOffline(
  { install, isJson, options }: OfflineRequest,
  surroundings: Surroundings,
): Promise<number> {
  const { terminal, reporter, openSession } = surroundings;
  const { env } = terminal;
  const stop = listenForStop(terminal);
  try {
    if (install !== undefined) {
      const onStart = (): void => {
        void reporter.note("offline-installing", { parts: install.join(", ") });
      };
      const folder = await installOfflineParts(install, { env, signal: stop.signal, onStart });
      await reporter.note("offline-installed", { folder });
    }
    await using session = await openSession({ env });
    const parts = JSON.stringify(listOfflineParts(env));
    await printQuery(
      session,
      { sql: isJson ? all : shown, binds: { parts }, isJson },
      { ...surroundings, options, signal: stop.signal },
    );
    return stop.exitCode ?? 0;
  } catch (error) {
    // Ctrl-C ends npm, which is no failure to report.
    if (stop.exitCode !== undefined) return stop.exitCode;
    throw error;
  } finally {
    stop.release();
  }
}
