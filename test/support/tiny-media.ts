/**
 * Small real media files, made or kept here: images that decode, audio with the header of its format.
 * `seed` makes files of different requests differ in their bytes.
 */
import { crc32, deflateSync } from "node:zlib";

export type ImageFormat = "png" | "jpeg" | "webp" | "gif" | "svg";
export type AudioFormat = "mp3" | "opus" | "aac" | "flac" | "wav" | "pcm";

export interface ImageOptions {
  readonly width?: number;
  readonly height?: number;
  /** Any text; decides the colour. */
  readonly seed?: string;
  /** With an alpha channel whose left half is see-through: what a mask needs. */
  readonly alpha?: boolean;
}

export const audioMimeTypes: Readonly<Record<AudioFormat, string>> = {
  mp3: "audio/mpeg",
  opus: "audio/opus",
  aac: "audio/aac",
  flac: "audio/flac",
  wav: "audio/wav",
  pcm: "audio/pcm",
};

const jpegPixel =
  "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8X" +
  "GBYUGBIUFRT/wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAACf/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AKp//2Q==";
const webpPixel = "UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA";
const gifPixel = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";

/** PNG and SVG have the asked size; the others are one pixel, told apart by a comment. */
export function imageBytes(format: ImageFormat, options: ImageOptions = {}): Buffer {
  const seed = Buffer.from(options.seed ?? "image");
  switch (format) {
    case "png":
      return pngBytes(options);
    case "jpeg":
      return jpegWithComment(seed.subarray(0, 200));
    case "webp":
      return riff(Buffer.concat([Buffer.from(webpPixel, "base64").subarray(8), chunk("NOTE", seed)]));
    case "gif":
      return Buffer.from(gifPixel, "base64");
    case "svg":
      return Buffer.from(svgText(options));
  }
}

/** About `seconds` of a tone in WAV and PCM; the other formats are their headers with one silent frame. */
export function audioBytes(format: AudioFormat, seed = "audio", seconds = 0.1): Buffer {
  const note = Buffer.from(seed);
  switch (format) {
    case "wav":
      return wavBytes(toneBytes(seed, seconds));
    case "pcm":
      return toneBytes(seed, seconds);
    case "mp3":
      return Buffer.concat([id3(note), Buffer.from([0xff, 0xfb, 0x90, 0x00]), Buffer.alloc(413)]);
    case "flac":
      return Buffer.concat([
        Buffer.from("fLaC"),
        Buffer.from([0, 0, 0, 34]),
        streamInfo(),
        flacComment(note),
      ]);
    case "opus":
      return Buffer.concat([oggPage(0, 2, opusHead()), oggPage(1, 4, opusTags(note))]);
    case "aac":
      return Buffer.concat([Buffer.from([0xff, 0xf1, 0x50, 0x80, 0x04, 0x1f, 0xfc]), Buffer.alloc(26)]);
  }
}

function pngBytes({ width = 1, height = 1, seed = "image", alpha = false }: ImageOptions): Buffer {
  const colour = crc32(seed) >>> 0;
  const palette = Buffer.from([colour >>> 24, (colour >>> 16) & 255, (colour >>> 8) & 255, 255, 255, 255]);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // One bit a pixel through a palette keeps a 1024×1024 picture at 200 bytes; with alpha: 8-bit RGBA.
  header.set(alpha ? [8, 6, 0, 0, 0] : [1, 3, 0, 0, 0], 8);
  const row = alpha ? rgbaRow(width, palette) : Buffer.alloc(1 + Math.ceil(width / 8));
  const pixels = deflateSync(Buffer.concat(Array.from({ length: height }, () => row)));
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    pngChunk("IHDR", header),
    ...(alpha ? [] : [pngChunk("PLTE", palette)]),
    pngChunk("IDAT", pixels),
    pngChunk("IEND", Buffer.alloc(0)),
  ]);
}

function rgbaRow(width: number, palette: Buffer): Buffer {
  const row = Buffer.alloc(1 + width * 4);
  for (let x = 0; x < width; x++) row.set([...palette.subarray(0, 3), x < width / 2 ? 0 : 255], 1 + x * 4);
  return row;
}

function pngChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  return Buffer.concat([uint32BE(data.length), body, uint32BE(crc32(body))]);
}

function jpegWithComment(comment: Buffer): Buffer {
  const jpeg = Buffer.from(jpegPixel, "base64");
  const segment = Buffer.from([0xff, 0xfe, 0, comment.length + 2]);
  return Buffer.concat([jpeg.subarray(0, 2), segment, comment, jpeg.subarray(2)]);
}

function svgText({ width = 1, height = 1, seed = "image" }: ImageOptions): string {
  const colour = (crc32(seed) & 0xffffff).toString(16).padStart(6, "0");
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="#${colour}"/></svg>`;
}

function toneBytes(seed: string, seconds: number): Buffer {
  const rate = 24_000;
  const samples = Buffer.alloc(Math.max(1, Math.round(rate * seconds)) * 2);
  const hertz = 200 + (crc32(seed) % 800);
  for (let index = 0; index * 2 < samples.length; index++) {
    samples.writeInt16LE(Math.round(8000 * Math.sin((2 * Math.PI * hertz * index) / rate)), index * 2);
  }
  return samples;
}

function wavBytes(samples: Buffer): Buffer {
  const format = Buffer.alloc(16);
  format.writeUInt16LE(1, 0);
  format.writeUInt16LE(1, 2);
  format.writeUInt32LE(24_000, 4);
  format.writeUInt32LE(48_000, 8);
  format.writeUInt16LE(2, 12);
  format.writeUInt16LE(16, 14);
  return riff(Buffer.concat([Buffer.from("WAVE"), chunk("fmt ", format), chunk("data", samples)]));
}

function riff(content: Buffer): Buffer {
  return Buffer.concat([Buffer.from("RIFF"), uint32LE(content.length), content]);
}

function chunk(type: string, data: Buffer): Buffer {
  return Buffer.concat([Buffer.from(type), uint32LE(data.length), data, Buffer.alloc(data.length % 2)]);
}

function id3(note: Buffer): Buffer {
  const text = Buffer.concat([Buffer.from([0]), note.subarray(0, 60)]);
  const frame = Buffer.concat([Buffer.from("TIT2"), uint32BE(text.length), Buffer.from([0, 0]), text]);
  return Buffer.concat([Buffer.from("ID3"), Buffer.from([3, 0, 0, 0, 0, 0, frame.length]), frame]);
}

function streamInfo(): Buffer {
  const info = Buffer.alloc(34);
  info.writeUInt16BE(4096, 0);
  info.writeUInt16BE(4096, 2);
  info.set([0x05, 0xdc, 0x00, 0xf0], 10);
  return info;
}

function flacComment(note: Buffer): Buffer {
  const content = Buffer.concat([uint32LE(note.length), note, uint32LE(0)]);
  return Buffer.concat([uint32BE((0x84 * 0x1000000 + content.length) >>> 0), content]);
}

function opusHead(): Buffer {
  return Buffer.concat([Buffer.from("OpusHead"), Buffer.from([1, 1, 0, 0, 0x80, 0xbb, 0, 0, 0, 0, 0])]);
}

function opusTags(note: Buffer): Buffer {
  return Buffer.concat([Buffer.from("OpusTags"), uint32LE(note.length), note, uint32LE(0)]);
}

/** The checksum is left zero: nothing here plays it. */
function oggPage(sequence: number, flags: number, packet: Buffer): Buffer {
  const header = Buffer.alloc(27);
  header.write("OggS");
  header.writeUInt8(flags, 5);
  header.writeUInt32LE(1, 14);
  header.writeUInt32LE(sequence, 18);
  const lengths = [
    ...Array.from({ length: Math.floor(packet.length / 255) }, () => 255),
    packet.length % 255,
  ];
  header.writeUInt8(lengths.length, 26);
  return Buffer.concat([header, Buffer.from(lengths), packet]);
}

function uint32BE(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function uint32LE(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
