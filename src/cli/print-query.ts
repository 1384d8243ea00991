/** One query of our own, printed as any result is: what `callsql models` and `callsql runs` show. */
import type { Binds, Session } from "../index.ts";
import type { Surroundings } from "./batch.ts";
import type { Options } from "./options.ts";
import { fileOutput, standardOutput } from "./output.ts";
import { ResultWriter } from "./result-writer.ts";
import { coloursOf } from "./terminal.ts";

export interface PrintedQuery {
  readonly sql: string;
  readonly binds?: Binds;
  readonly isJson: boolean;
}

export async function printQuery(
  session: Session,
  { sql, binds = {}, isJson }: PrintedQuery,
  {
    options,
    terminal,
    reporter,
    signal,
  }: Surroundings & { readonly options: Options; readonly signal: AbortSignal },
): Promise<void> {
  const result = await session.execute(sql, binds);
  const output =
    options.output === undefined
      ? standardOutput(terminal.stdout, () => reporter.progress.hide())
      : await fileOutput(options.output);
  const isColourWanted = options.isColourWanted && options.output === undefined;
  const { isCsvSafe } = options;
  const style = { colours: coloursOf(terminal, terminal.stdout, isColourWanted), isCsvSafe };
  const format = isJson ? "json" : options.format;
  let isWhole = false;
  try {
    await new ResultWriter({ output, format, style, hasStatementNumbers: false }).write(result, 1, signal);
    isWhole = true;
  } finally {
    await output.close(isWhole);
  }
}
