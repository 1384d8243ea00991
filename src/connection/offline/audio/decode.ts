/** The bytes of a sound file → sound, for the formats there are small decoders for. */
import type { FLACDecoder } from "@wasm-audio-decoders/flac";
import type { MPEGDecoder } from "mpg123-decoder";

import { sniff } from "../../../catalog/media.ts";
import { type ApiError, invalidRequest, notAvailableOffline } from "../api-error.ts";
import type { Packages } from "../packages.ts";
import type { Audio } from "./audio.ts";
import { readOpus } from "./opus.ts";
import { readWav } from "./wav.ts";
import { valueAt } from "../vectors.ts";

/** Broken files and formats without a decoder end as the API's errors. */
export async function decodeAudio(bytes: Uint8Array, packages: Packages): Promise<Audio> {
  const audio = await decode(bytes, packages);
  if (audio === undefined) throw brokenAudio();
  return audio;
}

async function decode(bytes: Uint8Array, packages: Packages): Promise<Audio | undefined> {
  const format = sniff(bytes)?.format;
  switch (format) {
    case "wav":
      return readWav(bytes);
    case "mp3": {
      const { MPEGDecoder: Decoder } = packages.load("mpg123-decoder") as {
        MPEGDecoder: typeof MPEGDecoder;
      };
      return decodeWith(new Decoder(), (decoder) => decoder.decode(bytes));
    }
    case "flac": {
      const { FLACDecoder: Decoder } = packages.load("@wasm-audio-decoders/flac") as {
        FLACDecoder: typeof FLACDecoder;
      };
      return decodeWith(new Decoder(), (decoder) => decoder.decodeFile(bytes));
    }
    case "ogg":
      if (isVorbis(bytes)) throw noDecoder("Ogg Vorbis");
      return readOpus(bytes, packages);
    case "m4a":
    case "mp4":
    case "webm":
      throw noDecoder(format);
    default:
      return undefined;
  }
}

interface Decoded {
  readonly channelData: readonly Float32Array[];
  readonly sampleRate: number;
  readonly errors: readonly unknown[];
}

/** The decoders skip what they cannot read: a file with errors counts as broken when little else is in it. */
async function decodeWith<Decoder extends { readonly ready: Promise<void>; free(): void }>(
  decoder: Decoder,
  work: (decoder: Decoder) => Decoded | Promise<Decoded>,
): Promise<Audio | undefined> {
  await decoder.ready;
  const { channelData, sampleRate, errors } = await work(decoder);
  decoder.free();
  const [first] = channelData;
  if (first === undefined || first.length === 0 || !(sampleRate > 0)) return undefined;
  if (errors.length > 0 && first.length < sampleRate / 10) return undefined;
  const samples = first.map(
    (_, index) => channelData.reduce((sum, channel) => sum + valueAt(channel, index), 0) / channelData.length,
  );
  return { samples, rate: sampleRate };
}

function isVorbis(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 64)).includes("\u0001vorbis", 0, "latin1");
}

function noDecoder(format: string): ApiError {
  return notAvailableOffline(
    `There is no decoder for ${format} offline: convert the recording to wav, mp3, flac or Ogg Opus.`,
    "file",
  );
}

function brokenAudio(): ApiError {
  return invalidRequest("Audio file might be corrupted or unsupported", "file", "invalid_value");
}
