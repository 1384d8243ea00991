/** `callsql runs` on the command line. */
import { Command } from "commander";

export interface RunsInvocation {
  readonly kind: "runs";
  /** `[]`, `[ID]`, `["diff", A, B]`, `["prune", DAYS]` or `["verify"]`. */
  readonly arguments: readonly string[];
  readonly isJson: boolean;
}

export function runsCommand(done: (invocation: RunsInvocation) => void): Command {
  const runs = new Command("runs")
    .description("list what was run, asked and spent; one run's calls by procedure and outcome")
    .argument(
      "[what...]",
      "ID; diff A B: which answers changed; prune DAYS: remove runs that ended longer ago; verify: is the record damaged",
    )
    .option("--prune <days>", "as prune DAYS")
    .option("--json", "as JSON");
  return runs.action((what: string[]) => {
    const isJson = runs.getOptionValue("json") === true;
    const pruneDays = runs.opts<{ prune?: string }>().prune;
    done({ kind: "runs", isJson, arguments: pruneDays === undefined ? what : ["prune", pruneDays] });
  });
}
