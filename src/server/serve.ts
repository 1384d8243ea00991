/**
 * The Execute Command backend: puts session, processes, clients and routes together and listens. One process has the
 * ledger, the connections and their keys; statements with SQL of their own run in others.
 */
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { DiagnosticError, fail, openSession, version, type Session } from "../index.ts";
import { createApp } from "./app.ts";
import type { Limits, LogEntry } from "./app-options.ts";
import { Clients, type Setting } from "./clients.ts";
import { Deadlines } from "./deadline.ts";
import { Lingering } from "./linger.ts";
import { Metrics } from "./metrics.ts";
import { servePipe, type PipeOptions } from "./pipe.ts";
import { StatementPool } from "./pool.ts";
import { TokenStore } from "./tokens.ts";

/** What answers requests, however they come. */
export interface EngineOptions {
  /** Undefined: an empty one in memory for each statement. */
  readonly database?: string;
  readonly isWritable: boolean;
  readonly connection?: string;
  readonly models?: string;
  readonly ledger: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Options of every session, as SET sets them. */
  readonly settings: readonly Setting[];
  readonly limits: Limits;
  readonly sql: {
    /** Milliseconds SQLite may work on a statement. */
    readonly ms: number;
    /** Bytes a process may take. */
    readonly memoryMax: number;
    readonly processesMax: number;
  };
}

export interface ServeOptions extends EngineOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly tokenFile: string;
  /** Nobody needs a token; on the loopback interface only. */
  readonly isOpen: boolean;
  /** TLS is somebody else's: other addresses than loopback may be listened on. */
  readonly isBehindProxy: boolean;
  readonly hosts: readonly string[];
  readonly origins: readonly string[];
  /** How long requests may still take once the server is closing, milliseconds. */
  readonly drainMs: number;
  /** Takes one line without its end. */
  readonly log: (line: string) => void;
}

export interface RunningServer {
  /** http://HOST:PORT */
  readonly url: string;
  /** Takes no more requests, waits for those there are, ends what takes longer, and closes all. */
  close(): Promise<void>;
}

