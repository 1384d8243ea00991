/**
 * PNG to pixels (W3C PNG, third edition), for terminals that are given coloured cells. Every colour type and depth; not
 * interlaced ones, which nobody's API sends. What cannot be decoded is undefined: the result still says what it is.
 */
import { inflateSync } from "node:zlib";
import { sniff } from "../../../index.ts";
import { known } from "../../known.ts";

export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue, alpha; row by row. */
  readonly rgba: Uint8Array;
}

/** Larger ones would stop the prompt for seconds, and are told by their size. */
const pixelsMax = 40_000_000;

interface Header {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly channels: number;
  readonly colourType: number;
}

const channelsOf: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

export function decodePng(bytes: Uint8Array): Pixels | undefined {
  if (sniff(bytes)?.format !== "png" || bytes.length < 33) return undefined;
  const chunks = chunksOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const header = headerOf(chunks);
  if (header === undefined) return undefined;
  const stride = Math.ceil((header.width * header.channels * header.depth) / 8);
  const length = (stride + 1) * header.height;
  try {
    const packed = chunks.filter(({ type }) => type === "IDAT").map((chunk) => chunk.data);
    const data = inflateSync(Buffer.concat(packed), { maxOutputLength: length + 1 });
    if (data.length < length) return undefined;
    unfilter(data, stride, header);
    return { width: header.width, height: header.height, rgba: toRgba(data, stride, { header, chunks }) };
  } catch {
    // zlib says that the data are broken.
    return undefined;
  }
}

interface Chunk {
  readonly type: string;
  readonly data: Buffer;
}

function chunksOf(bytes: Buffer): Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = 8; at + 8 <= bytes.length;) {
    const length = bytes.readUInt32BE(at);
    chunks.push({
      type: bytes.toString("latin1", at + 4, at + 8),
      data: bytes.subarray(at + 8, at + 8 + length),
    });
    at += 12 + length;
  }
  return chunks;
}

function headerOf([first]: readonly Chunk[]): Header | undefined {
  if (first?.type !== "IHDR" || first.data.length < 13) return undefined;
  const { data } = first;
  const [width, height] = [data.readUInt32BE(0), data.readUInt32BE(4)];
  const [depth, colourType, interlace] = [data.readUInt8(8), data.readUInt8(9), data.readUInt8(12)];
  const channels = channelsOf[colourType];
  if (channels === undefined || interlace !== 0 || width * height === 0 || width * height > pixelsMax)
    return undefined;
  return { width, height, depth, channels, colourType };
}

/** Takes back each line's prediction, in place; a line's first byte says which it was. */
function unfilter(data: Buffer, stride: number, { height, channels, depth }: Header): void {
  const step = Math.max(1, (channels * depth) >> 3);
  for (let row = 0; row < height; row++) {
    const start = row * (stride + 1) + 1;
    const filter = known(data[start - 1]);
    if (filter === 0) continue;
    for (let index = 0; index < stride; index++) {
      const at = start + index;
      const left = index < step ? 0 : known(data[at - step]);
      const above = row === 0 ? 0 : known(data[at - stride - 1]);
      const corner = row === 0 || index < step ? 0 : known(data[at - stride - 1 - step]);
      data[at] = known(data[at]) + predicted(filter, left, above, corner);
    }
  }
}

function predicted(filter: number, left: number, above: number, corner: number): number {
  if (filter === 1) return left;
  if (filter === 2) return above;
  if (filter === 3) return (left + above) >> 1;
  const [a, b, c] = [Math.abs(above - corner), Math.abs(left - corner), Math.abs(left + above - 2 * corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? above : corner;
}

function toRgba(
  data: Buffer,
  stride: number,
  { header, chunks }: { readonly header: Header; readonly chunks: readonly Chunk[] },
): Uint8Array {
  const { width, height, depth, channels, colourType } = header;
  const palette = chunks.find(({ type }) => type === "PLTE")?.data;
  const transparency = chunks.find(({ type }) => type === "tRNS")?.data;
  const rgba = new Uint8Array(width * height * 4);
  const scale = 255 / (2 ** Math.min(depth, 8) - 1);
  /** Of 16 bits the upper eight. */
  const sample = (row: number, index: number): number => {
    const start = row * (stride + 1) + 1;
    if (depth >= 8) return known(data[start + index * (depth >> 3)]);
    const bit = index * depth;
    return (known(data[start + (bit >> 3)]) >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
  };
  for (let row = 0, at = 0; row < height; row++) {
    for (let column = 0; column < width; column++, at += 4) {
      const first = sample(row, column * channels);
      const isGrey = colourType === 0 || colourType === 4;
      if (colourType === 3) {
        rgba.set(palette?.subarray(first * 3, first * 3 + 3) ?? [], at);
        rgba[at + 3] = transparency?.[first] ?? 255;
        continue;
      }
      rgba[at] = first * scale;
      rgba[at + 1] = isGrey ? first * scale : sample(row, column * channels + 1);
      rgba[at + 2] = isGrey ? first * scale : sample(row, column * channels + 2);
      rgba[at + 3] = colourType >= 4 ? sample(row, column * channels + channels - 1) : 255;
    }
  }
  return rgba;
}

/** Made smaller, each pixel the mean of those it stands for; never larger. */
export function shrunk(
  { width, height, rgba }: Pixels,
  to: { readonly width: number; readonly height: number },
): Pixels {
  const scale = Math.min(1, to.width / width, to.height / height);
  const [columns, rows] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
  const small = new Uint8Array(columns * rows * 4);
  for (let y = 0; y < rows; y++) {
    const [top, bottom] = [Math.floor((y * height) / rows), Math.ceil(((y + 1) * height) / rows)];
    for (let x = 0; x < columns; x++) {
      const [left, right] = [Math.floor((x * width) / columns), Math.ceil(((x + 1) * width) / columns)];
      const sums = [0, 0, 0, 0];
      for (let row = top; row < bottom; row++)
        for (let at = (row * width + left) * 4, end = (row * width + right) * 4; at < end; at++)
          sums[at & 3] = known(sums[at & 3]) + known(rgba[at]);
      const count = (bottom - top) * (right - left);
      for (let channel = 0; channel < 4; channel++)
        small[(y * columns + x) * 4 + channel] = Math.round(known(sums[channel]) / count);
    }
  }
  return { width: columns, height: rows, rgba: small };
}
