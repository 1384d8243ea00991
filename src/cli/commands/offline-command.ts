/** `callsql offline` on the command line. */
import { Command } from "commander";
import { fail } from "../../index.ts";

export interface OfflineInvocation {
  readonly kind: "offline";
  /** Parts to install; absent: list them all. */
  readonly install?: readonly string[];
  readonly isJson: boolean;
}

export function offlineCommand(done: (invocation: OfflineInvocation) => void): Command {
  const offline = new Command("offline")
    .description(
      "list the models of --connection offline; install puts all of them, or parts, into the cache",
    )
    .argument("[install]", "install")
    .argument("[part...]", "all, embeddings, moderation, speech, transcription, vision or images")
    .option("--json", "as JSON, with packages and versions");
  return offline.action((verb: string | undefined, parts: readonly string[]) => {
    if (verb !== undefined && verb !== "install")
      fail("cli/usage", { problem: `offline takes "install" and parts, not "${verb}"` });
    const isJson = offline.getOptionValue("json") === true;
    const install = parts.length === 0 ? ["all"] : parts;
    done({ kind: "offline", isJson, ...(verb === undefined ? {} : { install }) });
  });
}
