/**
 * The tokens of a login, shared by all processes of a user: read and renewed under a lock, so that a refresh token, which
 * many providers take once only, is used once.
 */
import { join } from "node:path";
import { z } from "zod";
import { stateFolder, type Environment } from "../config-folder.ts";
import { readJson } from "../../catalog/read.ts";
import type { SecretStore } from "../secrets/secret-store.ts";
import { locked } from "./lock.ts";

const tokensSchema = z.object({
  accessToken: z.string(),
  refreshToken: z.string().optional(),
  /** Milliseconds since 1970: from here on it is renewed before it is used. */
  renewAt: z.number().optional(),
});

export type Tokens = Readonly<z.infer<typeof tokensSchema>>;

export class TokenStore {
  readonly #env: Environment;
  readonly #store: SecretStore;
  readonly #name: string;

  constructor(env: Environment, store: SecretStore, name: string) {
    this.#env = env;
    this.#store = store;
    this.#name = name;
  }

  /** Undefined when nobody has logged in. */
  async read(): Promise<Tokens | undefined> {
    const text = await this.#store.find(accountOf(this.#name));
    return text === undefined ? undefined : tokensSchema.safeParse(readJson(text)).data;
  }

  async write(tokens: Tokens): Promise<void> {
    await this.#store.keep(accountOf(this.#name), JSON.stringify(tokens));
  }

  /** One process at a time. */
  locked<T>(work: () => Promise<T>): Promise<T> {
    return locked(join(stateFolder(this.#env), "locks", this.#name), work);
  }
}

/** Where the tokens of a connection stand in the keychain or the store. */
export function accountOf(name: string): string {
  return `${name}.oauth`;
}
