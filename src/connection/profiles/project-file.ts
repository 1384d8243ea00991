/**
 * `callsql.toml` of a project, in the working directory or above. It can name commands to run and servers to send
 * prompts to: it is read only after its owner agreed to exactly this content at exactly this path.
 */
import { createHash } from "node:crypto";
import { readFile, writeFile, mkdir, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { projectProfileFiles, stateFolder, type Environment } from "../config-folder.ts";
import { readJson } from "../../catalog/read.ts";
import { readRecord } from "../json.ts";
import { readProfileText } from "./profile-file.ts";

/** A project's callsql.toml, read or not. */
export interface ProjectFile {
  readonly file: string;
  readonly text: string;
  readonly isTrusted: boolean;
}

/** The nearest one, up to the home directory. */
export async function findProjectFile(folder: string, env: Environment): Promise<ProjectFile | undefined> {
  for (const file of projectProfileFiles(folder, env)) {
    const text = await readProfileText(file);
    if (text !== undefined) {
      const trusted = await readTrusted(env);
      return { file, text, isTrusted: trusted[file] === hashOf(text) };
    }
  }
  return undefined;
}

/** Remembers the consent, until the content changes. */
export async function trust({ file, text }: ProjectFile, env: Environment): Promise<void> {
  const trusted = { ...(await readTrusted(env)), [file]: hashOf(text) };
  const place = trustFile(env);
  const written = `${place}.${process.pid}.tmp`;
  await mkdir(dirname(place), { recursive: true, mode: 0o700 });
  await writeFile(written, `${JSON.stringify(trusted, null, 2)}\n`, { mode: 0o600 });
  await rename(written, place);
}

function trustFile(env: Environment): string {
  return join(stateFolder(env), "trusted.json");
}

/** What cannot be read holds no consent. */
async function readTrusted(env: Environment): Promise<Readonly<Record<string, unknown>>> {
  const text = await readFile(trustFile(env), "utf8").catch(() => "");
  return readRecord(readJson(text)) ?? {};
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
