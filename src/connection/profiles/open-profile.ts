/** From a profile to a connection. Nothing is asked, run or opened before the first request. */
import type { Connection } from "../../catalog/request.ts";
import { fail } from "../../diagnostics/diagnostic.ts";
import type { Environment } from "../config-folder.ts";
import { networkOf } from "../network.ts";
import { createOpenAIConnection } from "../openai.ts";
import {
  fetchSecret,
  lazily,
  renewing,
  type Credentials,
  type SecretContext,
} from "../secrets/credentials.ts";
import { parseReference, type Reference } from "../secrets/reference.ts";
import { SecretStore } from "../secrets/secret-store.ts";
import type { FoundProfile } from "./profile-book.ts";
import type { Profile } from "./profile.ts";
import { settingsOf } from "./settings.ts";

/** Throws connect/no-key and connect/bad-base-url. */
export function openProfile(name: string, found: FoundProfile | undefined, env: Environment): Connection {
  const { profile } = settingsOf(name, found, env);
  const store = new SecretStore(env);
  const credentials = credentialsOf(name, profile, { env, store, account: name });
  const models = Object.entries(profile.models ?? {}).filter(([, model]) => model !== undefined);
  const isAzure = profile.api_version !== undefined;
  return createOpenAIConnection({
    name,
    apiKey: credentials === undefined ? "none" : () => credentials.get(),
    renewKey: credentials === undefined ? undefined : (refused) => credentials.renew(refused),
    keyHeader:
      credentials === undefined ? "none" : isAzure && profile.auth === "api-key" ? "api-key" : "bearer",
    baseUrl: profile.base_url,
    organization: profile.organization,
    project: profile.project,
    models: Object.fromEntries(models),
    headers: () => headersOf(profile, { env, store, account: name }),
    azure:
      profile.api_version === undefined
        ? undefined
        : { apiVersion: profile.api_version, deployments: profile.deployments },
    openNetwork: networkOf(env, profile.ca_file),
    timeoutMs: profile.timeout === undefined ? undefined : profile.timeout * 1000,
    packMax: profile.pack_max,
    defaults: profile.parameters,
  });
}

/** Undefined for a server that asks for none. */
function credentialsOf(name: string, profile: Profile, context: SecretContext): Credentials | undefined {
  if (profile.auth === "none") return undefined;
  const { oauth } = profile;
  if (profile.auth === "oauth" && oauth !== undefined) {
    return lazily(async () => {
      const { oauthCredentials } = await import("../oauth/tokens.ts");
      return oauthCredentials(name, oauth, { ...context, caFile: profile.ca_file });
    });
  }
  const reference = profile.secret === undefined ? undefined : parseReference(profile.secret);
  if (reference === undefined) return fail("connect/no-key", { name });
  return renewing(() => fetchSecret(reference, context));
}

/** A header's value may be a reference: what carries a credential has to. */
async function headersOf({ headers }: Profile, context: SecretContext): Promise<Record<string, string>> {
  const values = Object.entries(headers ?? {}).map(async ([name, value]) => {
    const reference = hidden(parseReference(value));
    return [name, reference === undefined ? value : (await fetchSecret(reference, context)).secret] as const;
  });
  return Object.fromEntries(await Promise.all(values));
}

/** `store` and `keychain` are words a header may mean. */
function hidden(reference: Reference | undefined): Reference | undefined {
  return reference?.kind === "store" || reference?.kind === "keychain" ? undefined : reference;
}
