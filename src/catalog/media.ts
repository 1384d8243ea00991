/**
 * Says what a file is from its first bytes, how large an image is, and whether a PNG can be transparent.
 * Reads headers only; decodes no pixel and no sound.
 */
import { expectError } from "../diagnostics/expected.ts";

/** What a parameter of type bytes may want. */
export type MediaKind = "image" | "audio";

/** A kind of file. */
export interface Media {
  readonly kind: MediaKind;
  /** As the API names it: png, jpeg, webp, gif, flac, mp3, mp4, m4a, ogg, wav, webm. */
  readonly format: string;
  readonly mimeType: string;
}

/** In pixels. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

export const imageFormats = ["png", "jpeg", "webp", "gif"] as const;
export const audioFormats = ["flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "ogg", "wav", "webm"] as const;

const mimeTypes: Readonly<Record<string, string>> = {
  png: "image/png",
  jpeg: "image/jpeg",
  webp: "image/webp",
  gif: "image/gif",
  svg: "image/svg+xml",
  flac: "audio/flac",
  mp3: "audio/mpeg",
  mpeg: "audio/mpeg",
  mpga: "audio/mpeg",
  mp4: "audio/mp4",
  m4a: "audio/mp4",
  ogg: "audio/ogg",
  opus: "audio/ogg",
  aac: "audio/aac",
  wav: "audio/wav",
  webm: "audio/webm",
  pcm: "audio/pcm",
};

export function mimeTypeOf(format: string): string {
  return mimeTypes[format] ?? "application/octet-stream";
}

/** What kind of file these bytes are, by their first ones; undefined for anything but images and audio the API takes. */
export function sniff(bytes: Uint8Array): Media | undefined {
  const image = sniffImage(bytes);
  if (image !== undefined) return { kind: "image", format: image, mimeType: mimeTypeOf(image) };
  const audio = sniffAudio(bytes);
  if (audio !== undefined) return { kind: "audio", format: audio, mimeType: mimeTypeOf(audio) };
  return undefined;
}

/** Formats that share a container or codec name each other: mp3, mpeg and mpga are one thing. */
export function isSameFormat(a: string, b: string): boolean {
  return mimeTypeOf(a) === mimeTypeOf(b);
}

/** Pixel size of a png, gif, jpeg or webp; undefined when the header does not say. */
export function imageSize(bytes: Uint8Array): ImageSize | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (sniffImage(bytes)) {
    case "png":
      return bytes.length < 24 ? undefined : { width: view.getUint32(16), height: view.getUint32(20) };
    case "gif":
      return bytes.length < 10
        ? undefined
        : { width: view.getUint16(6, true), height: view.getUint16(8, true) };
    case "jpeg":
      return jpegSize(view);
    case "webp":
      return webpSize(bytes, view);
    default:
      return undefined;
  }
}

/** Colour types 4 and 6 carry alpha; the others can through a tRNS chunk before the pixels. */
export function pngHasAlpha(bytes: Uint8Array): boolean {
  if (sniffImage(bytes) !== "png" || bytes.length < 26) return false;
  const colourType = bytes[25];
  if (colourType === 4 || colourType === 6) return true;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 8; at + 8 <= bytes.length; at += 12 + view.getUint32(at)) {
    if (hasText(bytes, at + 4, "tRNS")) return true;
    if (hasText(bytes, at + 4, "IDAT")) return false;
  }
  return false;
}

export function toDataUrl(bytes: Uint8Array, mimeType: string): string {
  return `data:${mimeType};base64,${asBuffer(bytes).toString("base64")}`;
}

/** Length of `toDataUrl` without building it. */
export function dataUrlLength(byteCount: number, mimeType: string): number {
  return `data:${mimeType};base64,`.length + Math.ceil(byteCount / 3) * 4;
}

/** Bytes of a data URL; undefined when the text is none. */
export function fromDataUrl(text: string): Uint8Array | undefined {
  const comma = text.indexOf(",");
  if (!/^data:/i.test(text) || comma < 0) return undefined;
  const isBase64 = /;base64$/i.test(text.slice(0, comma).trimEnd());
  const payload = text.slice(comma + 1);
  if (isBase64) return fromBase64(payload);
  try {
    return Buffer.from(decodeURIComponent(payload), "utf8");
  } catch (error) {
    expectError(error, URIError);
    return undefined;
  }
}

