/** What `callsql connect` does, as functions for any program: profiles listed, described, added, removed, trusted. */
import { fail } from "../../diagnostics/diagnostic.ts";
import { defaultConnection } from "../connect.ts";
import { accountOf } from "../oauth/token-store.ts";
import { fetchSecret } from "../secrets/credentials.ts";
import { SecretError } from "../secrets/secret-error.ts";
import { parseReference } from "../secrets/reference.ts";
import { SecretStore, storePlaces } from "../secrets/secret-store.ts";
import {
  foundIn,
  readPlace,
  type ConnectionPlace,
  type FoundProfile,
  type ProfileBook,
} from "./profile-book.ts";
import { withDefault, withoutProfile, withProfile, writeProfileText } from "./profile-file.ts";
import { isProblem, isProfileName, readProfileTable, type ProfileDraft } from "./profile.ts";
import { findProjectFile, trust, type ProjectFile } from "./project-file.ts";
import { settingsOf, type Setting } from "./settings.ts";
import { expectError } from "../../diagnostics/expected.ts";

/** A connection as `callsql connections` lists it. */
export interface ConnectionSummary {
  readonly name: string;
  readonly isDefault: boolean;
  readonly kind: string;
  readonly baseUrl: string | undefined;
  readonly auth: string | undefined;
  /** Where its secret is; never the secret. */
  readonly secret: string | undefined;
  /** `FILE:LINE`, `environment`, `shipped`. */
  readonly place: string;
}

/** Profiles, and what is there without one: `offline`, and `openai` where the environment has a key. */
export async function listConnections(place: ConnectionPlace = {}): Promise<readonly ConnectionSummary[]> {
  const { env, folder, book } = await readPlace(place);
  const chosen = await defaultConnection(env, folder);
  const names = new Set([...book.profiles.keys(), ...(chosen?.name === "openai" ? ["openai"] : [])]);
  const summaries = [...names].toSorted().map((name): ConnectionSummary => {
    const found = book.profiles.get(name);
    const { profile, rows } = settingsOf(name, found, env);
    return {
      name,
      isDefault: name === chosen?.name,
      kind: profile.kind,
      baseUrl: rows.find((row) => row.name === "base_url")?.value,
      auth: profile.kind === "offline" ? undefined : profile.auth,
      secret: profile.secret,
      place: found?.placeOf() ?? "environment",
    };
  });
  const offline = {
    name: "offline",
    isDefault: chosen?.name === "offline",
    kind: "offline",
    place: "shipped",
  };
  return [...summaries, { ...offline, baseUrl: undefined, auth: undefined, secret: undefined }];
}

/** Every setting with where it comes from. A secret is masked but for its last four characters. Throws connect/unknown. */
export async function describeConnection(
  name: string,
  place: ConnectionPlace = {},
): Promise<readonly Setting[]> {
  const { env, book } = await readPlace(place);
  const found = name === "openai" ? book.profiles.get(name) : foundIn(book, name);
  const { profile, rows } = settingsOf(name, found, env);
  const reference = profile.secret === undefined ? undefined : parseReference(profile.secret);
  // A command is not run only to be looked at.
  if (reference === undefined || reference.kind === "cmd") return rows;
  const context = { env, store: new SecretStore(env), account: name };
  const source = rows.find((row) => row.name === "secret")?.source ?? "default";
  try {
    const { secret } = await fetchSecret(reference, context);
    return [...rows, { name: "key", value: masked(secret), source: profile.secret ?? source }];
  } catch (error) {
    expectError(error, SecretError);
    return [...rows, { name: "key", value: error.message, source: profile.secret ?? source }];
  }
}

/** What addConnection takes beside the profile. */
export interface AddOptions extends ConnectionPlace {
  /** Kept in the keychain, else in a file of its owner's; `draft.secret` may say which (`keychain`, `store`). */
  readonly secret?: string;
  /** Put it in the place of a profile of that name. Default false: connect/exists. */
  readonly isReplacing?: boolean;
  /** Make it the default. The first profile is, if nothing else is said. */
  readonly isDefault?: boolean;
}

