/** Connections that a program brings along: an object that sends, or a fetch that stands for the network. */
import { fail } from "../diagnostics/diagnostic.ts";
import type { Connection } from "../catalog/request.ts";
import { createOpenAIConnection, openaiModels, type OpenAIConnectionOptions } from "./openai.ts";

/**
 * A connection that speaks the OpenAI protocol through a `fetch` of your own: a proxy, a gateway, a test.
 *
 * ```ts
 * import { openSession } from "callsql";
 *
 * await using session = await openSession({
 *   connection: {
 *     fetch: async () => Response.json({ data: [{ index: 0, embedding: [0.25, 0.5] }], usage: { prompt_tokens: 1, total_tokens: 1 } }),
 *   },
 * });
 * const result = await session.execute("CALL GetEmbeddings('hello')");
 * console.log((await result.first())?.Embedding_Dimensions);
 * ```
 */
export interface FetchConnection extends Partial<OpenAIConnectionOptions> {
  /** As globalThis.fetch. */
  readonly fetch: typeof globalThis.fetch;
  /** Default "custom". */
  readonly name?: string;
  /** Sent as a bearer token; default "none". */
  readonly apiKey?: string | (() => Promise<string>);
}

/** Throws connect/bad-connection, and connect/bad-base-url. */
export function ownConnection(given: Connection | FetchConnection): Connection {
  if ("send" in given) return checked(given);
  if (typeof given.fetch !== "function") fail("connect/bad-connection", { missing: ["send or fetch"] });
  return createOpenAIConnection({ name: "custom", apiKey: "none", ...given });
}

/** JavaScript gets here, too. */
function checked(connection: Connection): Connection {
  const { name, identity, models } = connection;
  const purposes = Object.keys(openaiModels) as (keyof typeof openaiModels)[];
  const missing = [
    ...(typeof name === "string" ? [] : ["name"]),
    ...(typeof identity === "string" ? [] : ["identity"]),
    ...purposes
      .filter((purpose) => typeof models?.[purpose] !== "string")
      .map((purpose) => `models.${purpose}`),
    ...(typeof connection.send === "function" ? [] : ["send"]),
  ];
  if (missing.length > 0) fail("connect/bad-connection", { missing });
  return connection;
}
