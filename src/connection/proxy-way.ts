/** The way through a proxy. What goes wrong before it is open is between the proxy and us, and its errors say so. */
import { Pool, ProxyAgent, type Dispatcher } from "undici";
import { networkTexts, proxyHint, proxyTexts } from "../diagnostics/messages/connect.ts";
import { codeBehind } from "./failure.ts";
import { presentable } from "./mask.ts";
import { ProxyError, ProxyRefusal, type Proxy } from "./proxy-of.ts";

/** All but the proxy's address. */
export type WayOptions = Omit<ProxyAgent.Options, "uri" | "clientFactory">;

export function openProxy(proxy: Proxy, options: WayOptions): Dispatcher {
  return new ProxyAgent({
    ...options,
    uri: proxy.url.href,
    clientFactory: (origin, poolOptions) => {
      const pool = new Pool(origin, poolOptions);
      const ask: Ask = pool.connect.bind(pool);
      // How ProxyAgent asks for a way.
      return Object.assign(pool, { connect: (wanted: WayWanted) => openWay(ask(wanted), proxy) });
    },
  });
}

type Way = Dispatcher.ConnectData;
type WayWanted = Omit<Dispatcher.ConnectOptions, "origin">;
type Ask = (wanted: WayWanted) => Promise<Way>;

/** Rejects with ProxyError. */
async function openWay(asked: Promise<Way>, { shown: proxy, variable }: Proxy): Promise<Way> {
  const way = await asked.catch((cause: unknown) => {
    const code = codeBehind(cause);
    const what = networkTexts[code ?? ""] ?? presentable(proxyTexts.other({ reason: String(cause) }));
    throw new ProxyError(proxyTexts.failed({ proxy, what, code }), { cause });
  });
  const { statusCode: status, socket } = way;
  // ProxyAgent takes no other.
  if (status === 200) return way;
  socket.on("error", () => undefined).destroy();
  const words = proxyTexts.refused({ proxy, status });
  throw finalStatuses.has(status)
    ? new ProxyRefusal(words, proxyHint({ variable, status }))
    : new ProxyError(words);
}

/** Of a proxy that will say the same to the next who asks: forbidden, and without a right password. */
const finalStatuses: ReadonlySet<number> = new Set([401, 403, 407]);
