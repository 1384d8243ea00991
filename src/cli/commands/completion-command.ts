/** `callsql completion` on the command line. */
import { Command } from "commander";

export interface CompletionInvocation {
  readonly kind: "completion";
  readonly shell: string;
}

export function completionCommand(done: (invocation: CompletionInvocation) => void): Command {
  return new Command("completion")
    .description("print the completion script of a shell: bash, zsh or fish")
    .argument("<shell>", "bash, zsh or fish")
    .action((shell: string) => done({ kind: "completion", shell }));
}
