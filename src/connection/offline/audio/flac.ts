/**
 * Writes FLAC of 24 kHz, 16 bits and one channel, losslessly, with the format's fixed predictors (RFC 9639). The packages that
 * encode FLAC are forty times the size of this file, and speech gains little from better predictors.
 */
import { createHash } from "node:crypto";

import { bytesOfInt16 } from "./audio.ts";
import { known } from "../../../diagnostics/known.ts";

export function writeFlac(samples: Int16Array): Buffer {
  const frames: Buffer[] = [];
  for (let at = 0; at < samples.length; at += blockSamples) {
    frames.push(writeFrame(samples.subarray(at, at + blockSamples), frames.length));
  }
  return Buffer.concat([Buffer.from("fLaC"), writeStreamInfo(samples), ...frames]);
}

function writeStreamInfo(samples: Int16Array): Buffer {
  const bits = new BitWriter();
  bits.write(1, 1); // the last metadata block
  bits.write(0, 7);
  bits.write(34, 24);
  bits.write(blockSamples, 16);
  bits.write(blockSamples, 16);
  bits.write(0, 24); // frame sizes: not told
  bits.write(0, 24);
  bits.write(24_000, 20);
  bits.write(0, 3); // channels - 1
  bits.write(15, 5); // bits a sample - 1
  bits.write(0, 4);
  bits.write(samples.length, 32);
  return Buffer.concat([bits.toBuffer(), createHash("md5").update(bytesOfInt16(samples)).digest()]);
}

function writeFrame(block: Int16Array, number: number): Buffer {
  const bits = new BitWriter();
  bits.write(0xfff8, 16); // sync, fixed block size
  bits.write(7, 4); // the block size follows in 16 bits
  bits.write(7, 4); // 24 kHz
  bits.write(0, 4); // one channel
  bits.write(4, 3); // 16 bits a sample
  bits.write(0, 1);
  for (const byte of codePoint(number)) bits.write(byte, 8);
  bits.write(block.length - 1, 16);
  bits.write(checksum(bits.toBuffer(), 8, 0x07), 8);
  writeSubframe(bits, block);
  bits.align();
  bits.write(checksum(bits.toBuffer(), 16, 0x8005), 16);
  return bits.toBuffer();
}

function writeSubframe(bits: BitWriter, block: Int16Array): void {
  const { order, residual } = predict(block);
  bits.write(8 | order, 7); // a fixed predictor
  bits.write(0, 1);
  for (const sample of block.subarray(0, order)) bits.write(sample & 0xffff, 16);
  bits.write(0, 6); // Rice codes with 4-bit parameters, one partition
  const folded = Array.from(residual, (value) => (value < 0 ? -2 * value - 1 : 2 * value));
  const mean = folded.reduce((sum, value) => sum + value, 0) / Math.max(1, folded.length);
  const parameter = Math.max(0, Math.min(14, Math.floor(Math.log2(mean + 1))));
  bits.write(parameter, 4);
  for (const value of folded) {
    bits.writeZeros(value >> parameter);
    bits.write((1 << parameter) | (value & ((1 << parameter) - 1)), parameter + 1);
  }
}

/** The order whose residual is smallest: each order is the difference of the one before. */
function predict(block: Int16Array): { order: number; residual: Int32Array } {
  let current = Int32Array.from(block);
  let best = { order: 0, residual: current };
  let bestSize = sizeOf(current);
  for (let order = 1; order <= Math.min(4, block.length - 1); order += 1) {
    const previous = current;
    current = Int32Array.from(
      { length: previous.length - 1 },
      (_, index) => known(previous[index + 1]) - known(previous[index]),
    );
    const size = sizeOf(current);
    if (size < bestSize) {
      best = { order, residual: current };
      bestSize = size;
    }
  }
  return best;
}

function sizeOf(residual: Int32Array): number {
  return residual.reduce((sum, value) => sum + Math.abs(value), 0);
}

/** Frame numbers are coded as UTF-8 codes code points. */
function codePoint(number: number): Buffer {
  return Buffer.from(String.fromCodePoint(number));
}

function checksum(bytes: Uint8Array, width: 8 | 16, polynomial: number): number {
  const top = 1 << (width - 1);
  let remainder = 0;
  for (const byte of bytes) {
    remainder ^= byte << (width - 8);
    for (let bit = 0; bit < 8; bit += 1) {
      const shifted = (remainder << 1) & (2 * top - 1);
      remainder = (remainder & top) === 0 ? shifted : shifted ^ polynomial;
    }
  }
  return remainder;
}

/** Most significant bit first. */
class BitWriter {
  readonly #bytes: number[] = [];
  #open = 0;
  #openBits = 0;

  /** The lowest `width` bits, at most 32. */
  write(value: number, width: number): void {
    for (let bit = width - 1; bit >= 0; bit -= 1) {
      this.#open = (this.#open << 1) | ((value >>> bit) & 1);
      this.#openBits += 1;
      if (this.#openBits === 8) this.#close();
    }
  }

  writeZeros(count: number): void {
    for (let left = count; left > 0; left -= 32) this.write(0, Math.min(left, 32));
  }

  align(): void {
    if (this.#openBits > 0) this.write(0, 8 - this.#openBits);
  }

  /** Whole bytes only. */
  toBuffer(): Buffer {
    return Buffer.from(this.#bytes);
  }

  #close(): void {
    this.#bytes.push(this.#open);
    this.#open = 0;
    this.#openBits = 0;
  }
}

/** FLAC's usual block; its frame numbers stay code points for more than an hour of speech. */
const blockSamples = 4096;
