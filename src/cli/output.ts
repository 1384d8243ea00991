/**
 * Where results go: standard output, or a file that appears only when it is whole.
 * Gathers small writes; decides nothing about formats.
 */
import { randomUUID } from "node:crypto";
import { open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fail } from "../index.ts";
import { readErrorReason } from "./file.ts";
import type { OutputStream } from "./terminal.ts";

export interface Output {
  write(text: string): Promise<void>;
  /** Everything written has arrived. */
  flush(): Promise<void>;
  /** `whole`: the file takes its name. Otherwise it is removed. */
  close(whole: boolean): Promise<void>;
}

/** Past this many characters a write waits until the reader took them. */
const pendingMax = 65_536;

/** `beforeWrite` clears a progress line that shares the terminal. */
export function standardOutput(stream: OutputStream, beforeWrite: () => void): Output {
  const gathered = new Gathered(async (text) => {
    beforeWrite();
    await stream.write(text);
  });
  return {
    write: (text) => gathered.write(text),
    flush: () => gathered.flush(),
    close: () => gathered.flush(),
  };
}

/** Writes beside `path` and renames: a reader sees the old file or the whole new one, never half of one. */
export async function fileOutput(path: string): Promise<Output> {
  const target = await stat(path).catch(() => undefined);
  if (target?.isDirectory()) fail("cli/is-directory", { file: path });
  // A device or a pipe (/dev/null, /dev/fd/3) cannot be replaced by a rename.
  const isPlain = target === undefined || target.isFile();
  const written = isPlain ? join(dirname(path), `.${basename(path)}.${randomUUID().slice(0, 8)}.tmp`) : path;
  const mode = target?.isFile() ? target.mode : 0o666;
  const file = await open(written, "w", mode).catch((error: unknown) => {
    return fail("cli/unwritable-file", { file: path, reason: readErrorReason(error) });
  });
  const gathered = new Gathered(async (text) => {
    await file.appendFile(text).catch((error: unknown) => {
      fail("cli/unwritable-file", { file: path, reason: readErrorReason(error) });
    });
  });
  return {
    write: (text) => gathered.write(text),
    flush: () => gathered.flush(),
    close: async (whole) => {
      try {
        if (whole) await gathered.flush();
        if (whole && isPlain) await file.sync();
      } finally {
        await file.close();
        if (!whole && isPlain) await rm(written, { force: true });
      }
      if (whole && isPlain) await rename(written, path);
    },
  };
}

/** Joins the many small texts of one turn of the event loop into one write, so that rows still appear at once. */
class Gathered {
  readonly #send: (text: string) => Promise<void>;
  #pending = "";
  #timer: NodeJS.Immediate | undefined;
  #sent: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;

  constructor(send: (text: string) => Promise<void>) {
    this.#send = send;
  }

  async write(text: string): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error;
    this.#pending += text;
    if (this.#pending.length >= pendingMax) return this.flush();
    this.#timer ??= setImmediate(() => {
      this.#timer = undefined;
      this.#start();
    });
  }

  async flush(): Promise<void> {
    if (this.#timer !== undefined) clearImmediate(this.#timer);
    this.#timer = undefined;
    this.#start();
    await this.#sent;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** A failure is kept for the next write or flush: nobody awaits a write that a timer started. */
  #start(): void {
    const text = this.#pending;
    this.#pending = "";
    if (text === "") return;
    this.#sent = this.#sent
      .then(() => (this.#failure === undefined ? this.#send(text) : undefined))
      .catch((error: unknown) => {
        this.#failure ??= { error };
      });
  }
}
