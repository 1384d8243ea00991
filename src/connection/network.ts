/** The way to a server where it is not the plain one: through proxies, or with certificates of one's own. */
import { readFile } from "node:fs/promises";
import { rootCertificates } from "node:tls";
import type { Dispatcher } from "undici";
import { fail } from "../diagnostics/diagnostic.ts";
import { valueOf, type Environment } from "./config-folder.ts";

export interface Network {
  readonly dispatcher: Dispatcher;
  close(): Promise<void>;
}

/** Undefined where the plain way will do: no proxy is set and no certificate given. */
export function networkOf(env: Environment, caFile?: string): (() => Promise<Network>) | undefined {
  const httpProxy = proxyOf(env, "http_proxy");
  const httpsProxy = proxyOf(env, "https_proxy");
  if (httpProxy === "" && httpsProxy === "" && caFile === undefined) return undefined;
  return async () => {
    const { EnvHttpProxyAgent } = await import("undici");
    const trusted = caFile === undefined ? {} : { ca: [...rootCertificates, await readCertificates(caFile)] };
    const dispatcher = new EnvHttpProxyAgent({
      // Given even when empty: undici would else look into the environment of the process.
      httpProxy,
      httpsProxy,
      noProxy: proxyOf(env, "no_proxy"),
      connect: trusted,
      requestTls: trusted,
      // An attempt has its own deadline.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    return { dispatcher, close: () => dispatcher.destroy() };
  };
}

/** The small spelling first, as curl has it. */
function proxyOf(env: Environment, name: string): string {
  return valueOf(env, name) ?? valueOf(env, name.toUpperCase()) ?? "";
}

async function readCertificates(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    return fail("connect/unreadable-certificates", {
      file,
      reason: error instanceof Error ? error.message : String(error),
    });
  }
}
