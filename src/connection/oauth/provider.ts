/** The OAuth 2.0 provider of a profile, by discovery or by its endpoints, as openid-client wants it. */
import * as openid from "openid-client";
import { secretTexts } from "../../diagnostics/messages/connect.ts";
import { readJson } from "../../catalog/read.ts";
import { readRecord } from "../json.ts";
import { presentable } from "../mask.ts";
import { networkOf } from "../network.ts";
import type { OAuthSettings } from "../profiles/profile.ts";
import { fetchSecret, type SecretContext } from "../secrets/credentials.ts";
import { SecretError } from "../secrets/secret-error.ts";
import { parseReference } from "../secrets/reference.ts";
import { errorText } from "../../diagnostics/error-text.ts";

export interface ProviderContext extends SecretContext {
  readonly caFile?: string | undefined;
}

/** Throws SecretError. */
export async function openProvider(
  settings: OAuthSettings,
  context: ProviderContext,
): Promise<openid.Configuration> {
  const reference = settings.client_secret === undefined ? undefined : parseReference(settings.client_secret);
  const secret = reference === undefined ? undefined : (await fetchSecret(reference, context)).secret;
  const clientAuth = secret === undefined ? openid.None() : clientSecret(secret);
  const fetch = withoutIdToken(await fetchOf(context));
  if (settings.issuer === undefined) {
    const home = new URL("/", settings.token_endpoint);
    const server = { issuer: home.href, ...endpointsOf(settings) };
    const config = new openid.Configuration(server, settings.client_id, undefined, clientAuth);
    config[openid.customFetch] = fetch;
    for (const allow of allowances(home)) allow(config);
    return config;
  }
  const issuer = new URL(settings.issuer);
  const found = await openid.discovery(issuer, settings.client_id, undefined, clientAuth, {
    [openid.customFetch]: fetch,
    execute: allowances(issuer),
  });
  const endpoints = endpointsOf(settings);
  if (Object.keys(endpoints).length === 0) return found;
  // What the profile says comes before what was discovered.
  const metadata = { ...found.serverMetadata(), ...endpoints };
  const config = new openid.Configuration(metadata, settings.client_id, undefined, clientAuth);
  config[openid.customFetch] = fetch;
  for (const allow of allowances(issuer)) allow(config);
  return config;
}

/** In the body where the provider says that it reads it there, else in the header, which every provider must read. */
function clientSecret(secret: string): openid.ClientAuth {
  const inBody = openid.ClientSecretPost(secret);
  const inHeader = openid.ClientSecretBasic(secret);
  return (server, client, body, headers) => {
    const methods = server.token_endpoint_auth_methods_supported ?? [];
    const method = methods.includes("client_secret_post") ? inBody : inHeader;
    method(server, client, body, headers);
  };
}

/**
 * ID tokens say who somebody is, and nobody here asks: the access token is for the service. Read, they would be one more thing
 * to fail, by the provider's clock or where nothing is discovered and nobody says who signs them.
 */
function withoutIdToken(fetch: openid.CustomFetch): openid.CustomFetch {
  return async (url, options) => {
    const answer = await fetch(url, options);
    const fields = readRecord(readJson(await answer.clone().text()));
    if (fields?.["id_token"] === undefined) return answer;
    const { id_token: _, ...others } = fields;
    return Response.json(others, { status: answer.status });
  };
}

/** What went wrong, in words without a token: the provider's own, or the network's. */
export function providerError(error: unknown, name: string): SecretError {
  if (error instanceof SecretError) return error;
  if (error instanceof openid.ResponseBodyError || error instanceof openid.AuthorizationResponseError) {
    const { error: code, error_description: description } = error;
    const details = {
      name,
      code: presentable(code),
      description: description === undefined ? undefined : presentable(description),
    };
    const isEnded = code === "invalid_grant";
    return new SecretError(isEnded ? secretTexts.loginEnded(details) : secretTexts.loginRefused(details));
  }
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return new SecretError(secretTexts.providerFailed({ reason: errorText(cause) }));
}

function endpointsOf(settings: OAuthSettings): Record<string, string> {
  const { authorization_endpoint, token_endpoint, device_authorization_endpoint, revocation_endpoint } =
    settings;
  const endpoints = {
    authorization_endpoint,
    token_endpoint,
    device_authorization_endpoint,
    revocation_endpoint,
  };
  return Object.fromEntries(
    Object.entries(endpoints).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}

async function fetchOf({ env, caFile }: ProviderContext): Promise<openid.CustomFetch> {
  const network = await networkOf(env, caFile)?.();
  const routed = network === undefined ? {} : { dispatcher: network.dispatcher };
  return (url, options) => globalThis.fetch(url, readInit({ ...options, ...routed }));
}

/** Node's fetch knows `dispatcher`; the types of its own undici are not those of the package. */
function readInit(options: object): RequestInit {
  return options;
}

/** Tokens travel unencrypted nowhere but inside the machine. */
function allowances({ hostname }: URL): ((config: openid.Configuration) => void)[] {
  return ["127.0.0.1", "localhost", "[::1]"].includes(hostname) ? [openid.allowInsecureRequests] : [];
}
