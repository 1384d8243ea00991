/** The operating system's keychain, where one answers. The package is optional and loaded when it is needed. */
import { secretTexts } from "../../diagnostics/messages/connect.ts";
import type { Environment } from "../config-folder.ts";
import { SecretError } from "./secret-error.ts";
import { errorText } from "../../diagnostics/error-text.ts";

export interface Keychain {
  /** Rejects with SecretError: a locked one asks its owner, who may say no. */
  get(account: string): Promise<string | undefined>;
  set(account: string, secret: string): Promise<void>;
  /** Rejects with SecretError. */
  delete(account: string): Promise<void>;
}

const service = "callsql";

/** Undefined where there is none: no package, no session bus, a locked one. CALLSQL_KEYCHAIN=off leaves it alone. */
export async function openKeychain(env: Environment): Promise<Keychain | undefined> {
  if (env["CALLSQL_KEYCHAIN"]?.toLowerCase() === "off") return undefined;
  try {
    const { AsyncEntry } = await import("@napi-rs/keyring");
    // The kernel's keyring, which the package falls back to on Linux, forgets everything when the machine restarts.
    const entryOf = (account: string) =>
      new AsyncEntry(service, account, { linux: { store: "secret-service" } });
    const keychain: Keychain = {
      get: async (account) => {
        const found = await entryOf(account).getPassword().catch(refused);
        return found ?? undefined;
      },
      set: (account, secret) => entryOf(account).setPassword(secret),
      delete: async (account) => {
        await entryOf(account).deleteCredential().catch(refused);
      },
    };
    // A keychain that cannot be asked says so here and not when a secret is to be kept.
    await keychain.get("callsql-probe");
    return keychain;
  } catch {
    // However a keychain fails, the answer is the same: there is none to use.
    return undefined;
  }
}

function refused(cause: unknown): never {
  const reason = errorText(cause);
  throw new SecretError(secretTexts.keychainRefused({ reason }), { cause });
}
