/** A proxy on a free port that lets nobody through. */
import { createServer } from "node:http";

export interface RefusingProxy {
  readonly url: string;
  [Symbol.dispose](): void;
}

/** Answers CONNECT with this status, or breaks the connection. */
export async function startRefusingProxy(status: number | "break"): Promise<RefusingProxy> {
  const proxy = createServer();
  proxy.on("connect", (_, client) => {
    if (status === "break") client.destroy();
    else client.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const address = proxy.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`,
    [Symbol.dispose]: () => proxy.close(),
  };
}
