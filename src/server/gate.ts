/** Who is let in: by the name the server was reached by, the page a request comes from, and its token. */
import { fail } from "../index.ts";
import type { Token, TokenStore } from "./tokens.ts";

export interface GateOptions {
  /** Undefined: nobody needs a token. */
  readonly tokens: TokenStore | undefined;
  /** Names the server is reached by, besides those of the loopback interface. */
  readonly hosts: readonly string[];
  /** Origins whose web pages may ask. */
  readonly origins: readonly string[];
}

const loopbackHosts = ["localhost", "127.0.0.1", "[::1]"];

/** A name that resolves to us need not be ours (DNS rebinding). Throws serve/wrong-host. */
export function checkHost(header: string | undefined, { hosts }: GateOptions): void {
  const name = header?.toLowerCase().replace(/:\d+$/, "");
  if (name === undefined || ![...loopbackHosts, ...hosts].includes(name)) fail("serve/wrong-host", {});
}

/** A browser says where a request comes from; other clients say nothing. Throws serve/wrong-origin. */
export function checkOrigin(
  { origin, site }: { readonly origin: string | undefined; readonly site: string | undefined },
  { origins }: GateOptions,
): void {
  if (origin !== undefined && origins.includes(origin)) return;
  const isOwn = origin === undefined && (site === undefined || site === "none" || site === "same-origin");
  if (!isOwn) fail("serve/wrong-origin", {});
}

/** `headers`: every Authorization header there is; two are as good as none. Throws serve/unauthorized. */
export function authenticate(headers: readonly string[], { tokens }: GateOptions): Token | undefined {
  if (tokens === undefined) return undefined;
  const [header = ""] = headers;
  const text = headers.length === 1 ? /^Bearer ([\w.~+/-]{1,200}=*)$/i.exec(header)?.[1] : undefined;
  return (text === undefined ? undefined : tokens.find(text)) ?? fail("serve/unauthorized", {});
}
