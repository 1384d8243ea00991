/**
 * A file of profiles: TOML, read with the line and key of what is wrong, and changed in its text, so that the comments
 * and the order of its owner stay.
 */
import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { parse, stringify, TomlError } from "smol-toml";
import { fail } from "../../diagnostics/diagnostic.ts";
import { isProblem, readProfileTable, type ProfileDraft, type ProfileTable } from "./profile.ts";
import { tomlLineOf, tomlPlaces } from "./toml-line.ts";
import { expectError } from "../../diagnostics/expected.ts";
import { isMissingFile } from "../missing-file.ts";

/** Undefined where there is no such file. Throws connect/unreadable-profiles. */
export async function readProfileText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    expectError(error, Error);
    if (isMissingFile(error)) return undefined;
    return fail("connect/unreadable-profiles", { file, reason: error.message });
  }
}

/** Throws connect/bad-profiles. */
export function parseProfiles(file: string, text: string): ProfileTable {
  const read = readProfileTable(parseToml(file, text));
  if (!isProblem(read)) return read;
  const { path, problem } = read;
  return fail("connect/bad-profiles", { file, line: tomlLineOf(text, path), key: path.join("."), problem });
}

/** The text with one profile more. */
export function withProfile(text: string, name: string, profile: ProfileDraft): string {
  const section = stringify({ connections: { [name]: profile } }).trim();
  const kept = text.trimEnd();
  return `${kept === "" ? "" : `${kept}\n\n`}${section}\n`;
}

/** The text without the tables of one profile; undefined where it is written in another way. */
export function withoutProfile(text: string, name: string): string | undefined {
  let isOwn = false;
  const owner = new Map(tomlPlaces(text).map((place) => [place.line, place]));
  const lines = text.split("\n").filter((_, index) => {
    const place = owner.get(index + 1);
    if (place?.kind === "header") isOwn = place.path[0] === "connections" && place.path[1] === name;
    return !isOwn;
  });
  const rest = `${lines.join("\n").trimEnd()}\n`;
  const left = readProfileTable(parse(rest));
  return isProblem(left) || left.connections?.[name] !== undefined ? undefined : rest.trimStart();
}

/** The text with another default, or none. */
export function withDefault(text: string, name: string | undefined): string {
  const line = name === undefined ? [] : [`default = ${JSON.stringify(name)}`];
  const place = tomlPlaces(text).find(({ path }) => path.length === 1 && path[0] === "default");
  const lines = text.split("\n");
  if (place !== undefined) return lines.toSpliced(place.line - 1, 1, ...line).join("\n");
  return [...line, ...(name === undefined || text === "" ? [] : [""]), ...lines].join("\n");
}

/** Whole or not at all, for its owner alone. */
export async function writeProfileText(file: string, text: string): Promise<void> {
  const written = `${file}.${process.pid}.tmp`;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(written, text, { mode: 0o600 });
    await chmod(written, 0o600);
    await rename(written, file);
  } catch (error) {
    expectError(error, Error);
    fail("connect/unwritable-profiles", { file, reason: error.message });
  }
}

function parseToml(file: string, text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    expectError(error, TomlError);
    const [words = ""] = error.message.replace(/^Invalid TOML document: /, "").split("\n");
    return fail("connect/bad-profiles", { file, line: error.line, problem: `is not TOML: ${words}` });
  }
}
