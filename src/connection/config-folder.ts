/** Where callsql's configuration stands, by the XDG rules: a relative path is as good as none. */
import { homedir } from "node:os";
import { join } from "node:path";

/** Variables of an environment, such as process.env. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** `$XDG_CONFIG_HOME/callsql`, else `~/.config/callsql`. */
export function configFolder(env: Environment): string {
  return join(baseOf(env, "XDG_CONFIG_HOME", ".config"), "callsql");
}

/** `$XDG_STATE_HOME/callsql`, else `~/.local/state/callsql`. */
export function stateFolder(env: Environment): string {
  return join(baseOf(env, "XDG_STATE_HOME", join(".local", "state")), "callsql");
}

/** A variable that is set to nothing is not set. */
export function valueOf(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === "" ? undefined : value;
}

function baseOf(env: Environment, name: string, below: string): string {
  const base = env[name];
  return base?.startsWith("/") === true ? base : join(valueOf(env, "HOME") ?? homedir(), below);
}
