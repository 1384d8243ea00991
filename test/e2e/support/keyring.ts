/** A login session with a keychain, where this machine has what that takes: Debian's dbus and gnome-keyring. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { runShell, type Finished, type RunOptions } from "./process.ts";

const programs = ["dbus-run-session", "gnome-keyring-daemon"];

/** What it lacks; undefined: nothing. */
export function missingKeyring(): string | undefined {
  if (process.platform !== "linux") return `gnome-keyring belongs to Linux, this is ${process.platform}`;
  const lacking = programs.filter((program) => !isInPath(program));
  return lacking.length === 0 ? undefined : `${lacking.join(" and ")} not in the PATH`;
}

export interface SessionOptions extends RunOptions {
  /** Nobody has typed the keychain's password. */
  readonly isLocked: boolean;
}

/** Runs a script of a shell that knows `callsql`, in a session with a keychain, or in none. */
export function runInSession(script: string, { isLocked, ...options }: SessionOptions): Promise<Finished> {
  if (missingKeyring() !== undefined) return runShell(script, options);
  const unlock = "printf %s password | gnome-keyring-daemon --unlock --components=secrets >/dev/null";
  const inside = isLocked ? script : `${unlock}; ${script}`;
  // The keychain's sockets outlive the session by a moment.
  const runtime = 'export XDG_RUNTIME_DIR="$(mktemp -d)"; trap \'rm -rf "$XDG_RUNTIME_DIR"\' EXIT';
  return runShell(`${runtime}; export -f callsql; dbus-run-session -- bash -c "$INSIDE"`, {
    ...options,
    env: { ...options.env, INSIDE: inside },
  });
}

function isInPath(program: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
