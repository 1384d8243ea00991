/** A session whose calls go to the protocol test server, for claims about a procedure from SQL to the wire and back. */
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import {
  openSession,
  type Binds,
  type ResultSet,
  type Session,
  type SessionOptions,
  type SqlValue,
} from "../../../src/index.ts";
import { createOpenAIConnection } from "../../../src/connection/openai.ts";
import { startOpenAIServer, type OpenAIServer, type RecordedRequest } from "../../support/openai-server.ts";

export const apiKey = "sk-proj-abcdefghijklmnop1234";

export type NamedRow = Readonly<Record<string, SqlValue>>;

export interface Service {
  readonly server: OpenAIServer;
  readonly session: Session;
  readonly run: (sql: string, binds?: Binds) => Promise<ResultSet>;
  readonly rows: (sql: string, binds?: Binds) => Promise<NamedRow[]>;
  /** The only row. */
  readonly row: (sql: string, binds?: Binds) => Promise<NamedRow>;
  /** Bodies of the requests so far. */
  readonly bodies: () => RecordedRequest["body"][];
}

/** Started for the tests of one file; every request must be one the API takes. */
export function useService(options: SessionOptions = {}): () => Service {
  let service: Service | undefined;
  beforeAll(async () => {
    const server = await startOpenAIServer();
    const connection = createOpenAIConnection({ name: "openai", apiKey, baseUrl: server.url });
    const session = await openSession({ connection, env: {}, ...options });
    await session.execute("SET cache = 'off'");
    const run: Service["run"] = (sql, binds = {}) => session.execute(sql, binds);
    const rows: Service["rows"] = async (sql, binds) => (await run(sql, binds)).all();
    service = {
      server,
      session,
      run,
      rows,
      row: async (sql, binds) => {
        const found = await rows(sql, binds);
        expect(found).toHaveLength(1);
        return found[0] ?? {};
      },
      bodies: () => server.requests.map(({ body }) => body),
    };
  });
  afterEach(() => {
    expect(service?.server.violations).toEqual([]);
    service?.server.reset();
  });
  afterAll(async () => {
    await service?.session.close();
    await service?.server.close();
  });
  return () => {
    if (service === undefined) throw new Error("the service is not started yet");
    return service;
  };
}
