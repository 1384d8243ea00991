/** `callsql run` on the command line. */
import { Command } from "commander";
import { fail } from "../../index.ts";

export interface RunInvocation {
  readonly kind: "run";
  readonly arguments: readonly string[];
  /** Files side by side; absent: one after the other in one session. */
  readonly jobs?: number;
}

export function runCommand(done: (invocation: RunInvocation) => void): Command {
  const run = new Command("run")
    .description("run SQL files, one after the other in one session, or side by side")
    .argument("<file...>", "SQL files, then the database if the last does not end in .sql")
    .option("--jobs <n>", "run up to so many files side by side, each in a session of its own");
  return run.action((files: string[]) => {
    const { jobs } = run.opts<{ jobs?: string }>();
    done({ kind: "run", arguments: files, ...(jobs === undefined ? {} : { jobs: parseJobs(jobs) }) });
  });
}

function parseJobs(text: string): number {
  const jobs = Number(text);
  return Number.isInteger(jobs) && jobs >= 1 && jobs <= 64
    ? jobs
    : fail("cli/usage", { problem: `--jobs takes a whole number from 1 to 64, not "${text}"` });
}
