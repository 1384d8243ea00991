/**
 * The tokens of a login, shared by all processes of a user: read and renewed under a lock, so that a refresh token, which
 * many providers take once only, is used once.
 */
import { mkdir, open, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { stateFolder, type Environment } from "../config-folder.ts";
import { parseJson } from "../json.ts";
import type { SecretStore } from "../secrets/secret-store.ts";

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
    return text === undefined ? undefined : tokensSchema.safeParse(parseJson(text)).data;
  }

  async write(tokens: Tokens): Promise<void> {
    await this.#store.keep(accountOf(this.#name), JSON.stringify(tokens));
  }

  /** One process at a time. A lock whose owner died is broken after a minute. */
  async locked<T>(work: () => Promise<T>): Promise<T> {
    const folder = join(stateFolder(this.#env), "locks");
    const file = join(folder, this.#name);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    while (!(await isTaken(file))) await sleep(25);
    try {
      return await work();
    } finally {
      await rm(file, { force: true });
    }
  }
}

/** Where the tokens of a connection stand in the keychain or the store. */
export function accountOf(name: string): string {
  return `${name}.oauth`;
}

const staleMs = 60_000;

async function isTaken(file: string): Promise<boolean> {
  try {
    const handle = await open(file, "wx", 0o600);
    await handle.close();
    return true;
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    const found = await stat(file).catch(() => undefined);
    if (found !== undefined && Date.now() - found.mtimeMs > staleMs) await rm(file, { force: true });
    return false;
  }
}
