/** `callsql procedures` on the command line. */
import { Command } from "commander";

export interface ProceduresInvocation {
  readonly kind: "procedures";
  readonly name?: string;
  readonly isJson: boolean;
}

export function proceduresCommand(done: (invocation: ProceduresInvocation) => void): Command {
  const procedures = new Command("procedures")
    .description("list the procedures that can be called, or describe one")
    .argument("[name]", "procedure")
    .option("--json", "as JSON");
  return procedures.action((name: string | undefined) => {
    const isJson = procedures.getOptionValue("json") === true;
    done({ kind: "procedures", isJson, ...(name === undefined ? {} : { name }) });
  });
}
