/** Where callsql's configuration stands, by the XDG rules: a relative path is as good as none. */
import { homedir } from "node:os";
import { dirname, join } from "node:path";

/** Variables of an environment, such as process.env. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** `$XDG_CONFIG_HOME/callsql`, else `~/.config/callsql`. */
export function configFolder(env: Environment): string {
  return join(baseOf(env, "XDG_CONFIG_HOME", ".config"), "callsql");
}

/** The user's own profiles: `$XDG_CONFIG_HOME/callsql/connections.toml`. */
export function userProfiles(env: Environment): string {
  return join(configFolder(env), "connections.toml");
}

/** Where a project's profiles may stand: its folder and those above, up to the home directory. */
export function* projectProfileFiles(folder: string, env: Environment): Generator<string> {
  for (let at = folder; ; at = dirname(at)) {
    yield join(at, "callsql.toml");
    if (at === dirname(at) || at === valueOf(env, "HOME")) return;
  }
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
