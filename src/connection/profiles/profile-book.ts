/** All profiles there are: the user's own and, where consented to, the project's, which come first. */
import { fail } from "../../diagnostics/diagnostic.ts";
import { userProfiles, type Environment } from "../config-folder.ts";
import { parseProfiles, readProfileText } from "./profile-file.ts";
import type { Profile } from "./profile.ts";
import { findProjectFile, type ProjectFile } from "./project-file.ts";
import { tomlLineOf } from "./toml-line.ts";

export interface FoundProfile {
  readonly name: string;
  readonly profile: Profile;
  readonly file: string;
  /** `FILE:LINE` of a setting, or of the profile. */
  placeOf(...setting: readonly string[]): string;
}

export interface ProfileBook {
  readonly userFile: string;
  readonly userText: string;
  readonly project: ProjectFile | undefined;
  readonly profiles: ReadonlyMap<string, FoundProfile>;
  /** As a file says, with its place. */
  readonly default: { readonly name: string; readonly place: string } | undefined;
}

/** Whose profiles are meant. */
export interface ConnectionPlace {
  /** Says where configuration and secrets are: XDG_CONFIG_HOME, XDG_STATE_HOME, HOME. Default process.env. */
  readonly env?: Environment;
  /** Where a project's callsql.toml is looked for, and above. Default: the working directory. */
  readonly folder?: string;
}

/** Throws connect/unreadable-profiles and connect/bad-profiles. */
export async function readPlace(
  place: ConnectionPlace,
): Promise<{ readonly env: Environment; readonly folder: string; readonly book: ProfileBook }> {
  const { env = process.env, folder = process.cwd() } = place;
  return { env, folder, book: await readProfileBook(env, folder) };
}

/** Throws connect/not-a-profile. */
export function foundIn(book: ProfileBook, name: string): FoundProfile {
  return (
    book.profiles.get(name) ??
    fail("connect/not-a-profile", { name, names: [...book.profiles.keys()].toSorted() })
  );
}

/** Throws connect/unreadable-profiles and connect/bad-profiles. */
export async function readProfileBook(env: Environment, folder: string): Promise<ProfileBook> {
  const userFile = userProfiles(env);
  const userText = (await readProfileText(userFile)) ?? "";
  const project = await findProjectFile(folder, env);
  const profiles = new Map<string, FoundProfile>();
  let chosen: ProfileBook["default"];
  const files = [{ file: userFile, text: userText }, ...(project?.isTrusted === true ? [project] : [])];
  for (const { file, text } of files) {
    const table = parseProfiles(file, text);
    for (const [name, profile] of Object.entries(table.connections ?? {})) {
      const placeOf = (...setting: readonly string[]): string =>
        `${file}:${tomlLineOf(text, ["connections", name, ...setting])}`;
      profiles.set(name, { name, profile, file, placeOf });
    }
    if (table.default !== undefined)
      chosen = { name: table.default, place: `${file}:${tomlLineOf(text, ["default"])}` };
  }
  return { userFile, userText, project, profiles, default: chosen };
}
