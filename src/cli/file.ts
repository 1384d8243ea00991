/**
 * Files given on the command line: read as bytes, or as UTF-8 text that is checked to be so.
 * Every failure is a coded diagnostic that names the file.
 */
import { readFile, stat } from "node:fs/promises";
import { fail, systemCodeOf, systemReasonOf } from "../index.ts";
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

export function failUnreadable(file: string, error: unknown): never {
  if (systemCodeOf(error) === "EISDIR") fail("cli/is-directory", { file });
  return fail("cli/unreadable-file", { file, reason: systemReasonOf(error) });
}