/** Throws serve/no-tokens, serve/remote-refused, serve/no-auth-remote, serve/cannot-listen, and what opening a session throws. */
export async function startServer(options: ServeOptions): Promise<RunningServer> {
  const tokens = checkAccess(options);
  const engine = await startEngine(options);
  const closing = new AbortController();
  let isDraining = false;
  const app = createApp({
    ...engine,
    gate: { tokens, hosts: [options.host, ...options.hosts].map(bracketed), origins: options.origins },
    limits: options.limits,
    deadlines: new Deadlines(closing.signal),
    isDraining: () => isDraining,
    log: (entry: LogEntry) => options.log(JSON.stringify(entry)),
    version,
  });
  // Node's own type is a union with HTTP/2 servers, of which this is none.
  const server = createAdaptorServer({
    fetch: app.fetch,
    serverOptions,
    overrideGlobalObjects: false,
    autoCleanupIncoming: false,
  }) as Server;
  const lingering = new Lingering(server);
  try {
    await listen(server, options);
  } catch (error) {
    await engine.close();
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  let closed: Promise<void> | undefined;
  return {
    url: `http://${bracketed(options.host)}:${port}`,
    close: () => {
      isDraining = true;
      closed ??= drain(server, { lingering, closing, ms: options.drainMs }).then(() => engine.close());
      return closed;
    },
  };
}

/** Answers the lines of a host that embeds this process, until its input ends. Throws what opening a session throws. */
export async function startPipe(
  options: EngineOptions & Pick<PipeOptions, "input" | "write" | "signal">,
): Promise<void> {
  const engine = await startEngine(options);
  const { limits, input, write, signal } = options;
  const app = createApp({
    ...engine,
    gate: { tokens: undefined, hosts: [], origins: [] },
    limits,
    deadlines: new Deadlines(signal),
    isDraining: () => false,
    log: () => {},
    version,
  });
  try {
    await servePipe({
      input,
      write,
      signal,
      fetch: (request) => app.fetch(request),
      bytesMax: limits.bytesMax,
    });
  } finally {
    await engine.close();
  }
}

interface Engine {
  readonly clients: Clients;
  readonly pool: StatementPool;
  readonly metrics: Metrics;
  close(): Promise<void>;
}

async function startEngine(options: EngineOptions): Promise<Engine> {
  const { database, models, connection, isWritable, settings, sql } = options;
  const main = await openSession({
    ledger: options.ledger,
    env: options.env,
    ...(connection === undefined ? {} : { connection }),
    ...(models === undefined ? {} : { models }),
  });
  for (const { option, value } of settings) main.setOption(option, value);
  const facts = await factsOf(main);
  const mayWrite = isWritable && database !== undefined;
  const pool = new StatementPool({
    setup: {
      isWritable: mayWrite,
      ...(database === undefined ? {} : { database }),
      ...(models === undefined ? {} : { models }),
      ...(facts === undefined ? {} : { connection: facts }),
    },
    processesMax: sql.processesMax,
    waitingMax: options.limits.requestsMax,
    sqlMs: sql.ms,
    memoryMax: sql.memoryMax,
  });
  const clients = new Clients({
    main,
    settings,
    isWritable: mayWrite,
    ...(models === undefined ? {} : { models }),
    ...(facts === undefined ? {} : { connection: facts.name }),
  });
  const close = async (): Promise<void> => {
    await pool.close();
    await clients.close();
    await main.close();
  };
  try {
    await pool.start();
  } catch (error) {
    await close();
    throw error;
  }
  return { clients, pool, metrics: new Metrics(), close };
}

/** A server without a key runs statements that call nothing. */
async function factsOf(main: Session): ReturnType<Session["connectionFacts"]> {
  try {
    return await main.connectionFacts();
  } catch (error) {
    if (error instanceof DiagnosticError && error.code === "connect/no-key") return undefined;
    await main.close();
    throw error;
  }
}

function checkAccess({ host, isOpen, isBehindProxy, tokenFile }: ServeOptions): TokenStore | undefined {
  const isLoopback = host === "localhost" || host === "::1" || host.startsWith("127.");
  if (isOpen) {
    if (!isLoopback) fail("serve/no-auth-remote", {});
    return undefined;
  }
  if (!isLoopback && !isBehindProxy) fail("serve/remote-refused", { host });
  const tokens = new TokenStore(tokenFile);
  if (tokens.list().length === 0) fail("serve/no-tokens", {});
  return tokens;
}

const serverOptions = {
  /** Slow headers are no request. Slow bodies are the routes' business: a stream of rows may take for ever. */
  headersTimeout: 10_000,
  requestTimeout: 0,
  connectionsCheckingInterval: 1000,
  keepAliveTimeout: 30_000,
  maxHeaderSize: 16 * 1024,
};

async function listen(server: Server, { host, port }: ServeOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen({ host, port, backlog: 4096 }, resolve);
  try {
    await promise;
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : String(error);
    fail("serve/cannot-listen", { address: `${bracketed(host)}:${port}`, reason });
  }
}

interface DrainOptions {
  readonly lingering: Lingering;
  readonly closing: AbortController;
  readonly ms: number;
}

async function drain(server: Server, { lingering, closing, ms }: DrainOptions): Promise<void> {
  const ended = new Promise<void>((resolve) => server.close(() => resolve()));
  const closeIdle = (): void => {
    server.closeIdleConnections();
    lingering.close();
  };
  closeIdle();
  const idle = setInterval(closeIdle, 100);
  const late = setTimeout(() => closing.abort(), ms);
  // Answers that the abort has cut short still want to be told.
  const last = setTimeout(() => server.closeAllConnections(), ms + 1000);
  await ended;
  clearInterval(idle);
  clearTimeout(late);
  clearTimeout(last);
}

function bracketed(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}
