/** A test server and a session whose calls go to it, for one test; both are closed with it. */
import { openSession, type Session, type SqlValue } from "../../../src/index.ts";
import { createOpenAIConnection } from "../../../src/connection/openai.ts";
import { startOpenAIServer, type OpenAIServer, type ServerOptions } from "../../support/openai-server.ts";

export const key = "sk-proj-canary0123456789abcdef";

export interface Opened extends AsyncDisposable {
  readonly server: OpenAIServer;
  readonly session: Session;
  all(sql: string): Promise<Record<string, SqlValue>[]>;
}

export interface OpenOptions extends ServerOptions {
  /** Rows of the table `t(id, body)`, whose bodies are "row 1", "row 2"…; default 10. */
  readonly rows?: number;
  /** Options of the session. */
  readonly set?: Readonly<Record<string, string | number>>;
}

export async function open(options: OpenOptions = {}): Promise<Opened> {
  const { rows = 10, set = {}, ...serverOptions } = options;
  const server = await startOpenAIServer(serverOptions);
  const connection = createOpenAIConnection({ name: "openai", apiKey: key, baseUrl: server.url });
  const session = await openSession({ connection });
  const bodies = Array.from({ length: rows }, (_, index) => [index + 1, `row ${index + 1}`] as const);
  await session.importRows("t", ["id", "body"], bodies);
  for (const [name, value] of Object.entries(set)) await session.execute(`SET ${name} = '${value}'`);
  return {
    server,
    session,
    all: async (sql) => (await session.execute(sql)).all(),
    [Symbol.asyncDispose]: async () => {
      await session.close();
      await server.close();
    },
  };
}

/** Milliseconds that `work` takes, and what it gives or throws. */
export async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; value?: T; error?: unknown }> {
  const startedAt = performance.now();
  try {
    const value = await work();
    return { ms: performance.now() - startedAt, value };
  } catch (error) {
    return { ms: performance.now() - startedAt, error };
  }
}
