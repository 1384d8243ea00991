/**
 * Bearer tokens: made, listed, revoked, and found again by their text. The file holds their hashes only; a token is 256
 * random bits, which need no slow hash. Whoever changes the file while a server runs is heard by it within a second.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { chmodSync, lstatSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fail, isJsonObject, makeFolder, suggest } from "../index.ts";

/** What one token may do. Absent: no limit of its own. */
export interface TokenLimits {
  /** USD, of all requests with this token that the ledger knows. */
  readonly maxCost?: number;
  /** Rows of one result. */
  readonly maxRows?: number;
  /** Requests a minute. */
  readonly rate?: number;
  /** Names, any case. */
  readonly procedures?: readonly string[];
  readonly connections?: readonly string[];
}

export interface Token {
  readonly name: string;
  /** Hex SHA-256 of the token's text. */
  readonly hash: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly expiresAt?: string;
  readonly limits: TokenLimits;
}

const prefix = "csql_";
const checkEveryMs = 1000;

export class TokenStore {
  readonly #file: string;
  #tokens: readonly Token[] = [];
  /** Of the file as it was read, empty where there was none; undefined: to be read anew. */
  #mark: string | undefined;
  #checkedAt = -Infinity;

  /** The file need not exist. */
  constructor(file: string) {
    this.#file = file;
  }

  list(): readonly Token[] {
    this.#refresh();
    return this.#tokens;
  }

  /** The token's text, which is never shown again. Throws serve/token-exists, serve/bad-token-name. */
  create(name: string, limits: TokenLimits, expiresAt?: Date): string {
    if (!/^[\w.-]{1,64}$/.test(name)) fail("serve/bad-token-name", { name });
    if (this.list().some((token) => token.name === name)) fail("serve/token-exists", { name });
    const text = prefix + randomBytes(32).toString("base64url");
    const token: Token = {
      name,
      hash: hashOf(text).toString("hex"),
      createdAt: new Date().toISOString(),
      ...(expiresAt === undefined ? {} : { expiresAt: expiresAt.toISOString() }),
      limits,
    };
    this.#write([...this.#tokens, token]);
    return text;
  }

  /** Throws serve/unknown-token. */
  revoke(name: string): void {
    const names = this.list().map((token) => token.name);
    if (!names.includes(name)) fail("serve/unknown-token", { name, suggestion: suggest(name, names) });
    this.#write(this.#tokens.filter((token) => token.name !== name));
  }

  /** The token with this text. A token that was just made is found at once. */
  find(text: string): Token | undefined {
    const hash = hashOf(text);
    const now = performance.now();
    const isLate = now - this.#checkedAt > checkEveryMs;
    if (isLate) this.#refresh();
    const found = this.#matching(hash) ?? (isLate ? undefined : this.#refresh().#matching(hash));
    if (isLate) this.#checkedAt = now;
    return found?.expiresAt !== undefined && Date.parse(found.expiresAt) <= Date.now() ? undefined : found;
  }

  /** Every token is compared, so that the time taken tells nothing about any of them. */
  #matching(hash: Buffer): Token | undefined {
    let found: Token | undefined;
    for (const token of this.#tokens) {
      if (timingSafeEqual(hash, Buffer.from(token.hash, "hex"))) found = token;
    }
    return found;
  }

  #refresh(): this {
    const stat = statSync(this.#file, { throwIfNoEntry: false });
    const mark = stat === undefined ? "" : `${stat.ino} ${stat.mtimeMs} ${stat.size}`;
    if (mark !== this.#mark) this.#tokens = stat === undefined ? [] : readTokens(this.#file);
    this.#mark = mark;
    return this;
  }

  /** A reader sees the old file or the new one, never half of it. */
  #write(tokens: readonly Token[]): void {
    makeFolder(resolve(dirname(this.#file)), 0o700);
    if (lstatSync(this.#file, { throwIfNoEntry: false })?.isSymbolicLink() === true) {
      fail("serve/bad-token-file", { file: this.#file, problem: "it is a symbolic link" });
    }
    const fresh = `${this.#file}.${process.pid}.tmp`;
    writeFileSync(fresh, `${JSON.stringify({ version: 1, tokens }, undefined, 2)}\n`, { mode: 0o600 });
    chmodSync(fresh, 0o600);
    renameSync(fresh, this.#file);
    this.#tokens = tokens;
    this.#mark = undefined;
  }
}

function hashOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function readTokens(file: string): readonly Token[] {
  const refuse = (problem: string): never => fail("serve/bad-token-file", { file, problem });
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    return refuse(error instanceof SyntaxError ? "it is not JSON" : "it cannot be read");
  }
  const tokens = isJsonObject(content) ? content["tokens"] : undefined;
  return Array.isArray(tokens) && tokens.every(isToken) ? tokens : refuse("it does not hold tokens");
}

function isToken(value: unknown): value is Token {
  return (
    isJsonObject(value) &&
    typeof value["name"] === "string" &&
    /^[0-9a-f]{64}$/.test(String(value["hash"])) &&
    isJsonObject(value["limits"])
  );
}
