/** Child processes as a user's shell would start them: the built command line, streams apart, a clean environment. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

export const root = join(import.meta.dirname, "../../..");

export interface RunOptions {
  /** Added to PATH and an empty HOME; nothing else of the test's environment is passed on. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Written to standard input, which is then closed; empty when absent. */
  readonly stdin?: string | Uint8Array;
}

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
}

/** `callsql ARGUMENTS`. */
export function callsql(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  return startCallsql(args, options).finished;
}

export function startCallsql(args: readonly string[], options: RunOptions = {}): Running {
  return start(process.execPath, [join(root, "bin/callsql.js"), ...args], options);
}

/** `node ARGUMENTS` at the root of the repository. */
export function runNode(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  return startNode(args, options).finished;
}

export function startNode(args: readonly string[], options: RunOptions = {}): Running {
  return start(process.execPath, args, { cwd: root, ...options });
}

/** Arguments with which this Node says that it is too old, so that bin/callsql.js starts the repository's own. */
export const oldNode: readonly string[] = [
  "--import",
  `data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,napi:"9"}})`,
];

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** A shell, in which `callsql` is the built command line. */
export function runShell(script: string, options: RunOptions = {}): Promise<Finished> {
  const callsqlFunction = `callsql() { '${process.execPath}' '${join(root, "bin/callsql.js")}' "$@"; }`;
  return start("bash", ["-c", `set -o pipefail; ${callsqlFunction}; ${script}`], options).finished;
}

/** What every process of a test is told: where its temporary files go, and where `npm run coverage` wants to know what it ran. */
export function testEnv(): Readonly<Record<string, string>> {
  const folder = process.env["NODE_V8_COVERAGE"];
  return { TMPDIR: tmpdir(), ...(folder === undefined ? {} : { NODE_V8_COVERAGE: folder }) };
}

/** What callsql keeps for its user goes here, and with the test. */
const home = mkdtempSync(join(tmpdir(), "callsql-home-"));
process.on("exit", () => rmSync(home, { recursive: true, force: true }));

function start(command: string, args: readonly string[], options: RunOptions): Running {
  if (!existsSync(join(root, "dist/cli/main.js"))) {
    throw new Error("dist/ is missing: these tests run the built package, run `npm run build` first");
  }
  const { PATH = "" } = process.env;
  const child = spawn(command, args, {
    cwd: options.cwd ?? root,
    env: { PATH, HOME: home, ...testEnv(), ...options.env },
    stdio: "pipe",
  });
  // A program that reads no input may be gone before it is written.
  child.stdin.on("error", () => {});
  child.stdin.end(options.stdin ?? "");
  const ended = new Promise<Pick<Finished, "code" | "signal">>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal }));
  });
  const finished = Promise.all([ended, text(child.stdout), text(child.stderr)]).then(
    ([how, stdout, stderr]): Finished => ({ ...how, stdout, stderr }),
  );
  return { child, finished };
}
