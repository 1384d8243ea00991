/**
 * Which parts of the offline connection are there, and how missing ones get there: npm puts their packages into the
 * cache folder, the exact versions and without their install scripts. Nothing else here ever uses the network.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";

import { fail } from "../../diagnostics/diagnostic.ts";
import { suggest } from "../../diagnostics/suggest.ts";
import { readJson } from "../../catalog/read.ts";
import { readRecord } from "../json.ts";
import {
  createPackages,
  offlineFolder,
  type OfflinePackage,
  type OfflinePart,
  offlineParts,
} from "./packages.ts";

/** A part of the offline models, and whether it is there. */
export interface OfflinePartStatus {
  readonly part: string;
  readonly isInstalled: boolean;
  /** Of the whole part; parts share packages. */
  readonly megabytes: number;
  readonly licences: readonly string[];
  /** As `Model_Used` says it. */
  readonly models: readonly string[];
  readonly procedures: readonly string[];
  /** `name@version`. */
  readonly packages: readonly string[];
  /** Those of them that are not there. */
  readonly missing: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** `env` says where the cache is: XDG_CACHE_HOME or HOME. */
export function listOfflineParts(env: Environment = process.env): readonly OfflinePartStatus[] {
  const folder = offlineFolder(env);
  return offlineParts.map(({ name, models, procedures, packages }) => {
    const found = createPackages(folder, name);
    const missing = packages.filter((item) => !found.has(item.name));
    return {
      part: name,
      isInstalled: missing.length === 0,
      megabytes: packages.reduce((sum, { megabytes }) => sum + megabytes, 0),
      licences: [...new Set(packages.flatMap(({ licence }) => licence.split(", ")))],
      models,
      procedures,
      packages: packages.map(specifierOf),
      missing: missing.map(specifierOf),
    };
  });
}

/** Of installOfflineParts. */
export interface InstallOptions {
  /** Says where the cache is, and where npm is. Default process.env. */
  readonly env?: Environment;
  /** Ends npm. What it had not finished is not there. */
  readonly signal?: AbortSignal;
  /** Called when the names are known to be right, before npm starts. */
  readonly onStart?: () => void;
}

/**
 * Installs parts by name, `all` for all of them; what is there already is left alone. Answers the folder. Throws
 * DiagnosticError connect/unknown-part, connect/no-npm and connect/install-failed.
 */
export async function installOfflineParts(
  names: readonly string[],
  { env = process.env, signal, onStart }: InstallOptions = {},
): Promise<string> {
  const parts = names.flatMap(partsNamed);
  const folder = offlineFolder(env);
  onStart?.();
  await mkdir(folder, { recursive: true });
  const manifest = path.join(folder, "package.json");
  const before = readRecord(readJson(await readFile(manifest, "utf8").catch(() => "{}")));
  await writeFile(manifest, `${JSON.stringify(describeFolder(before, parts), undefined, 2)}\n`);
  await runNpm(folder, env, signal);
  return folder;
}

function partsNamed(name: string): readonly OfflinePart[] {
  if (name === "all") return offlineParts;
  const part = offlineParts.find((each) => each.name === name);
  if (part !== undefined) return [part];
  const parts = offlineParts.map((each) => each.name);
  return fail("connect/unknown-part", { part: name, parts, suggestion: suggest(name, [...parts, "all"]) });
}

/** The folder's package.json: earlier parts stay, and what a package does without is replaced by next to nothing. */
function describeFolder(
  before: Readonly<Record<string, unknown>> | undefined,
  parts: readonly OfflinePart[],
): object {
  const packages = new Map<string, OfflinePackage>();
  for (const part of parts) for (const item of part.packages) packages.set(item.name, item);
  const wanted = [...packages.values()];
  const replaced = wanted.flatMap(({ name, without }) => {
    const next = without?.map((dependency) => [dependency, replacement] as const);
    return next === undefined ? [] : [[name, Object.fromEntries(next)] as const];
  });
  return {
    private: true,
    description: "Models of callsql's offline connection. Made by callsql offline install; may be deleted.",
    dependencies: {
      ...readRecord(before?.["dependencies"]),
      ...Object.fromEntries(wanted.map(({ name, version }) => [name, version])),
    },
    overrides: { ...readRecord(before?.["overrides"]), ...Object.fromEntries(replaced) },
  };
}

async function runNpm(folder: string, env: Environment, signal: AbortSignal | undefined): Promise<void> {
  const args = [
    "install",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--no-package-lock",
    "--loglevel=error",
  ];
  // On Windows npm is a script, which only a shell can start; no argument needs quoting.
  const shell = process.platform === "win32";
  // Loaded here: it brings Node's whole network stack, which no start needs.
  const { spawn } = await import("node:child_process");
  const child = spawn("npm", args, { cwd: folder, env, signal, shell, stdio: ["ignore", "ignore", "pipe"] });
  const said: Buffer[] = [];
  child.stderr.on("data", (chunk: Buffer) => said.push(chunk));
  const ended = Promise.withResolvers<number | null>();
  child.on("error", ended.reject);
  child.on("close", ended.resolve);
  let status: number | null;
  try {
    status = await ended.promise;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT")
      return fail("connect/no-npm", {});
    throw error;
  }
  if (status === 0) return;
  fail("connect/install-failed", { folder, reason: reasonOf(Buffer.concat(said).toString(), status) });
}

/** npm's own words, without the lines that say where its log is. */
function reasonOf(said: string, status: number | null): string {
  const lines = said
    .split("\n")
    .map((line) => line.replace(/^npm (?:error|ERR!)\s*/u, "").trim())
    .filter((line) => line !== "" && !/^npm warn|^A complete log|^code |\.log$/u.test(line));
  return lines.slice(0, 3).join(" ") || `it ended with ${status}`;
}

function specifierOf({ name, version }: OfflinePackage): string {
  return `${name}@${version}`;
}

/** A package of 6 KB without dependencies: docs/decisions/0082. */
const replacement = "npm:picocolors@1.1.1";
