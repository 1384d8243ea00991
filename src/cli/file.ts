/**
 * Files given on the command line: read as bytes, or as UTF-8 text that is checked to be so.
 * Every failure is a coded diagnostic that names the file.
 */
import { readFile, stat } from "node:fs/promises";
import { fail } from "../index.ts";
import { decodeUtf8 } from "./utf8.ts";

/** A text file that is to be read whole (a script, parameters). A byte order mark is dropped. */
export async function readText(file: string): Promise<string> {
  const bytes = await readBytes(file);
  return textOf(file, [bytes]);
}

export async function readBytes(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    return failUnreadable(file, error);
  }
}

/** Bytes that came from `name` (a file, or `stdin`) as text. */
export async function textOf(
  name: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<string> {
  const parts: string[] = [];
  for await (const part of decodeUtf8(name, chunks)) parts.push(part);
  return parts.join("");
}

export async function sizeOf(file: string): Promise<number> {
  try {
    const found = await stat(file);
    return found.size;
  } catch (error) {
    return failUnreadable(file, error);
  }
}

/** A system error in words: `no such file or directory`. */
export function readErrorReason(error: unknown): string {
  const reasons: Record<string, string> = {
    ENOENT: "no such file or directory",
    EACCES: "permission denied",
    EPERM: "not permitted",
    EISDIR: "it is a directory",
    EEXIST: "it is a file",
    ENOTDIR: "a part of the path is not a directory",
    ENOSPC: "no space left on the device",
    EROFS: "the file system is read-only",
    ENAMETOOLONG: "the name is too long",
  };
  const code = readErrorCode(error);
  return reasons[code ?? ""] ?? (error instanceof Error ? error.message : String(error));
}

export function failUnreadable(file: string, error: unknown): never {
  if (readErrorCode(error) === "EISDIR") fail("cli/is-directory", { file });
  return fail("cli/unreadable-file", { file, reason: readErrorReason(error) });
}

/** `ENOENT` and its like; undefined for anything that the system did not raise. */
export function readErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("syscall" in error || "errno" in error)) return undefined;
  return "code" in error && typeof error.code === "string" ? error.code : undefined;
}
