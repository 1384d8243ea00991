/** One server of ours, and the service behind it, for all tests of a file. */
import { afterAll, afterEach } from "vitest";
import { startOpenAIServer, type OpenAIServer } from "../../support/openai-server.ts";
import { startServing, type Serving, type ServingOptions } from "./serving.ts";

export interface SharedServing {
  readonly api: OpenAIServer;
  readonly serving: Serving;
  /** Of a token without limits. */
  readonly token: string;
}

/** At the top of a file. What a test asks of the service is forgotten behind it. */
export async function shareServing(options: ServingOptions = {}): Promise<SharedServing> {
  const api = await startOpenAIServer();
  const serving = await startServing(api.url, options);
  afterEach(() => api.reset());
  afterAll(async () => {
    await serving.close();
    await api.close();
  });
  return { api, serving, token: serving.token("first") };
}
