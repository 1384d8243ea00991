/** `callsql models [--refresh] [--json]`: sys_models, as a table for people or whole for programs. */
import type { Surroundings } from "../batch.ts";
import type { Options } from "../command-line.ts";
import { fileOutput, standardOutput } from "../output.ts";
import { ResultWriter } from "../result-writer.ts";
import { listenForStop } from "../stop.ts";
import { coloursOf } from "../terminal.ts";

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
    const result = await session.execute(`SELECT ${columns} FROM sys_models`);
    const output =
      options.output === undefined
        ? standardOutput(terminal.stdout, () => reporter.progress.hide())
        : await fileOutput(options.output);
    const isColourWanted = options.isColourWanted && options.output === undefined;
    const style = { colours: coloursOf(terminal, terminal.stdout, isColourWanted) };
    const format = isJson ? "json" : options.format;
    let isWhole = false;
    try {
      await new ResultWriter({ output, format, style, hasStatementNumbers: false }).write(
        result,
        1,
        stop.signal,
      );
      isWhole = true;
    } finally {
      await output.close(isWhole);
    }
    return stop.exitCode ?? 0;
  } finally {
    stop.release();
  }
}
