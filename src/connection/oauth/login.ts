/**
 * Logging in: the authorization code with PKCE, which comes back to a port of this machine, or a device code where there
 * is no browser. Writes the tokens where all processes of the user find them.
 */
import { createServer } from "node:http";
import * as openid from "openid-client";
import { fail } from "../../diagnostics/diagnostic.ts";
import { loginPages, secretTexts } from "../../diagnostics/messages/connect.ts";
import { foundIn, readPlace, type ConnectionPlace } from "../profiles/profile-book.ts";
import type { OAuthSettings } from "../profiles/profile.ts";
import { SecretError } from "../secrets/secret-error.ts";
import { SecretStore, storePlaces } from "../secrets/secret-store.ts";
import { openProvider, providerError } from "./provider.ts";
import { accountOf, TokenStore } from "./token-store.ts";
import { tokensOf } from "./tokens.ts";

/** What a person has to do. */
export type LoginStep =
  /** Open this in a browser of this machine. */
  | { readonly kind: "browser"; readonly url: string }
  /** Open this anywhere, and enter the code. */
  | { readonly kind: "device"; readonly url: string; readonly code: string; readonly urlWithCode?: string };

/** How loginConnection asks. */
export interface LoginOptions extends ConnectionPlace {
  /** A device code instead of a browser of this machine. Default false. */
  readonly isDevice?: boolean;
  /** Told what a person has to do. */
  readonly onStep: (step: LoginStep) => void;
  readonly signal?: AbortSignal;
}

type Answer = openid.TokenEndpointResponse & openid.TokenEndpointResponseHelpers;

/** Resolves when somebody has agreed. Throws connect/not-a-profile, connect/not-oauth, connect/login-failed. */
export async function loginConnection(name: string, options: LoginOptions): Promise<void> {
  const { env, book } = await readPlace(options);
  const { profile } = foundIn(book, name);
  const { oauth } = profile;
  if (oauth === undefined) return fail("connect/not-oauth", { name });
  const store = new SecretStore(env);
  try {
    const context = { env, store, account: name, caFile: profile.ca_file };
    const provider = await openProvider(oauth, context);
    const grant = options.isDevice === true ? deviceGrant : codeGrant;
    const answer = await grant(provider, oauth, options);
    await new TokenStore(env, store, name).write(tokensOf(answer));
  } catch (error) {
    if (options.signal?.aborted === true) fail("call/cancelled", {});
    fail("connect/login-failed", { name, reason: providerError(error, name).message });
  }
}

/** The tokens are taken back, where the provider can, and forgotten. Throws connect/not-a-profile, connect/not-oauth. */
export async function logoutConnection(name: string, place: ConnectionPlace = {}): Promise<void> {
  const { env, book } = await readPlace(place);
  const { profile } = foundIn(book, name);
  if (profile.oauth === undefined) fail("connect/not-oauth", { name });
  const store = new SecretStore(env);
  const tokens = await new TokenStore(env, store, name).read();
  for (const kept of storePlaces) await store.delete(kept, accountOf(name));
  if (tokens === undefined) return;
  try {
    const provider = await openProvider(profile.oauth, {
      env,
      store,
      account: name,
      caFile: profile.ca_file,
    });
    if (provider.serverMetadata().revocation_endpoint === undefined) return;
    await openid.tokenRevocation(provider, tokens.refreshToken ?? tokens.accessToken);
  } catch (error) {
    // Forgotten here they are in any case: what is left is for a person to know.
    fail("connect/not-revoked", { name, reason: providerError(error, name).message });
  }
}

async function deviceGrant(
  provider: openid.Configuration,
  settings: OAuthSettings,
  { onStep, signal }: LoginOptions,
): Promise<Answer> {
  if (provider.serverMetadata().device_authorization_endpoint === undefined)
    throw new SecretError(secretTexts.noDeviceCode());
  const device = await openid.initiateDeviceAuthorization(provider, requestOf(settings));
  const { verification_uri: url, verification_uri_complete: urlWithCode, user_code: code } = device;
  onStep({ kind: "device", url, code, ...(urlWithCode === undefined ? {} : { urlWithCode }) });
  return openid.pollDeviceAuthorizationGrant(
    provider,
    device,
    undefined,
    signal === undefined ? {} : { signal },
  );
}

async function codeGrant(
  provider: openid.Configuration,
  settings: OAuthSettings,
  { onStep, signal }: LoginOptions,
): Promise<Answer> {
  const pkceCodeVerifier = openid.randomPKCECodeVerifier();
  const expectedState = openid.randomState();
  await using loopback = await openLoopback(settings.redirect_port ?? 0, expectedState);
  const url = openid.buildAuthorizationUrl(provider, {
    ...requestOf(settings),
    redirect_uri: loopback.redirectUri,
    state: expectedState,
    code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
  });
  onStep({ kind: "browser", url: url.href });
  const returned = await loopback.returned(signal);
  // Where nothing was discovered there is nothing to compare it with.
  if (settings.issuer === undefined) returned.searchParams.delete("iss");
  return openid.authorizationCodeGrant(provider, returned, { pkceCodeVerifier, expectedState });
}

/** Without consent asked for anew, OpenID providers give no refresh token. */
function requestOf({ scopes, audience }: OAuthSettings): Record<string, string> {
  return {
    ...(scopes === undefined ? {} : { scope: scopes.join(" ") }),
    ...(scopes?.includes("offline_access") === true ? { prompt: "consent" } : {}),
    ...(audience === undefined ? {} : { audience }),
  };
}

interface Loopback extends AsyncDisposable {
  readonly redirectUri: string;
  /** The address the browser came back with. */
  returned(signal?: AbortSignal): Promise<URL>;
}

/** Answers to one path and to whoever knows the state; anything else on this machine may knock here too. */
async function openLoopback(port: number, state: string): Promise<Loopback> {
  const { promise, resolve, reject } = Promise.withResolvers<URL>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", redirectUri);
    const isOurs = url.pathname === "/callback" && url.searchParams.get("state") === state;
    const page = !isOurs
      ? loginPages.other()
      : url.searchParams.has("error")
        ? loginPages.refused()
        : loginPages.done();
    response.writeHead(isOurs ? 200 : 404, {
      "content-type": "text/html; charset=utf-8",
      connection: "close",
    });
    response.end(page);
    if (isOurs) resolve(url);
  });
  await new Promise<void>((listening, failing) => {
    server.once("error", failing);
    server.listen(port, "127.0.0.1", listening);
  });
  const address = server.address();
  const redirectUri = `http://127.0.0.1:${typeof address === "object" ? (address?.port ?? port) : port}/callback`;
  return {
    redirectUri,
    returned: (signal) => {
      const giveUp = (): void => reject(new Error("cancelled"));
      signal?.addEventListener("abort", giveUp, { once: true });
      if (signal?.aborted === true) giveUp();
      return promise;
    },
    [Symbol.asyncDispose]: async () => {
      await new Promise((closed) => server.close(closed));
    },
  };
}
