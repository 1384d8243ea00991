/** Moonshine Tiny (MIT), as two files of the package @moonshine-ai/moonshine-js 0.1.29: see docs/decisions/0082. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

import { missingPart } from "../api-error.ts";
import type { Packages } from "../packages.ts";

export interface Weights {
  readonly encoder: Uint8Array;
  readonly decoder: Uint8Array;
}

/** Other weights under the same names would answer differently under our model's name: they are as good as missing. */
export function readWeights(packages: Packages): Weights {
  return {
    encoder: readChecked(packages, "encoder_model.onnx", encoderHash),
    decoder: readChecked(packages, "decoder_model_merged.onnx", decoderHash),
  };
}

function readChecked(packages: Packages, name: string, expected: string): Uint8Array {
  const bytes = readFileSync(
    packages.file("@moonshine-ai/moonshine-js", `dist/model/tiny/quantized/${name}`),
  );
  if (createHash("sha256").update(bytes).digest("hex") !== expected) throw missingPart("transcription");
  return bytes;
}

/** SHA-256. */
const encoderHash = "c6fc4b7bc5af75c0591fd157a1f3829b533d18e9769a888fd95a62e470dd4f4a";
const decoderHash = "eed87831c3a6103534aae7d47a5d485025c659a1323901513961c39fe8a1a367";