/** Writes a profile to the user's file. Throws connect/exists, connect/bad-setting, connect/no-keychain, connect/not-forgotten. */
export async function addConnection(
  name: string,
  draft: ProfileDraft,
  options: AddOptions = {},
): Promise<{ readonly file: string; readonly profile: ProfileDraft; readonly isDefault: boolean }> {
  checkProfile(name, draft);
  const { env, book } = await readPlace(options);
  const existing = book.profiles.get(name);
  if (existing !== undefined && options.isReplacing !== true)
    fail("connect/exists", { name, place: existing.placeOf() });
  const store = new SecretStore(env);
  let profile = draft;
  if (options.secret !== undefined) {
    const asked = draft.secret === "keychain" || draft.secret === "store" ? draft.secret : undefined;
    if (asked !== undefined) await store.set(asked, name, options.secret);
    profile = { ...draft, secret: asked ?? (await store.keep(name, options.secret)) };
  }
  const base = existing === undefined ? book.userText : textWithout(book, existing);
  const isDefault = options.isDefault ?? book.default === undefined;
  const text = withProfile(isDefault ? withDefault(base, name) : base, name, profile);
  await writeProfileText(book.userFile, text);
  if (existing !== undefined) await forgetUnused(existing, profile, store);
  return { file: book.userFile, profile, isDefault };
}

/** What a profile had that its successor does not use: a key, or a login somewhere else, which must not reach the new server. */
async function forgetUnused(
  { name, profile }: FoundProfile,
  next: ProfileDraft,
  store: SecretStore,
): Promise<void> {
  for (const kept of storePlaces) {
    if (next.secret !== kept) await store.delete(kept, name);
    if (!isSameLogin(profile.oauth, next.oauth)) await store.delete(kept, accountOf(name));
  }
}

function isSameLogin(one: ProfileDraft["oauth"], other: ProfileDraft["oauth"]): boolean {
  const fields = ["issuer", "client_id", "authorization_endpoint", "token_endpoint"] as const;
  return fields.every((field) => one?.[field] === other?.[field]);
}

/** Its secret and its tokens go with it. Throws connect/not-a-profile, connect/not-editable, connect/not-forgotten. */
export async function removeConnection(name: string, place: ConnectionPlace = {}): Promise<void> {
  const { env, book } = await readPlace(place);
  const found = foundIn(book, name);
  const text = textWithout(book, found);
  await writeProfileText(book.userFile, book.default?.name === name ? withDefault(text, undefined) : text);
  const store = new SecretStore(env);
  for (const kept of storePlaces)
    for (const account of [name, accountOf(name)]) await store.delete(kept, account);
}

/** Throws connect/not-a-profile. */
export async function setDefaultConnection(name: string, place: ConnectionPlace = {}): Promise<void> {
  const { book } = await readPlace(place);
  if (name !== "offline" && name !== "openai") foundIn(book, name);
  await writeProfileText(book.userFile, withDefault(book.userText, name));
}

/** The project's file of profiles, read or not. */
export async function projectProfiles(place: ConnectionPlace = {}): Promise<ProjectFile | undefined> {
  return findProjectFile(place.folder ?? process.cwd(), place.env ?? process.env);
}

/** From here on the file is read, until its content changes. Throws connect/no-project-file. */
export async function trustProjectProfiles(place: ConnectionPlace = {}): Promise<ProjectFile> {
  const found = await projectProfiles(place);
  if (found === undefined) return fail("connect/no-project-file", { folder: place.folder ?? process.cwd() });
  await trust(found, place.env ?? process.env);
  return { ...found, isTrusted: true };
}

/** Before anything is read or written. Throws connect/bad-setting. */
export function checkProfile(name: string, draft: ProfileDraft): void {
  if (!isProfileName(name))
    fail("connect/bad-setting", {
      key: name,
      problem: "cannot be a name: a letter, then letters, digits, - and _; offline is taken",
    });
  const read = readProfileTable({ connections: { [name]: draft } });
  if (isProblem(read))
    fail("connect/bad-setting", { key: read.path.slice(2).join("."), problem: read.problem });
}

/** The user's file without one profile, which stands in it. */
function textWithout(book: ProfileBook, found: FoundProfile): string {
  const { name, file } = found;
  const text = file === book.userFile ? withoutProfile(book.userText, name) : undefined;
  return text ?? fail("connect/not-editable", { name, place: found.placeOf() });
}

function masked(secret: string): string {
  return secret.length < 16 ? "****" : `****${secret.slice(-4)}`;
}
