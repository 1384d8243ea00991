/**
 * readfile() and writefile(), where the host allows them. Writing happens once the delivering pass is done, never in
 * a pass that is rolled back (2-runtime, rule 8).
 */
import { readFileSync, writeFileSync } from "node:fs";
import type { Database } from "better-sqlite3";
import { fail } from "../diagnostics/diagnostic.ts";
import { systemReasonOf } from "../diagnostics/system-error.ts";

export class Files {
  /** Paths and contents a pass has asked to write; undefined: write at once. */
  #held: { path: string; content: string | Uint8Array }[] | undefined;

  /** Once. */
  register(db: Database): void {
    db.function("readfile", { directOnly: true }, (path: unknown) => read(String(path)));
    db.function("writefile", { directOnly: true }, (path: unknown, content: unknown) =>
      this.#write(String(path), readContent(content)),
    );
  }

  /** Holds writes back from now on; what an earlier pass asked for is forgotten. */
  hold(): void {
    this.#held = [];
  }

  /** Writes what the last pass asked for, and from now on at once. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const { path, content } of held) write(path, content);
  }

  /** Forgets what was held. */
  drop(): void {
    this.#held = undefined;
  }

  /** Bytes that are, or will be, written. */
  #write(path: string, content: string | Uint8Array): bigint {
    if (this.#held === undefined) write(path, content);
    else this.#held.push({ path, content });
    return BigInt(Buffer.byteLength(content));
  }
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    return fail("session/unreadable-file", { path, reason: systemReasonOf(error) });
  }
}

function write(path: string, content: string | Uint8Array): void {
  try {
    writeFileSync(path, content);
  } catch (error) {
    fail("session/unwritable-file", { path, reason: systemReasonOf(error) });
  }
}

function readContent(content: unknown): string | Uint8Array {
  if (typeof content === "string" || content instanceof Uint8Array) return content;
  return typeof content === "number" || typeof content === "bigint" ? String(content) : "";
}
