/** From a connection's name to a connection: what the command line and the library are given. */
import { existsSync } from "node:fs";
import type { Connection } from "../catalog/request.ts";
import { fail } from "../diagnostics/diagnostic.ts";
import { suggest } from "../diagnostics/suggest.ts";
import { projectProfileFiles, userProfiles, valueOf, type Environment } from "./config-folder.ts";
import { presentable } from "./mask.ts";
import type { ProfileBook } from "./profiles/profile-book.ts";

/** Where a name comes from, for SHOW OPTIONS. */
export interface ChosenName {
  readonly name: string;
  /** `environment NAME` or `FILE:LINE`. */
  readonly source: string;
}

/**
 * What a connection is called where nobody names one: $CALLSQL_CONNECTION, a file's `default`, else `openai` where
 * there is a key. Undefined: none, and the first call says so. Never a stand-in silently.
 */
export async function defaultConnection(
  env: Environment,
  folder = process.cwd(),
): Promise<ChosenName | undefined> {
  const named = valueOf(env, "CALLSQL_CONNECTION");
  if (named !== undefined) return { name: named, source: "environment CALLSQL_CONNECTION" };
  const chosen = hasProfiles(env, folder) ? await defaultOfProfiles(env, folder) : undefined;
  if (chosen !== undefined) return { name: chosen.name, source: chosen.place };
  const key = "OPENAI_API_KEY";
  return valueOf(env, key) === undefined ? undefined : { name: "openai", source: `environment ${key}` };
}

/** Without a file nothing that reads one is loaded: most starts have none. */
function hasProfiles(env: Environment, folder: string): boolean {
  return [userProfiles(env), ...projectProfileFiles(folder, env)].some((file) => existsSync(file));
}

async function defaultOfProfiles(env: Environment, folder: string): Promise<ProfileBook["default"]> {
  const { readProfileBook } = await import("./profiles/profile-book.ts");
  return (await readProfileBook(env, folder)).default;
}

/**
 * Without a name the default one; undefined where there is none. `others`: more names there are, for whoever mistypes one. Throws connect/unknown, connect/no-key, and what is
 * wrong with the files of profiles.
 */
export async function connectionFromName(
  wanted: string | undefined,
  env: Environment,
  { folder = process.cwd(), others = [] }: { folder?: string | undefined; others?: readonly string[] } = {},
): Promise<Connection | undefined> {
  const name = wanted ?? (await defaultConnection(env, folder))?.name;
  if (name === undefined) return undefined;
  if (name === "offline") return offlineConnection(name, env);
  const { readProfileBook } = await import("./profiles/profile-book.ts");
  const book = await readProfileBook(env, folder);
  const found = book.profiles.get(name);
  if (found === undefined && name !== "openai") {
    const names = ["openai", "offline", ...book.profiles.keys(), ...others];
    const untrusted = book.project?.isTrusted === false ? book.project.file : undefined;
    return fail("connect/unknown", {
      name: presentable(name),
      names: [...new Set(names)].toSorted(),
      suggestion: suggest(name, names),
      untrusted,
    });
  }
  if (found?.profile.kind === "offline") return offlineConnection(name, env);
  const { openProfile } = await import("./profiles/open-profile.ts");
  return openProfile(name, found, env);
}

/** Loaded on demand: its models are large and most programs never use them. */
async function offlineConnection(name: string, env: Environment): Promise<Connection> {
  const { offlineFetch, offlineModels } = await import("./offline/offline.ts");
  const { backendsOf } = await import("./offline/backends.ts");
  const { offlineFolder } = await import("./offline/packages.ts");
  const { sendInTurn } = await import("./offline/in-turn.ts");
  const { createOpenAIConnection } = await import("./openai.ts");
  const connection = createOpenAIConnection({
    name,
    apiKey: "offline",
    baseUrl: "http://offline.callsql.invalid/v1",
    models: offlineModels,
    fetch: offlineFetch(backendsOf(offlineFolder(env))),
    // A full pack of the API's would keep the small encoder busy for minutes, past every deadline.
    packMax: 32,
  });
  return { ...connection, send: sendInTurn((request, options) => connection.send(request, options)) };
}
