/** The OAuth 2.0 provider of a profile, by discovery or by its endpoints, as openid-client wants it. */
import * as openid from "openid-client";
import { secretTexts } from "../../diagnostics/messages/connect.ts";
import { networkOf } from "../network.ts";
import type { OAuthSettings } from "../profiles/profile.ts";
import { fetchSecret, SecretError, type SecretContext } from "../secrets/credentials.ts";
import { parseReference } from "../secrets/reference.ts";

export interface ProviderContext extends SecretContext {
  readonly caFile?: string | undefined;
}

/** Seconds by which the provider's clock may be off; lifetimes are counted by our own clock. */
const clockToleranceSeconds = 300;

/** Throws SecretError. */
export async function openProvider(
  settings: OAuthSettings,
  context: ProviderContext,
): Promise<openid.Configuration> {
  const reference = settings.client_secret === undefined ? undefined : parseReference(settings.client_secret);
  const secret = reference === undefined ? undefined : (await fetchSecret(reference, context)).secret;
  const client = { [openid.clockTolerance]: clockToleranceSeconds };
  const clientAuth = secret === undefined ? openid.None() : openid.ClientSecretPost(secret);
  const fetch = await fetchOf(context);
  if (settings.issuer === undefined) {
    const server = { issuer: new URL("/", settings.token_endpoint).href, ...endpointsOf(settings) };
    const config = new openid.Configuration(server, settings.client_id, client, clientAuth);
    config[openid.customFetch] = fetch;
    if (isLoopback(settings.token_endpoint)) openid.allowInsecureRequests(config);
    return config;
  }
  const found = await openid.discovery(new URL(settings.issuer), settings.client_id, client, clientAuth, {
    [openid.customFetch]: fetch,
    execute: isLoopback(settings.issuer) ? [openid.allowInsecureRequests] : [],
  });
  const endpoints = endpointsOf(settings);
  if (Object.keys(endpoints).length === 0) return found;
  // What the profile says comes before what was discovered.
  const metadata = { ...found.serverMetadata(), ...endpoints };
  const config = new openid.Configuration(metadata, settings.client_id, client, clientAuth);
  config[openid.customFetch] = fetch;
  if (isLoopback(settings.issuer)) openid.allowInsecureRequests(config);
  return config;
}

/** What went wrong, in words without a token: the provider's own, or the network's. */
export function providerError(error: unknown, name: string): SecretError {
  if (error instanceof SecretError) return error;
  if (error instanceof openid.ResponseBodyError) {
    const { error: code, error_description: description } = error;
    const details = { name, code, description };
    const isEnded = code === "invalid_grant";
    return new SecretError(isEnded ? secretTexts.loginEnded(details) : secretTexts.loginRefused(details));
  }
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return new SecretError(
    secretTexts.providerFailed({ reason: cause instanceof Error ? cause.message : String(cause) }),
  );
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
function isLoopback(url: string | undefined): boolean {
  return ["127.0.0.1", "localhost", "[::1]"].includes(URL.parse(url ?? "")?.hostname ?? "");
}
