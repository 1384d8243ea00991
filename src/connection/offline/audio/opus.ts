/** Opus in Ogg (RFC 7845), coded by the opusscript package: libopus in WebAssembly. */
import type OpusScript from "opusscript";

import type { Packages } from "../packages.ts";
import { bytesOfInt16, fromInt16, int16OfBytes, type Audio } from "./audio.ts";
import { type OggPage, readOgg, writeOgg } from "./ogg.ts";
import { valueAt } from "../vectors.ts";

export function writeOpus(samples: Int16Array, packages: Packages): Buffer {
  const codec = openCodec(packages);
  try {
    const pages: OggPage[] = [
      { packets: [writeHead()], position: 0 },
      { packets: [writeTags()], position: 0 },
    ];
    const delay = (skippedSamples * opusRate) / countedRate;
    const frames = Math.ceil((samples.length + delay) / frameSamples);
    for (let at = 0; at < frames; at += pageFrames) {
      const end = Math.min(at + pageFrames, frames);
      const packets = Array.from({ length: end - at }, (_, index) => {
        const start = (at + index) * frameSamples;
        const block = new Int16Array(frameSamples);
        block.set(samples.subarray(start, start + frameSamples));
        return codec.encode(bytesOfInt16(block), frameSamples);
      });
      const played = end === frames ? samples.length + delay : end * frameSamples;
      pages.push({ packets, position: (played * countedRate) / opusRate });
    }
    return writeOgg(pages);
  } finally {
    codec.delete();
  }
}

/** undefined when it is no Opus, has more than two channels, or is broken. */
export function readOpus(bytes: Uint8Array, packages: Packages): Audio | undefined {
  const [head, , ...packets] = readOgg(bytes) ?? [];
  if (head === undefined || head.length < 19) return undefined;
  const header = Buffer.from(head);
  const channels = header.readUInt8(9);
  if (header.toString("latin1", 0, 8) !== "OpusHead" || channels < 1 || channels > 2) return undefined;
  const skipped = Math.round((header.readUInt16LE(10) * opusRate) / countedRate);
  const codec = openCodec(packages, channels);
  try {
    const blocks = packets.map((packet) => mix(int16OfBytes(codec.decode(Buffer.from(packet))), channels));
    const samples = new Float32Array(blocks.reduce((sum, block) => sum + block.length, 0));
    let at = 0;
    for (const block of blocks) {
      samples.set(fromInt16(block), at);
      at += block.length;
    }
    return { samples: samples.subarray(skipped), rate: opusRate };
  } catch (error) {
    if (error instanceof Error && error.message.startsWith("Decode error")) return undefined;
    throw error;
  } finally {
    codec.delete();
  }
}

function mix(block: Int16Array, channels: number): Int16Array {
  if (channels === 1) return block;
  return Int16Array.from(
    { length: block.length / 2 },
    (_, index) => (valueAt(block, 2 * index) + valueAt(block, 2 * index + 1)) / 2,
  );
}

function openCodec(packages: Packages, channels = 1): OpusScript {
  const Codec = packages.load("opusscript") as typeof OpusScript;
  return new Codec(opusRate, channels, Codec.Application.VOIP);
}

function writeHead(): Buffer {
  const head = Buffer.alloc(19);
  head.write("OpusHead", 0, "latin1");
  head.writeUInt8(1, 8); // version
  head.writeUInt8(1, 9); // channels
  head.writeUInt16LE(skippedSamples, 10);
  head.writeUInt32LE(opusRate, 12);
  return head;
}

function writeTags(): Buffer {
  const vendor = "callsql";
  const tags = Buffer.alloc(8 + 4 + vendor.length + 4);
  tags.write("OpusTags", 0, "latin1");
  tags.writeUInt32LE(vendor.length, 8);
  tags.write(vendor, 12, "latin1");
  return tags;
}

const opusRate = 24_000;
/** Ogg counts Opus in this rate, whatever the sound has. */
const countedRate = 48_000;
/** 20 ms. */
const frameSamples = 480;
/** One second. */
const pageFrames = 50;
/** The encoder's delay, in the counted rate. */
const skippedSamples = 312;
