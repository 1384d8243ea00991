/**
 * Secrets that callsql keeps itself: in the keychain, or in files that their owner alone can read. Never in a profile.
 */
import { chmod, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fail } from "../../diagnostics/diagnostic.ts";
import { configFolder, type Environment } from "../config-folder.ts";
import { openKeychain, type Keychain } from "./keychain.ts";
import { SecretError } from "./secret-error.ts";
import { expectError } from "../../diagnostics/expected.ts";
import { isMissingFile } from "../missing-file.ts";

/** The file first: a keychain may say no. */
export const storePlaces = ["store", "keychain"] as const;

export type StorePlace = (typeof storePlaces)[number];

export class SecretStore {
  readonly #env: Environment;
  #keychain: Promise<Keychain | undefined> | undefined;

  constructor(env: Environment) {
    this.#env = env;
  }

  /** In the keychain where one takes it, else in the file; says where. */
  async keep(account: string, secret: string): Promise<StorePlace> {
    const keychain = await this.#openKeychain();
    try {
      await keychain?.set(account, secret);
      if (keychain !== undefined) return "keychain";
    } catch {
      // A locked keychain reads as an empty one and refuses to be written.
    }
    await this.set("store", account, secret);
    return "store";
  }

  /** From wherever `keep` put it. */
  async find(account: string): Promise<string | undefined> {
    const kept = await this.get("store", account);
    return kept ?? (await this.#openKeychain())?.get(account);
  }

  async get(place: StorePlace, account: string): Promise<string | undefined> {
    if (place === "keychain") return (await this.#neededKeychain()).get(account);
    try {
      return await readFile(this.#file(account), "utf8");
    } catch (error) {
      expectError(error, Error);
      if (isMissingFile(error)) return undefined;
      throw error;
    }
  }

  /** Throws connect/no-keychain. */
  async set(place: StorePlace, account: string, secret: string): Promise<void> {
    if (place === "keychain") return (await this.#neededKeychain()).set(account, secret);
    const file = this.#file(account);
    const written = `${file}.${process.pid}.tmp`;
    await mkdir(this.#folder(), { recursive: true, mode: 0o700 });
    await chmod(this.#folder(), 0o700);
    await writeFile(written, secret, { mode: 0o600 });
    await rename(written, file);
  }

  /** What is not there is gone as well. Throws connect/not-forgotten. */
  async delete(place: StorePlace, account: string): Promise<void> {
    if (place === "store") return rm(this.#file(account), { force: true });
    const keychain = await this.#openKeychain();
    try {
      if ((await keychain?.get(account)) !== undefined) await keychain?.delete(account);
    } catch (error) {
      expectError(error, SecretError);
      fail("connect/not-forgotten", { account, reason: error.message });
    }
  }

  #openKeychain(): Promise<Keychain | undefined> {
    return (this.#keychain ??= openKeychain(this.#env));
  }

  async #neededKeychain(): Promise<Keychain> {
    return (await this.#openKeychain()) ?? fail("connect/no-keychain", {});
  }

  #folder(): string {
    return join(configFolder(this.#env), "secrets");
  }

  /** Accounts are names of profiles with a suffix: fit for a file as they are. */
  #file(account: string): string {
    return join(this.#folder(), account);
  }
}
