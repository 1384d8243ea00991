/** Sound → the bytes of a file, in the formats the API's speech comes in. */
import type { WasmMediaEncoder } from "wasm-media-encoders";

import { notAvailableOffline } from "../api-error.ts";
import type { Packages } from "../packages.ts";
import { type Audio, bytesOfInt16, toInt16 } from "./audio.ts";
import { writeFlac } from "./flac.ts";
import { writeOpus } from "./opus.ts";
import { resample } from "./resample.ts";
import { writeWav } from "./wav.ts";

export const speechFormats = ["mp3", "opus", "aac", "flac", "wav", "pcm"] as const;
export type SpeechFormat = (typeof speechFormats)[number];

/** 24 kHz, one channel: what the API's own files have. `pcm` is 16-bit little-endian without a header. */
export async function encodeSpeech(
  audio: Audio,
  format: SpeechFormat,
  packages: Packages,
): Promise<Uint8Array> {
  const { samples } = resample(audio, speechRate);
  switch (format) {
    case "mp3":
      return encodeMp3(samples, packages);
    case "opus":
      return writeOpus(toInt16(samples), packages);
    case "flac":
      return writeFlac(toInt16(samples));
    case "wav":
      return writeWav(toInt16(samples), speechRate);
    case "pcm":
      return bytesOfInt16(toInt16(samples));
    case "aac":
      throw noAac();
  }
}

export function noAac(): Error {
  return notAvailableOffline(
    "There is no AAC encoder offline: ask for mp3, opus, flac, wav or pcm.",
    "response_format",
  );
}

async function encodeMp3(samples: Float32Array, packages: Packages): Promise<Uint8Array> {
  const encoder = await readEncoders(packages.load("wasm-media-encoders")).createMp3Encoder();
  encoder.configure({ sampleRate: speechRate, channels: 1, bitrate: 64 });
  // The encoder hands out views on its memory.
  const frames = Buffer.from(encoder.encode([samples]));
  return Buffer.concat([frames, encoder.finalize()]);
}

interface Encoders {
  createMp3Encoder(): Promise<WasmMediaEncoder<"audio/mpeg">>;
}

function readEncoders(module: unknown): Encoders {
  return module as Encoders;
}

const speechRate = 24_000;
