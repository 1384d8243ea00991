/** Where callsql keeps what outlives a session: the XDG state directory. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fail } from "../index.ts";
import type { Options } from "./options.ts";
import type { Terminal } from "./terminal.ts";

/** `$XDG_STATE_HOME/callsql`, else `~/.local/state/callsql`. The XDG rules: a relative path is as good as none. */
export function stateFolder({ env }: Pick<Terminal, "env">): string {
  const state = env["XDG_STATE_HOME"];
  const base = state?.startsWith("/") === true ? state : join(env["HOME"] ?? homedir(), ".local", "state");
  return join(base, "callsql");
}

/** The record of calls: where it was asked to be, else in the state directory. */
export function ledgerFile({ ledger }: Pick<Options, "ledger">, terminal: Pick<Terminal, "env">): string {
  return ledger ?? join(stateFolder(terminal), "ledger.db");
}

/** For what only reads it: nothing is made. Throws ledger/none. */
export function existingLedger(options: Pick<Options, "ledger">, terminal: Pick<Terminal, "env">): string {
  const file = ledgerFile(options, terminal);
  return existsSync(file) ? file : fail("ledger/none", { file });
}
