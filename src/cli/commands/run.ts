/** `callsql run FILE.sql… [DB]`; a last argument that does not end in .sql is the database. */
import { extname } from "node:path";
import { fail } from "../../index.ts";
import { runBatch, type Surroundings } from "../batch.ts";
import { readText } from "../file.ts";
import { withIncludes } from "../include.ts";
import type { Options } from "../options.ts";
import type { Terminal } from "../terminal.ts";
import { readStdin, withDatabase, type Text } from "../texts.ts";
import type { RunInvocation } from "./run-command.ts";
import { known } from "../known.ts";

type Run = RunInvocation & { readonly options: Options };

/** The exit code. */
export async function runFiles(run: Run, surroundings: Surroundings): Promise<number> {
  const { files, database } = readArguments(run);
  const { jobs, options } = run;
  if (jobs === undefined || files.length === 1) {
    const texts = await textsOf(files, surroundings.terminal);
    return runBatch({ ...withDatabase(texts, database), isScript: true }, options, surroundings);
  }
  if (files.includes("-")) fail("cli/usage", { problem: "--jobs takes files, not standard input" });
  // A mistake in a name is said before anything runs.
  await textsOf(files, surroundings.terminal);
  const { runJobs } = await import("../jobs.ts");
  const isImported = options.imports.length > 0 && database !== undefined && !options.isDryRun;
  if (isImported) {
    const { output, summary, ...others } = options;
    const failure = await runBatch({ texts: [], database }, { ...others, parameters: [] }, surroundings);
    if (failure !== 0) return failure;
  }
  const left = isImported ? { ...options, imports: [] } : options;
  return runJobs({ ...surroundings, files, database, jobs, options: left });
}

function readArguments({ arguments: given, options }: Run): {
  files: string[];
  database: string | undefined;
} {
  const last = known(given.at(-1));
  const isLastDatabase = last !== "-" && extname(last).toLowerCase() !== ".sql";
  const files = isLastDatabase ? given.slice(0, -1) : [...given];
  if (files.length === 0) fail("cli/no-script", {});
  const databases = [
    ...(options.database === undefined ? [] : [options.database]),
    ...(isLastDatabase ? [last] : []),
  ];
  if (databases.length > 1) fail("cli/two-databases", { databases });
  return { files, database: databases[0] };
}

async function textsOf(files: readonly string[], terminal: Terminal): Promise<Text[]> {
  const texts: Text[] = [];
  for (const file of files) {
    const text = file === "-" ? await readStdin(terminal) : { name: file, text: await readText(file) };
    texts.push(...(await withIncludes(text)));
  }
  return texts;
}
