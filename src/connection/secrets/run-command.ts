/**
 * A command that prints a secret: run by the shell, within a time, with nothing to read. What it prints is never shown;
 * what it complains of is, since that says what to do (log in, unlock).
 */
import { spawn } from "node:child_process";
import { secretTexts } from "../../diagnostics/messages/connect.ts";
import type { Environment } from "../config-folder.ts";
import { presentable } from "../mask.ts";
import { SecretError } from "./secret-error.ts";

const timeoutMs = 60_000;
/** Far more than any token has. */
const bytesMax = 1_048_576;
/** Of a complaint; presentable() cuts it. */
const complaintMax = 4096;

/** What it printed. Throws SecretError. */
export async function runCommand(command: string, env: Environment, limitMs = timeoutMs): Promise<string> {
  // In the terminal's own group: a password manager may ask there.
  const child = spawn("/bin/sh", ["-c", command], { env: { ...env }, stdio: ["ignore", "pipe", "pipe"] });
  const printed = new Gathered(bytesMax);
  const complained = new Gathered(complaintMax);
  child.stdout.on("data", (chunk: Buffer) => printed.add(chunk));
  child.stderr.on("data", (chunk: Buffer) => complained.add(chunk));
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const refuse = (message: string): void => reject(new SecretError(message));
  const timer = setTimeout(() => {
    refuse(secretTexts.commandSlow({ command, seconds: limitMs / 1000 }));
    child.kill("SIGKILL");
    // What the shell has started may live on and hold the pipes: nobody waits for it.
    child.stdout.destroy();
    child.stderr.destroy();
  }, limitMs);
  child.on("error", ({ message }) => refuse(secretTexts.commandFailed({ command, ending: message })));
  child.on("close", (code, signal) => {
    if (code === 0) return resolve(printed.text);
    const ending = signal === null ? `exit code ${code}` : signal;
    const words = presentable(complained.text.trim(), printed.text.split(/\s+/));
    refuse(secretTexts.commandFailed({ command, ending, ...(words === "" ? {} : { words }) }));
  });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

/** The beginning of what comes. */
class Gathered {
  readonly #max: number;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(max: number) {
    this.#max = max;
  }

  add(chunk: Buffer): void {
    if (this.#bytes < this.#max) this.#chunks.push(chunk.subarray(0, this.#max - this.#bytes));
    this.#bytes += chunk.length;
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString("utf8");
  }
}
