/**
 * Bytes to text, strictly: TextDecoder either repairs silently or says "invalid" without a place, and a user
 * with a 2 GB file needs the place.
 */
import { isUtf8 } from "node:buffer";
import { fail } from "../index.ts";
import { known } from "./known.ts";

/** Pieces of text; fails with cli/invalid-utf8 at the first bad byte. A leading byte order mark is dropped. */
export async function* decodeUtf8(
  name: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  let offset = 0;
  let isFirst = true;
  for await (const chunk of chunks) {
    const bytes = Buffer.concat([rest, chunk]);
    const whole = bytes.subarray(0, bytes.length - unfinishedLength(bytes));
    if (!isUtf8(whole)) failAt(name, whole, offset);
    rest = bytes.subarray(whole.length);
    offset += whole.length;
    if (whole.length === 0) continue;
    const text = whole.toString("utf8");
    yield isFirst && text.startsWith("\ufeff") ? text.slice(1) : text;
    isFirst = false;
  }
  if (rest.length > 0) fail("cli/invalid-utf8", { file: name, offset, isUtf16: false });
}

/** Bytes at the end that begin a character whose other bytes have not arrived. */
function unfinishedLength(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = known(bytes[bytes.length - back]);
    if (byte >= 0xc0) return back < sequenceLength(byte) ? back : 0;
    if (byte < 0x80) return 0;
  }
  return 0;
}

function sequenceLength(lead: number): number {
  if (lead >= 0xf0) return lead <= 0xf4 ? 4 : 0;
  return lead >= 0xe0 ? 3 : 2;
}

function failAt(name: string, bytes: Buffer, offset: number): never {
  const mark = offset === 0 && bytes.length > 1 ? bytes.readUInt16BE(0) : 0;
  const isUtf16 = mark === 0xfffe || mark === 0xfeff;
  return fail("cli/invalid-utf8", { file: name, offset: offset + firstInvalid(bytes), isUtf16 });
}

function firstInvalid(bytes: Buffer): number {
  let at = 0;
  while (at < bytes.length) {
    const byte = known(bytes[at]);
    const length = byte < 0x80 ? 1 : sequenceLength(byte);
    // isUtf8 knows the rest: stray continuation bytes, overlong forms, surrogates.
    if (byte >= 0x80 && (length === 0 || !isUtf8(bytes.subarray(at, at + length)))) return at;
    at += length;
  }
  return at;
}
