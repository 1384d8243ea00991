/** A server of ours on a free port, with a database, tokens and the protocol test server behind it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { startServer, type RunningServer, type ServeOptions } from "../../../src/server/serve.ts";
import { TokenStore, type TokenLimits } from "../../../src/server/tokens.ts";

export interface Serving {
  readonly url: string;
  readonly port: number;
  readonly folder: string;
  /** What was logged, parsed. */
  readonly log: readonly Record<string, unknown>[];
  /** Text of a token that is made now. */
  token(name: string, limits?: TokenLimits): string;
  revoke(name: string): void;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export type ServingOptions = Partial<Omit<ServeOptions, "limits" | "sql">> & {
  readonly limits?: Partial<ServeOptions["limits"]>;
  readonly sql?: Partial<ServeOptions["sql"]>;
  /** False: the server is not told where calls go. */
  readonly hasConnection?: false;
};

/** `apiUrl`: of the service that calls go to. */
export async function startServing(apiUrl: string, options: ServingOptions = {}): Promise<Serving> {
  const folder = mkdtempSync(join(tmpdir(), "callsql-serve-"));
  const database = join(folder, "own.db");
  const db = new Database(database);
  db.exec("CREATE TABLE t(id INTEGER PRIMARY KEY, body); INSERT INTO t VALUES (1, 'one'), (2, 'two')");
  db.close();
  const tokenFile = join(folder, "tokens.json");
  const store = new TokenStore(tokenFile);
  const first = store.create("first", {});
  const log: Record<string, unknown>[] = [];
  const server: RunningServer = await startServer({
    host: "127.0.0.1",
    port: 0,
    database,
    isWritable: false,
    ...(options.hasConnection === false ? {} : { connection: "openai" }),
    ledger: join(folder, "ledger.db"),
    env: { OPENAI_API_KEY: "sk-canary-0123456789", OPENAI_BASE_URL: apiUrl },
    settings: [],
    tokenFile,
    isOpen: false,
    isBehindProxy: false,
    hosts: [],
    origins: [],
    drainMs: 2000,
    log: (line) => log.push(JSON.parse(line) as Record<string, unknown>),
    ...options,
    limits: {
      bytesMax: 2 ** 21,
      arrivalMs: 10_000,
      rowsMax: 100_000,
      answerMax: 64 * 2 ** 20,
      requestMs: 60_000,
      requestsMax: 4096,
      ...options.limits,
    },
    sql: { ms: 5000, memoryMax: 512 * 2 ** 20, processesMax: 3, ...options.sql },
  });
  const close = async (): Promise<void> => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return {
    url: server.url,
    port: Number(new URL(server.url).port),
    folder,
    log,
    token: (name, limits = {}) => (name === "first" ? first : store.create(name, limits)),
    revoke: (name) => store.revoke(name),
    close,
    [Symbol.asyncDispose]: close,
  };
}

export interface Asked {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; undefined when it is none. */
  readonly body: Record<string, unknown> | undefined;
}

/** One request, with the token. A body that is no string is sent as JSON. */
export async function ask(
  { url }: Pick<Serving, "url">,
  path: string,
  options: {
    readonly token?: string;
    readonly body?: unknown;
    readonly headers?: Readonly<Record<string, string>>;
    readonly method?: string;
    readonly signal?: AbortSignal;
  } = {},
): Promise<Asked> {
  const { token, body, signal } = options;
  const response = await fetch(url + path, {
    method: options.method ?? (body === undefined ? "GET" : "POST"),
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...options.headers,
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: jsonIn(text) };
}

function jsonIn(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** Lines of NDJSON. */
export function linesOf(text: string): Record<string, unknown>[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
