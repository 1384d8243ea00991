/** What CreateTranscription and CreateTranslation share: the audio file, its format, and the answer's usage. */
import type { ParameterDefinitions } from "../catalog/definition.ts";
import { audioFormats, isSameFormat, mimeTypeOf, sniff } from "../catalog/media.ts";
import { callError } from "../catalog/problem.ts";
import type { CallError } from "../catalog/procedure.ts";
import type { Upload } from "../catalog/request.ts";

/** 25 MB as the API counts them. */
const audioBytesMax = 26_214_400;

export const audioParameters = {
  Input: {
    type: "bytes",
    media: "audio",
    required: true,
    maxBytes: audioBytesMax,
    summary: "The audio file: flac, mp3, mp4, mpeg, mpga, m4a, ogg, wav or webm.",
  },
  InputFormat: {
    type: "text",
    values: audioFormats,
    summary: "Format of the audio; inferred from its bytes.",
  },
} as const satisfies ParameterDefinitions;

export const audioErrors = {
  "call/unknown-format": "The bytes are not recognised and InputFormat is not given.",
  "call/format-mismatch": "InputFormat contradicts the bytes.",
  "call/empty-answer": "The answer holds no text.",
} as const;

export const temperatureParameter = {
  type: "real",
  min: 0,
  max: 1,
  summary:
    "Sampling temperature; higher is more random. At 0 the model raises it by itself where it is unsure.",
} as const;

export interface AudioArguments {
  readonly Input: Uint8Array;
  readonly InputFormat: string | undefined;
}

export function inferFormat({ Input }: { readonly Input: Uint8Array }): { InputFormat?: string } {
  const media = sniff(Input);
  return media?.kind === "audio" ? { InputFormat: media.format } : {};
}

/** Bytes that are not recognised are believed to be what the caller says; some mp3 files start anyhow. */
export function formatRule({ Input, InputFormat }: AudioArguments): CallError | undefined {
  const found = sniff(Input)?.format;
  if (InputFormat === undefined) {
    return callError("call/unknown-format", { parameter: "Input", formats: audioFormats });
  }
  if (found === undefined || isSameFormat(found, InputFormat)) return undefined;
  return callError("call/format-mismatch", { parameter: "InputFormat", given: InputFormat, found });
}

/** The API reads the format from the file name. */
export function audioUpload({ Input, InputFormat = "mp3" }: AudioArguments): Upload {
  return {
    kind: "upload",
    bytes: Input,
    filename: `audio.${InputFormat}`,
    mimeType: mimeTypeOf(InputFormat),
  };
}
