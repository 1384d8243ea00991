/** `callsql runs verify`: what was looked at and what is damaged, as a table; every damaged row by its id on stderr. */
import { diagnostic, verifyLedger } from "../../index.ts";
import type { Surroundings } from "../batch.ts";
import type { Options } from "../options.ts";
import { printQuery } from "../print-query.ts";

const shownParts = `SELECT part.key AS part, part.value AS checked, count(damage.value) AS damaged
  FROM json_each(:report, '$.checked') part
  LEFT JOIN json_each(:report, '$.damages') damage ON damage.value ->> 'part' = part.key
  GROUP BY part.id ORDER BY part.id`;

/** The exit code: 1 where something is damaged. */
export async function runVerify(
  ledger: string,
  isJson: boolean,
  surroundings: Surroundings & { readonly options: Options; readonly signal: AbortSignal },
): Promise<number> {
  const { terminal, reporter, openSession } = surroundings;
  const report = verifyLedger(ledger);
  await using session = await openSession({ env: terminal.env, ledger: ":memory:" });
  const binds = { report: JSON.stringify(report) };
  await printQuery(session, { sql: shownParts, binds, isJson }, surroundings);
  for (const damage of report.damages) {
    await reporter.diagnostic(diagnostic("ledger/damaged-row", { file: ledger, ...damage }));
  }
  return report.damages.length === 0 ? 0 : 1;
}
