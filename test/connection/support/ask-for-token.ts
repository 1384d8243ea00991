/** A process that needs the token of a login, as any callsql does: prints it. */
import { oauthCredentials } from "../../../src/connection/oauth/tokens.ts";
import { SecretStore } from "../../../src/connection/secrets/secret-store.ts";

const [issuer = ""] = process.argv.slice(2);
const { env } = process;
const settings = { issuer, client_id: "callsql", scopes: ["openid", "offline_access"] };
const credentials = oauthCredentials("work", settings, { env, store: new SecretStore(env), account: "work" });
process.stdout.write(await credentials.get());
