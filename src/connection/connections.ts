/**
 * What `callsql connect` does, as functions for any program. Each loads what it needs when it is called: most sessions have no
 * profile, and the libraries that read, check and log in take longer to load than such a session takes.
 */
import { checkObject, checkText } from "../diagnostics/arguments.ts";
import type { LoginOptions } from "./oauth/login.ts";
import type { AddOptions, ConnectionSummary } from "./profiles/manage.ts";
import type { ConnectionPlace } from "./profiles/profile-book.ts";
import type { ProfileDraft } from "./profiles/profile.ts";
import type { ProjectFile } from "./profiles/project-file.ts";
import type { Setting } from "./profiles/settings.ts";

const manage = () => import("./profiles/manage.ts");
const login = () => import("./oauth/login.ts");

/** Profiles, and what is there without one: `offline`, and `openai` where the environment has a key. */
export async function listConnections(place?: ConnectionPlace): Promise<readonly ConnectionSummary[]> {
  if (place !== undefined) checkObject("listConnections' place", place);
  return (await manage()).listConnections(place);
}

/** Every setting with where it comes from. A secret is masked but for its last four characters. Throws connect/unknown. */
export async function describeConnection(name: string, place?: ConnectionPlace): Promise<readonly Setting[]> {
  checkText("describeConnection's name", name);
  return (await manage()).describeConnection(name, place);
}

/** Writes a profile to the user's file. Throws connect/exists, connect/bad-setting, connect/no-keychain, connect/not-forgotten. */
export async function addConnection(
  name: string,
  draft: ProfileDraft,
  options?: AddOptions,
): Promise<{ readonly file: string; readonly profile: ProfileDraft; readonly isDefault: boolean }> {
  checkText("addConnection's name", name);
  checkObject("addConnection's profile", draft);
  return (await manage()).addConnection(name, draft, options);
}

/** What addConnection says of a profile before it reads or writes anything. Throws connect/bad-setting. */
export async function checkProfile(name: string, draft: ProfileDraft): Promise<void> {
  (await manage()).checkProfile(name, draft);
}

/** Its secret and its tokens go with it. Throws connect/not-a-profile, connect/not-editable, connect/not-forgotten. */
export async function removeConnection(name: string, place?: ConnectionPlace): Promise<void> {
  checkText("removeConnection's name", name);
  return (await manage()).removeConnection(name, place);
}

/** The connection of those who name none. Throws connect/not-a-profile. */
export async function setDefaultConnection(name: string, place?: ConnectionPlace): Promise<void> {
  checkText("setDefaultConnection's name", name);
  return (await manage()).setDefaultConnection(name, place);
}

/** The project's file of profiles, read or not. */
export async function projectProfiles(place?: ConnectionPlace): Promise<ProjectFile | undefined> {
  return (await manage()).projectProfiles(place);
}

/** From here on the file is read, until its content changes. Throws connect/no-project-file. */
export async function trustProjectProfiles(place?: ConnectionPlace): Promise<ProjectFile> {
  return (await manage()).trustProjectProfiles(place);
}

/** Resolves when somebody has agreed. Throws connect/not-a-profile, connect/not-oauth, connect/login-failed. */
export async function loginConnection(name: string, options: LoginOptions): Promise<void> {
  checkText("loginConnection's name", name);
  return (await login()).loginConnection(name, options);
}

/** The tokens are taken back, where the provider can, and forgotten. Throws connect/not-a-profile, connect/not-oauth. */
export async function logoutConnection(name: string, place?: ConnectionPlace): Promise<void> {
  checkText("logoutConnection's name", name);
  return (await login()).logoutConnection(name, place);
}
