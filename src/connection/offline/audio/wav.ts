/** WAV files: writes 16-bit PCM; reads PCM of 8 to 32 bits, floats, and the A-law and µ-law of telephones. */
import { bytesOfInt16, type Audio } from "./audio.ts";

export function writeWav(samples: Int16Array, rate: number): Buffer {
  const data = bytesOfInt16(samples);
  const header = Buffer.alloc(44);
  header.write("RIFF", 0, "latin1");
  header.writeUInt32LE(36 + data.length, 4);
  header.write("WAVEfmt ", 8, "latin1");
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(codecs.pcm, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(2 * rate, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write("data", 36, "latin1");
  header.writeUInt32LE(data.length, 40);
  return Buffer.concat([header, data]);
}

/** Channels are averaged. undefined when the file is broken, or in a coding that is not read here. */
export function readWav(bytes: Uint8Array): Audio | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks = readChunks(view);
  const format = chunks.get("fmt ");
  const data = chunks.get("data");
  if (format === undefined || data === undefined || format.byteLength < 16) return undefined;
  const declared = format.getUint16(0, true);
  const isExtended = declared === codecs.extensible && format.byteLength >= 26;
  const codec = isExtended ? format.getUint16(24, true) : declared;
  const channels = format.getUint16(2, true);
  const rate = format.getUint32(4, true);
  const sampleBytes = format.getUint16(14, true) >> 3;
  const read = readerOf(codec, sampleBytes);
  if (read === undefined || channels === 0 || rate < rateMin || rate > rateMax) return undefined;
  const frames = Math.floor(data.byteLength / (sampleBytes * channels));
  const samples = Float32Array.from({ length: frames }, (_, frame) => {
    let sum = 0;
    for (let channel = 0; channel < channels; channel += 1) {
      sum += read(data, (frame * channels + channel) * sampleBytes);
    }
    return sum / channels;
  });
  return { samples, rate };
}

/** By name; the first of a kind counts. A chunk that promises more than there is ends with the file. */
function readChunks(view: DataView): ReadonlyMap<string, DataView> {
  const chunks = new Map<string, DataView>();
  for (let at = 12; at + 8 <= view.byteLength;) {
    const name = String.fromCharCode(...[0, 1, 2, 3].map((index) => view.getUint8(at + index)));
    const declared = view.getUint32(at + 4, true);
    const length = Math.min(declared, view.byteLength - at - 8);
    if (!chunks.has(name)) chunks.set(name, new DataView(view.buffer, view.byteOffset + at + 8, length));
    at += 8 + declared + (declared % 2);
  }
  return chunks;
}

type SampleReader = (data: DataView, at: number) => number;

function readerOf(codec: number, bytes: number): SampleReader | undefined {
  if (codec === codecs.aLaw && bytes === 1) return (data, at) => expandALaw(data.getUint8(at));
  if (codec === codecs.muLaw && bytes === 1) return (data, at) => expandMuLaw(data.getUint8(at));
  if (codec === codecs.float && bytes === 4) return (data, at) => finite(data.getFloat32(at, true));
  if (codec === codecs.float && bytes === 8) return (data, at) => finite(data.getFloat64(at, true));
  if (codec !== codecs.pcm) return undefined;
  switch (bytes) {
    case 1:
      return (data, at) => (data.getUint8(at) - 128) / 128;
    case 2:
      return (data, at) => data.getInt16(at, true) / 32_768;
    case 3:
      return (data, at) => (data.getUint16(at, true) + data.getInt8(at + 2) * 65_536) / 8_388_608;
    case 4:
      return (data, at) => data.getInt32(at, true) / 2_147_483_648;
    default:
      return undefined;
  }
}

function finite(sample: number): number {
  return Number.isFinite(sample) ? sample : 0;
}

/** ITU-T G.711: sign, three bits of exponent, four of mantissa; every second bit is inverted. */
function expandALaw(code: number): number {
  const bits = code ^ 0x55;
  const exponent = (bits >> 4) & 7;
  const mantissa = ((bits & 15) << 4) + 8;
  const magnitude = exponent === 0 ? mantissa : (mantissa + 256) << (exponent - 1);
  return ((bits & 0x80) === 0 ? -magnitude : magnitude) / 32_768;
}

/** ITU-T G.711: all bits are inverted, and a bias of 33 (132 in 16 bits) makes the exponents even. */
function expandMuLaw(code: number): number {
  const bits = ~code & 0xff;
  const magnitude = ((((bits & 15) << 3) + 132) << ((bits >> 4) & 7)) - 132;
  return ((bits & 0x80) === 0 ? magnitude : -magnitude) / 32_768;
}

const codecs = { pcm: 1, float: 3, aLaw: 6, muLaw: 7, extensible: 0xfffe };
const rateMin = 4000;
const rateMax = 384_000;
