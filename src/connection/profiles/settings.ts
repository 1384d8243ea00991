/** A connection's settings, each with where it comes from: the environment before the profile before the default. */
import { openaiBaseUrl } from "../base-url.ts";
import { valueOf, type Environment } from "../config-folder.ts";
import { openaiModels } from "../openai.ts";
import type { FoundProfile } from "./profile-book.ts";
import { authOf, type Profile } from "./profile.ts";

/** One setting of a connection, and who says so. */
export interface Setting {
  readonly name: string;
  readonly value: string;
  /** `environment NAME`, `FILE:LINE`, or `default`. */
  readonly source: string;
}

export interface Settings {
  /** The profile with what the environment says in the place of its own. */
  readonly profile: Profile;
  readonly rows: readonly Setting[];
}

const overridden = [
  { key: "base_url", suffix: "BASE_URL" },
  { key: "organization", suffix: "ORG_ID" },
  { key: "project", suffix: "PROJECT_ID" },
] as const;

/** `CALLSQL_WORK_API_KEY` for the profile `work`; the names every OpenAI client knows for `openai`. */
function variableOf(name: string, suffix: string): string {
  if (name === "openai") return `OPENAI_${suffix}`;
  return `CALLSQL_${name.toUpperCase().replaceAll("-", "_")}_${suffix}`;
}

export function settingsOf(name: string, found: FoundProfile | undefined, env: Environment): Settings {
  const rows: Setting[] = [];
  const own: Profile = found?.profile ?? { kind: "openai" };
  const changed: Record<string, string> = {};
  const note = (key: string, value: string | undefined, source: string): void => {
    if (value !== undefined) rows.push({ name: key, value, source });
  };
  note("kind", own.kind, found === undefined ? "default" : found.placeOf("kind"));
  for (const { key, suffix } of overridden) {
    const variable = variableOf(name, suffix);
    const given = valueOf(env, variable);
    if (given !== undefined) {
      changed[key] = given;
      note(key, given, `environment ${variable}`);
    } else if (own[key] !== undefined) note(key, own[key], found?.placeOf(key) ?? "default");
    else if (key === "base_url" && own.kind === "openai") note(key, openaiBaseUrl, "default");
  }
  const keyVariable = variableOf(name, "API_KEY");
  const hasKey = valueOf(env, keyVariable) !== undefined;
  const secret = hasKey ? `env:${keyVariable}` : own.secret;
  const auth = hasKey && own.auth !== "token" ? "api-key" : authOf(own);
  const authSource = hasKey ? `environment ${keyVariable}` : (found?.placeOf("auth") ?? "default");
  if (own.kind === "openai") note("auth", auth, own.auth === undefined && !hasKey ? "default" : authSource);
  note("secret", secret, hasKey ? `environment ${keyVariable}` : (found?.placeOf("secret") ?? "default"));
  if (found !== undefined) rows.push(...otherRows(found));
  for (const [purpose, model] of Object.entries(openaiModels)) {
    if (own.kind === "openai" && !Object.hasOwn(own.models ?? {}, purpose))
      note(`models.${purpose}`, model, "default");
  }
  const profile: Profile = { ...own, ...changed, auth };
  return { profile: secret === undefined ? profile : { ...profile, secret }, rows };
}

const shownElsewhere = new Set(["kind", "base_url", "organization", "project", "auth", "secret"]);

/** What only a profile can say, one row a value: `headers.X-Team`, `oauth.issuer`. */
function otherRows(found: FoundProfile): Setting[] {
  const rows: Setting[] = [];
  const add = (path: readonly string[], value: unknown): void => {
    const shown = Array.isArray(value) ? value.join(" ") : value;
    if (typeof shown === "object" && shown !== null) {
      for (const [key, item] of Object.entries(shown)) add([...path, key], item);
    } else if (shown !== undefined) {
      rows.push({
        name: path.join("."),
        value: typeof shown === "string" ? shown : JSON.stringify(shown),
        source: found.placeOf(...path),
      });
    }
  };
  for (const [key, value] of Object.entries(found.profile)) if (!shownElsewhere.has(key)) add([key], value);
  return rows;
}
