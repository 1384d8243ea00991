/** A login provider (oidc-provider) with the clients that the tests log in as. */
import { Provider } from "oidc-provider";

/** Seconds that tokens are good for. */
export interface Lifetimes {
  readonly access: () => number;
  readonly refresh: () => number;
}

/** Who logs in as `callsql` needs no secret; two other clients do. */
export function newProvider(
  issuer: string,
  { access, refresh }: Lifetimes = { access: () => 3600, refresh: () => 86_400 },
): Provider {
  return new Provider(issuer, {
    clients: [
      {
        client_id: "callsql",
        application_type: "native",
        redirect_uris: ["http://127.0.0.1/callback"],
        token_endpoint_auth_method: "none",
        grant_types: ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
        response_types: ["code"],
      },
      ...(["client_secret_post", "client_secret_basic"] as const).map((method) => ({
        client_id: method,
        client_secret: `secret of ${method}: 100%`,
        application_type: "native" as const,
        redirect_uris: ["http://127.0.0.1/callback"],
        token_endpoint_auth_method: method,
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code" as const],
      })),
    ],
    features: {
      deviceFlow: { enabled: true },
      revocation: { enabled: true },
      devInteractions: { enabled: true },
    },
    pkce: { required: () => true },
    rotateRefreshToken: true,
    ttl: {
      AccessToken: access,
      RefreshToken: refresh,
      Grant: 86_400,
      IdToken: 3600,
      Session: 3600,
      Interaction: 600,
      DeviceCode: 600,
    },
    cookies: { keys: ["test"] },
  });
}
