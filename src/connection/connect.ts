/** From a connection's name to a connection: what the command line and the library are given. */
import type { Connection } from "../catalog/request.ts";
import { fail } from "../diagnostics/diagnostic.ts";
import { presentable } from "./mask.ts";
import { createOpenAIConnection } from "./openai.ts";

/** Variables of an environment, such as process.env. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Without a name: `openai` where there is a key, else none, and the first call says so. Never a stand-in silently. */
export async function connectionFromName(
  name: string | undefined,
  env: Environment,
): Promise<Connection | undefined> {
  switch (name) {
    case undefined:
      return valueOf(env, "OPENAI_API_KEY") === undefined ? undefined : openaiFromEnvironment(env);
    case "openai":
      return openaiFromEnvironment(env);
    case "offline":
      return await offline(env);
    default:
      return fail("connect/unknown", { name: presentable(name) });
  }
}

function openaiFromEnvironment(env: Environment): Connection {
  const apiKey = valueOf(env, "OPENAI_API_KEY");
  if (apiKey === undefined) fail("connect/no-key", { name: "openai" });
  return createOpenAIConnection({
    name: "openai",
    apiKey,
    baseUrl: valueOf(env, "OPENAI_BASE_URL"),
    organization: valueOf(env, "OPENAI_ORG_ID"),
    project: valueOf(env, "OPENAI_PROJECT_ID"),
  });
}

/** Loaded on demand: its models are large and most programs never use them. */
async function offline(env: Environment): Promise<Connection> {
  const { offlineFetch, offlineModels } = await import("./offline/offline.ts");
  const { backendsOf } = await import("./offline/backends.ts");
  const { offlineFolder } = await import("./offline/packages.ts");
  const { sendInTurn } = await import("./offline/in-turn.ts");
  const connection = createOpenAIConnection({
    name: "offline",
    apiKey: "offline",
    baseUrl: "http://offline.callsql.invalid/v1",
    models: offlineModels,
    fetch: offlineFetch(backendsOf(offlineFolder(env))),
    // A full pack of the API's would keep the small encoder busy for minutes, past every deadline.
    packMax: 32,
  });
  return { ...connection, send: sendInTurn((request, options) => connection.send(request, options)) };
}

/** A variable that is set to nothing is not set. */
function valueOf(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === "" ? undefined : value;
}
