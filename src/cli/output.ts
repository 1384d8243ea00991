/**
 * Where results go: standard output, or a file that appears only when it is whole.
 * Gathers small writes; decides nothing about formats.
 */
import { randomUUID } from "node:crypto";
import { open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fail, systemReasonOf } from "../index.ts";
import type { OutputStream } from "./terminal.ts";

export interface Output {
  /** Text, or bytes that are no text (Parquet). */
  write(piece: string | Uint8Array): Promise<void>;
  /** Everything written has arrived. */
  flush(): Promise<void>;
  /** `whole`: the file takes its name. Otherwise it is removed. */
  close(whole: boolean): Promise<void>;
}

/** Past this many characters a write waits until the reader took them. */
const pendingMax = 65_536;

/** `beforeWrite` clears a progress line that shares the terminal. */
export function standardOutput(stream: OutputStream, beforeWrite: () => void): Output {
  const gathered = new Gathered(async (piece) => {
    beforeWrite();
    await stream.write(piece);
  });
  return {
    write: (piece) => gathered.write(piece),
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
    return fail("cli/unwritable-file", { file: path, reason: systemReasonOf(error) });
  });
  const gathered = new Gathered(async (piece) => {
    await file.appendFile(piece).catch((error: unknown) => {
      fail("cli/unwritable-file", { file: path, reason: systemReasonOf(error) });
    });
  });
  return {
    write: (piece) => gathered.write(piece),
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
  readonly #send: (piece: string | Uint8Array) => Promise<void>;
  #pending = "";
  #timer: NodeJS.Immediate | undefined;
  #sent: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;

  constructor(send: (piece: string | Uint8Array) => Promise<void>) {
    this.#send = send;
  }

  async write(piece: string | Uint8Array): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (typeof piece !== "string") {
      this.#sendPending();
      this.#enqueue(piece);
      return this.flush();
    }
    this.#pending += piece;
    if (this.#pending.length >= pendingMax) return this.flush();
    this.#timer ??= setImmediate(() => {
      this.#timer = undefined;
      this.#sendPending();
    });
  }

  async flush(): Promise<void> {
    if (this.#timer !== undefined) clearImmediate(this.#timer);
    this.#timer = undefined;
    this.#sendPending();
    await this.#sent;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #sendPending(): void {
    const text = this.#pending;
    this.#pending = "";
    if (text !== "") this.#enqueue(text);
  }

  /** A failure is kept for the next write or flush: nobody awaits a write that a timer started. */
  #enqueue(piece: string | Uint8Array): void {
    this.#sent = this.#sent
      .then(() => (this.#failure === undefined ? this.#send(piece) : undefined))
      .catch((error: unknown) => {
        this.#failure ??= { error };
      });
  }
}