/** Bytes of base64 or base64url text, line breaks allowed; undefined when the text is none. */
export function fromBase64(text: string): Uint8Array | undefined {
  return fromDenseBase64(text) ?? (/\s/.test(text) ? fromDenseBase64(text.replace(/\s+/g, "")) : undefined);
}

function fromDenseBase64(text: string): Uint8Array | undefined {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const digits = text.length - padding;
  if (digits === 0 || digits % 4 === 1) return undefined;
  if (padding > 0 && text.length % 4 !== 0) return undefined;
  const bytes = Buffer.from(text, "base64");
  // Node passes over what is no digit, so a shorter result tells of one. A pattern over a vector's text takes ten times as long.
  return bytes.length === Math.floor((digits * 3) / 4) ? bytes : undefined;
}

function sniffImage(bytes: Uint8Array): (typeof imageFormats)[number] | undefined {
  if (hasBytes(bytes, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return "png";
  if (hasBytes(bytes, [0xff, 0xd8, 0xff])) return "jpeg";
  if (hasText(bytes, 0, "GIF87a") || hasText(bytes, 0, "GIF89a")) return "gif";
  if (hasText(bytes, 0, "RIFF") && hasText(bytes, 8, "WEBP")) return "webp";
  return undefined;
}

function sniffAudio(bytes: Uint8Array): string | undefined {
  if (hasText(bytes, 0, "fLaC")) return "flac";
  if (hasText(bytes, 0, "OggS")) return "ogg";
  if (hasText(bytes, 0, "RIFF") && hasText(bytes, 8, "WAVE")) return "wav";
  if (hasBytes(bytes, [0x1a, 0x45, 0xdf, 0xa3])) return "webm";
  if (hasText(bytes, 4, "ftyp")) return hasText(bytes, 8, "M4A") || hasText(bytes, 8, "M4B") ? "m4a" : "mp4";
  if (hasText(bytes, 0, "ID3") || isMpegFrame(bytes)) return "mp3";
  return undefined;
}

/** A frame header: 11 bits of sync, a version and a layer that are not reserved (layer 0 would be AAC). */
function isMpegFrame(bytes: Uint8Array): boolean {
  const [first = 0, second = 0, third = 0] = bytes;
  const isSync = first === 0xff && (second & 0xe0) === 0xe0;
  const isReserved = (second & 0x18) === 0x08 || (second & 0x06) === 0 || (third & 0xf0) === 0xf0;
  return bytes.length > 3 && isSync && !isReserved;
}

/** Walks the segments to the frame header (SOF0–15 without DHT, JPG and DAC). */
function jpegSize(view: DataView): ImageSize | undefined {
  for (let at = 2; at + 9 <= view.byteLength;) {
    if (view.getUint8(at) !== 0xff) return undefined;
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    at += 2 + view.getUint16(at + 2);
  }
  return undefined;
}

/** Lossy (VP8), lossless (VP8L) and extended (VP8X) headers each keep the size elsewhere. */
function webpSize(bytes: Uint8Array, view: DataView): ImageSize | undefined {
  if (bytes.length < 30) return undefined;
  if (hasText(bytes, 12, "VP8X")) {
    const width = 1 + (view.getUint32(24, true) & 0xffffff);
    const height = 1 + (view.getUint16(27, true) | (view.getUint8(29) << 16));
    return { width, height };
  }
  if (hasText(bytes, 12, "VP8L")) {
    const bits = view.getUint32(21, true);
    return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
  }
  return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
}

function hasBytes(bytes: Uint8Array, expected: readonly number[]): boolean {
  return bytes.length >= expected.length && expected.every((byte, index) => bytes[index] === byte);
}

function hasText(bytes: Uint8Array, at: number, text: string): boolean {
  if (bytes.length < at + text.length) return false;
  for (let index = 0; index < text.length; index++) {
    if (bytes[at + index] !== text.charCodeAt(index)) return false;
  }
  return true;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
