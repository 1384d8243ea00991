/**
 * The text of a file of data, piece by piece: files may be larger than memory. UTF-8, or UTF-16 where a byte order mark
 * says so, as spreadsheets write it. SQL scripts are UTF-8 alone: see file.ts.
 */
import { createReadStream } from "node:fs";
import { fail, systemCodeOf } from "../index.ts";
import { failUnreadable } from "./file.ts";
import { decodeUtf8 } from "./utf8.ts";
import { expectError } from "./expected.ts";

export async function* readTextChunks(file: string): AsyncGenerator<string> {
  try {
    const chunks = createReadStream(file)[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
    const first = await chunks.next();
    if (first.done === true) return;
    const encoding = utf16Of(first.value);
    const all = rejoined(first.value, chunks);
    yield* encoding === undefined ? decodeUtf8(file, all) : decodeUtf16(file, encoding, all);
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    failUnreadable(file, error);
  }
}

/** All of it at once. */
export async function readDataText(file: string): Promise<string> {
  return (await Array.fromAsync(readTextChunks(file))).join("");
}

function utf16Of(bytes: Uint8Array): "utf-16le" | "utf-16be" | undefined {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return "utf-16le";
  return first === 0xfe && second === 0xff ? "utf-16be" : undefined;
}

async function* rejoined(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield first;
    for (let step = await rest.next(); step.done !== true; step = await rest.next()) yield step.value;
  } finally {
    // Left early: the file is closed.
    await rest.return?.();
  }
}

/** The decoder drops the byte order mark. */
async function* decodeUtf16(
  file: string,
  encoding: "utf-16le" | "utf-16be",
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  try {
    for await (const chunk of chunks) yield decoder.decode(chunk, { stream: true });
    yield decoder.decode();
  } catch (error) {
    expectError(error, TypeError);
    fail("cli/invalid-utf16", { file });
  }
}
