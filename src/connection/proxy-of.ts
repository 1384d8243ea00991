/**
 * Which proxy stands on the way to a server: HTTPS_PROXY, HTTP_PROXY and NO_PROXY, read as curl reads them. Says it, and opens
 * nothing: errors name the proxy too.
 */
import { fail } from "../diagnostics/diagnostic.ts";
import { valueOf, type Environment } from "./config-folder.ts";
import { presentable } from "./mask.ts";

export interface Proxy {
  readonly url: URL;
  /** Of the environment, that names it. */
  readonly variable: string;
  /** Fit to be shown: a user name and password are masked. */
  readonly shown: string;
}

/** The way through a proxy was not opened: nothing was sent to the server. Its message is fit to be shown. */
export class ProxyError extends Error {}

/** The proxy answers, and will not let us go there: asking again changes nothing. */
export class ProxyRefusal extends ProxyError {
  readonly hint: string;
  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

const protocols = ["http:", "https:", "socks:", "socks5:"];

/** Whether the environment names any. */
export function hasProxies(env: Environment): boolean {
  return variableOf(env, "http_proxy") !== undefined || variableOf(env, "https_proxy") !== undefined;
}

/** Undefined: straight. Without HTTPS_PROXY that is HTTP_PROXY's, too. Throws connect/bad-proxy. */
export function proxyOf(env: Environment, server: URL): Proxy | undefined {
  const forHttps = server.protocol === "https:" ? variableOf(env, "https_proxy") : undefined;
  const found = forHttps ?? variableOf(env, "http_proxy");
  const isExempt = isListed(server, variableOf(env, "no_proxy")?.value ?? "");
  return found === undefined || isExempt ? undefined : readProxy(found);
}

interface Variable {
  readonly name: string;
  readonly value: string;
}

/** The small spelling first. */
function variableOf(env: Environment, name: string): Variable | undefined {
  for (const spelling of [name, name.toUpperCase()]) {
    const value = valueOf(env, spelling);
    if (value !== undefined) return { name: spelling, value };
  }
  return undefined;
}

function readProxy({ name, value }: Variable): Proxy {
  const text = value.includes("://") ? value : `http://${value}`;
  const url = URL.parse(text);
  if (url === null || url.hostname === "" || !protocols.includes(url.protocol)) {
    const shown = presentable(text.replace(/\/\/.*@/, "//[masked]@"));
    return fail("connect/bad-proxy", { variable: name, url: shown, protocols });
  }
  return { url, variable: name, shown: presentable(url.href.replace(/\/$/, "")) };
}

/** Names, `.name` and `*.name` mean a host and all below it; `*` all; a port behind one that port alone. */
function isListed({ protocol, hostname, port }: URL, list: string): boolean {
  const ownPort = port === "" ? (protocol === "https:" ? "443" : "80") : port;
  return list.split(/[,\s]+/).some((entry) => {
    if (entry === "" || entry === "*") return entry === "*";
    const [, named, wantedPort = ownPort] = /^(\[.*\]|[^:]*)(?::(\d+))?$/.exec(entry) ?? [];
    // More than one colon: an IPv6 address without the brackets it has in a URL.
    const host = (named ?? `[${entry}]`).replace(/^\*?\./, "").toLowerCase();
    return wantedPort === ownPort && (hostname === host || hostname.endsWith(`.${host}`));
  });
}
