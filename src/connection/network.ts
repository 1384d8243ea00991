/** The way to a server where it is not the plain one: through proxies, or with certificates of one's own. */
import { readFile } from "node:fs/promises";
import { rootCertificates } from "node:tls";
import type { Dispatcher } from "undici";
import { fail } from "../diagnostics/diagnostic.ts";
import type { Environment } from "./config-folder.ts";
import { hasProxies, proxyOf } from "./proxy-of.ts";
import { errorText } from "../diagnostics/error-text.ts";

export interface Network {
  readonly dispatcher: Dispatcher;
  /** On the way to this address, fit to be shown. */
  proxyOf(url: string): string | undefined;
  close(): Promise<void>;
}

/** Undefined where the plain way will do: no proxy is set and no certificate given. */
export function networkOf(env: Environment, caFile?: string): (() => Promise<Network>) | undefined {
  if (!hasProxies(env) && caFile === undefined) return undefined;
  return async () => {
    const { Agent, Pool } = await import("undici");
    const { openProxy } = await import("./proxy-way.ts");
    const trusted = caFile === undefined ? {} : { ca: [...rootCertificates, await readCertificates(caFile)] };
    // An attempt has its own deadline.
    const ways = { connect: trusted, headersTimeout: 0, bodyTimeout: 0 };
    const dispatcher = new Agent({
      ...ways,
      factory: (origin, options) => {
        const proxy = proxyOf(env, new URL(origin));
        return proxy === undefined
          ? new Pool(origin, options)
          : openProxy(proxy, { ...ways, requestTls: trusted });
      },
    });
    return {
      dispatcher,
      proxyOf: (url) => proxyOf(env, new URL(url))?.shown,
      close: () => dispatcher.destroy(),
    };
  };
}

async function readCertificates(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    return fail("connect/unreadable-certificates", {
      file,
      reason: errorText(error),
    });
  }
}
