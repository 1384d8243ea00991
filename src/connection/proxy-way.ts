/** The way through a proxy. What goes wrong before it is open is between the proxy and us, and its errors say so. */
import { Pool, ProxyAgent, type Dispatcher } from "undici";
import { networkTexts, proxyTexts } from "../diagnostics/messages/connect.ts";
import { codeBehind } from "./failure.ts";
import { presentable } from "./mask.ts";
import { ProxyError, type Proxy } from "./proxy-of.ts";

/** All but the proxy's address. */
export type WayOptions = Omit<ProxyAgent.Options, "uri" | "clientFactory">;

export function openProxy({ url, shown }: Proxy, options: WayOptions): Dispatcher {
  return new ProxyAgent({
    ...options,
    uri: url.href,
    clientFactory: (origin, poolOptions) => {
      const pool = new Pool(origin, poolOptions);
      const ask: Ask = pool.connect.bind(pool);
      // How ProxyAgent asks for a way.
      return Object.assign(pool, { connect: (wanted: WayWanted) => openWay(ask(wanted), shown) });
    },
  });
}

type Way = Dispatcher.ConnectData;
type WayWanted = Omit<Dispatcher.ConnectOptions, "origin">;
type Ask = (wanted: WayWanted) => Promise<Way>;

/** Rejects with ProxyError. */
async function openWay(asked: Promise<Way>, proxy: string): Promise<Way> {
  const way = await asked.catch((cause: unknown) => {
    const code = codeBehind(cause);
    const what = networkTexts[code ?? ""] ?? presentable(proxyTexts.other({ reason: String(cause) }));
    throw new ProxyError(proxyTexts.failed({ proxy, what, code }), { cause });
  });
  const { statusCode: status, socket } = way;
  // ProxyAgent takes no other.
  if (status === 200) return way;
  socket.on("error", () => undefined).destroy();
  throw new ProxyError(proxyTexts.refused({ proxy, status }));
}
