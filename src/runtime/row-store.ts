/**
 * Rows by number, packed into bytes outside of JavaScript's heap, up to a limit: a million short answers would otherwise
 * be tens of millions of objects. Gives back equal rows, not the same ones; their bytes are views of what is held here.
 */
import type { Row } from "../catalog/procedure.ts";
import type { SqlValue } from "../catalog/value.ts";

const chunkBytes = 2 ** 20;
/** Reading a short row again costs as much as a long one, holding it less: long ones leave a quarter of the room. */
const longBytes = 1024;
const longShare = 0.75;

export class RowStore {
  readonly #bytesMax: number;
  readonly #chunks: Buffer[] = [];
  /** Number of a row → 1 + where it begins; 0: it is not held. */
  #starts = new Float64Array(1024);
  /** Where the next row goes: all chunks but the last are full. */
  #used = chunkBytes;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Cells from `width` on do not come back. A row stays out when there is no room for it, unless it is forced in. */
  put(number: number, row: Row, { width, isForced }: { width: number; isForced: boolean }): void {
    const size = sizeOf(row, width);
    const bytesMax = size > longBytes ? longShare * this.#bytesMax : this.#bytesMax;
    if (!isForced && this.#bytes + size > bytesMax) return;
    this.#bytes += size;
    const chunk = this.#chunkFor(size);
    if (number >= this.#starts.length) {
      const larger = new Float64Array(Math.max(number + 1, this.#starts.length * 2));
      larger.set(this.#starts);
      this.#starts = larger;
    }
    this.#starts[number] = 1 + (this.#chunks.length - 1) * 2 ** 32 + this.#used;
    this.#used = write(chunk, this.#used, row, width);
  }

  get(number: number): Row | undefined {
    const start = this.#starts[number] ?? 0;
    if (start === 0) return undefined;
    const chunk = this.#chunks[Math.floor((start - 1) / 2 ** 32)];
    return chunk === undefined ? undefined : read(chunk, (start - 1) % 2 ** 32);
  }

  #chunkFor(size: number): Buffer {
    const last = this.#chunks.at(-1);
    if (last !== undefined && this.#used + size <= last.length) return last;
    const chunk = Buffer.allocUnsafeSlow(Math.max(chunkBytes, size));
    this.#chunks.push(chunk);
    this.#used = 0;
    return chunk;
  }
}

/** What a cell begins with. */
const tag = { null: 0, text: 1, integer: 2, real: 3, blob: 4 } as const;

function sizeOf(row: Row, width: number): number {
  let size = 2;
  for (let index = 0; index < width; index++) {
    const value = row[index] ?? null;
    if (value === null) size += 1;
    else if (typeof value === "string") size += 5 + Buffer.byteLength(value);
    else size += value instanceof Uint8Array ? 5 + value.length : 9;
  }
  return size;
}

function write(chunk: Buffer, start: number, row: Row, width: number): number {
  let at = chunk.writeUInt16LE(width, start);
  for (let index = 0; index < width; index++) at = writeCell(chunk, at, row[index] ?? null);
  return at;
}

function writeCell(chunk: Buffer, start: number, value: SqlValue): number {
  switch (typeof value) {
    case "string": {
      const length = chunk.write(value, start + 5);
      chunk[start] = tag.text;
      return chunk.writeUInt32LE(length, start + 1) + length;
    }
    case "bigint":
      chunk[start] = tag.integer;
      return chunk.writeBigInt64LE(value, start + 1);
    case "number":
      chunk[start] = tag.real;
      return chunk.writeDoubleLE(value, start + 1);
    default:
      if (value === null) {
        chunk[start] = tag.null;
        return start + 1;
      }
      chunk[start] = tag.blob;
      chunk.set(value, start + 5);
      return chunk.writeUInt32LE(value.length, start + 1) + value.length;
  }
}

function read(chunk: Buffer, start: number): Row {
  const row: SqlValue[] = [];
  let at = start + 2;
  for (let left = chunk.readUInt16LE(start); left > 0; left--) {
    switch (chunk[at]) {
      case tag.null:
        row.push(null);
        at += 1;
        break;
      case tag.integer:
        row.push(chunk.readBigInt64LE(at + 1));
        at += 9;
        break;
      case tag.real:
        row.push(chunk.readDoubleLE(at + 1));
        at += 9;
        break;
      default: {
        const from = at + 5;
        const end = from + chunk.readUInt32LE(at + 1);
        row.push(chunk[at] === tag.text ? chunk.toString("utf8", from, end) : chunk.subarray(from, end));
        at = end;
      }
    }
  }
  return row;
}
