/** The access token of a login, renewed before its end and after a 401: once, whoever else asks meanwhile. */
import * as openid from "openid-client";
import { secretTexts } from "../../diagnostics/messages/connect.ts";
import type { OAuthSettings } from "../profiles/profile.ts";
import { renewAtOf, renewing, type Credentials } from "../secrets/credentials.ts";
import { SecretError } from "../secrets/secret-error.ts";
import { openProvider, providerError, type ProviderContext } from "./provider.ts";
import { TokenStore, type Tokens } from "./token-store.ts";

export function oauthCredentials(
  name: string,
  settings: OAuthSettings,
  context: ProviderContext,
): Credentials {
  const tokens = new TokenStore(context.env, context.store, name);
  return renewing(async (refused) => {
    const { accessToken, renewAt } = await tokens.locked(async () => {
      const kept = await tokens.read();
      if (kept === undefined) throw new SecretError(secretTexts.notLoggedIn({ name }));
      // Another process may have renewed it while we waited for the lock.
      const isGood =
        kept.accessToken !== refused && (kept.renewAt === undefined || Date.now() < kept.renewAt);
      return isGood ? kept : refresh(kept, tokens);
    });
    return { secret: accessToken, renewAt };
  });

  async function refresh({ refreshToken }: Tokens, store: TokenStore): Promise<Tokens> {
    if (refreshToken === undefined) throw new SecretError(secretTexts.noRefreshToken({ name }));
    try {
      const provider = await openProvider(settings, context);
      const answer = await openid.refreshTokenGrant(provider, refreshToken);
      const renewed = tokensOf(answer, refreshToken);
      await store.write(renewed);
      return renewed;
    } catch (error) {
      throw providerError(error, name);
    }
  }
}

/** A provider that gives no new refresh token means that the old one stays. */
export function tokensOf(
  answer: openid.TokenEndpointResponse & openid.TokenEndpointResponseHelpers,
  refreshToken?: string,
): Tokens {
  const seconds = answer.expiresIn();
  const kept = answer.refresh_token ?? refreshToken;
  return {
    accessToken: answer.access_token,
    ...(kept === undefined ? {} : { refreshToken: kept }),
    ...(seconds === undefined ? {} : { renewAt: renewAtOf(Date.now() + seconds * 1000) }),
  };
}
