/** `callsql models` on the command line. */
import { Command } from "commander";

export interface ModelsInvocation {
  readonly kind: "models";
  readonly isRefreshed: boolean;
  readonly isJson: boolean;
}

export function modelsCommand(done: (invocation: ModelsInvocation) => void): Command {
  const models = new Command("models")
    .description("list the known models: procedures, prices, when they retire and what replaces them")
    .option("--refresh", "ask the connection which models it has")
    .option("--json", "as JSON, with everything sys_models knows");
  return models.action(() => {
    const isJson = models.getOptionValue("json") === true;
    const isRefreshed = models.getOptionValue("refresh") === true;
    done({ kind: "models", isRefreshed, isJson });
  });
}
