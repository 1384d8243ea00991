/** `callsql detach` on the command line. */
import { Command } from "commander";

export interface DetachInvocation {
  readonly kind: "detach";
  readonly database: string;
  readonly isListOnly: boolean;
  readonly isJson: boolean;
}

export function detachCommand(done: (invocation: DetachInvocation) => void): Command {
  const detach = new Command("detach")
    .description(
      "drop the views and triggers that call procedures, so that other programs can use the database",
    )
    .argument("<database>", "SQLite file")
    .option("--list", "only list them")
    .option("--json", "as JSON");
  return detach.action((database: string) => {
    const isSet = (name: string): boolean => detach.getOptionValue(name) === true;
    done({ kind: "detach", database, isListOnly: isSet("list"), isJson: isSet("json") });
  });
}
