/**
 * Keys and tokens when they are needed: from the environment, a file, a command or where callsql keeps them. What has
 * an end is fetched anew before it; what the service no longer takes is fetched once more.
 */
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { secretTexts } from "../../diagnostics/messages/connect.ts";
import { valueOf, type Environment } from "../config-folder.ts";
import { readJson } from "../../catalog/read.ts";
import { readRecord } from "../json.ts";
import type { Reference } from "./reference.ts";
import { runCommand } from "./run-command.ts";
import { SecretError } from "./secret-error.ts";
import type { SecretStore } from "./secret-store.ts";
import { expectError } from "../../diagnostics/expected.ts";

/** Who asks a service: one credential at a time, which may change while the connection lives. */
export interface Credentials {
  get(): Promise<string>;
  /** The service refused this one with 401: whether another is to be had now. */
  renew(refused: string): Promise<boolean>;
}

export interface Fetched {
  readonly secret: string;
  /** Milliseconds since 1970: from here on it is fetched anew. Undefined where nothing says when it ends. */
  readonly renewAt?: number | undefined;
}

/** A minute before the end, for it must arrive and clocks differ; of a short life the last quarter. */
export function renewAtOf(expiresAt: number, now = Date.now()): number {
  return expiresAt - Math.min(60_000, Math.max(0, expiresAt - now) / 4);
}

/**
 * `fetch` is asked at the first need, before the end and after a refusal, with what was refused; whoever asks meanwhile
 * waits for the same.
 */
export function renewing(fetch: (refused?: string) => Promise<Fetched>): Credentials {
  let held: Fetched | undefined;
  let running: Promise<Fetched> | undefined;
  const fetchOnce = async (refused?: string): Promise<Fetched> => {
    running ??= fetch(refused).finally(() => {
      running = undefined;
    });
    held = await running;
    return held;
  };
  return {
    get: async () => {
      const isGood = held !== undefined && (held.renewAt === undefined || Date.now() < held.renewAt);
      return (isGood && held !== undefined ? held : await fetchOnce()).secret;
    },
    renew: async (refused) => {
      if (held !== undefined && held.secret !== refused) return true;
      return (await fetchOnce(refused)).secret !== refused;
    },
  };
}

/** What is loaded when it is first needed. */
export function lazily(load: () => Promise<Credentials>): Credentials {
  let loading: Promise<Credentials> | undefined;
  const loaded = (): Promise<Credentials> => (loading ??= load());
  return {
    get: async () => (await loaded()).get(),
    renew: async (refused) => (await loaded()).renew(refused),
  };
}

export interface SecretContext {
  readonly env: Environment;
  readonly store: SecretStore;
  /** Whose secret it is, where callsql keeps it. */
  readonly account: string;
}

/** Throws SecretError, and connect/no-keychain. */
export async function fetchSecret(reference: Reference, context: SecretContext): Promise<Fetched> {
  const { env, store, account } = context;
  switch (reference.kind) {
    case "keychain":
    case "store": {
      const secret = await store.get(reference.kind, account);
      if (secret === undefined)
        throw new SecretError(secretTexts.notKept({ place: reference.kind, account }));
      return { secret };
    }
    case "env": {
      const secret = valueOf(env, reference.name);
      if (secret === undefined) throw new SecretError(secretTexts.noVariable({ name: reference.name }));
      return readFetched(secret);
    }
    case "file":
      return readFetched(await readSecretFile(reference.path, env));
    case "cmd":
      return readFetched(await runCommand(reference.command, env));
  }
}

async function readSecretFile(path: string, env: Environment): Promise<string> {
  const file = path.replace(/^~(?=\/)/, valueOf(env, "HOME") ?? homedir());
  try {
    return await readFile(join(file), "utf8");
  } catch (error) {
    expectError(error, Error);
    const reason = "code" in error && error.code === "ENOENT" ? "no such file" : error.message;
    throw new SecretError(secretTexts.unreadable({ path, reason }));
  }
}

/** A bare token, or JSON as token commands print it: `{"access_token": …, "expires_in": 3600}` and its kin. */
function readFetched(output: string): Fetched {
  const text = output.trim();
  const fields = readRecord(readJson(text));
  if (fields === undefined) return fetched(text, jwtExpiry(text));
  const secret = ["access_token", "accessToken", "token", "api_key", "key", "id_token"]
    .map((name) => fields[name])
    .find((value) => typeof value === "string");
  if (typeof secret !== "string" || secret === "") throw new SecretError(secretTexts.noToken());
  return fetched(secret, expiryOf(fields) ?? jwtExpiry(secret));
}

function fetched(secret: string, expiresAt: number | undefined): Fetched {
  return { secret, renewAt: expiresAt === undefined ? undefined : renewAtOf(expiresAt) };
}

/** Milliseconds since 1970. */
function expiryOf(fields: Readonly<Record<string, unknown>>): number | undefined {
  const seconds = Number(fields["expires_in"] ?? NaN);
  if (!Number.isNaN(seconds)) return Date.now() + seconds * 1000;
  const at =
    fields["expires_at"] ??
    fields["expiresOn"] ??
    fields["expires_on"] ??
    fields["expiry"] ??
    fields["expiration"];
  if (typeof at === "number" || (typeof at === "string" && /^\d+$/.test(at))) {
    // Seconds or milliseconds since 1970: no token lives until the year 5138.
    return Number(at) > 1e11 ? Number(at) : Number(at) * 1000;
  }
  const parsed = typeof at === "string" ? Date.parse(at) : NaN;
  return Number.isNaN(parsed) ? undefined : parsed;
}

/** Tokens that are JWTs say when they end. */
function jwtExpiry(token: string): number | undefined {
  const [, payload] = /^eyJ[\w-]*\.([\w-]+)\./.exec(token) ?? [];
  if (payload === undefined) return undefined;
  const expiry = readRecord(readJson(Buffer.from(payload, "base64url").toString("utf8")))?.["exp"];
  return typeof expiry === "number" ? expiry * 1000 : undefined;
}
