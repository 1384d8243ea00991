/** `callsql retry` on the command line. */
import { Command } from "commander";

export interface RetryInvocation {
  readonly kind: "retry";
  readonly run?: string;
}

export function retryCommand(done: (invocation: RetryInvocation) => void): Command {
  return new Command("retry")
    .description("run again what failed in a run: what succeeded is taken from its record")
    .argument("[id]", "run; the latest with something to try again when absent")
    .action((id: string | undefined) => done({ kind: "retry", ...(id === undefined ? {} : { run: id }) }));
}
