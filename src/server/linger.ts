/**
 * Answers that are given before their request is whole: its body is too large, its token unknown, a row wrong. To close the
 * connection then resets it while the client still sends, and what it was told is lost with it. So the rest is read and
 * dropped, up to a limit.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";

const bytesMax = 64 * 2 ** 20;
const allMs = 30_000;
const idleMs = 2000;
const checkMs = 250;

export class Lingering {
  readonly #ends = new Set<() => void>();

  constructor(server: Server) {
    server.on("request", (incoming: IncomingMessage, outgoing: ServerResponse) => {
      // Before Node, which would close the connection now if it is not kept alive.
      outgoing.prependOnceListener("finish", () => {
        if (!incoming.complete) this.#linger(incoming);
      });
    });
  }

  /** Closes the connections that only linger. */
  close(): void {
    for (const end of this.#ends) end();
  }

  #linger(incoming: IncomingMessage): void {
    const { socket } = incoming;
    let isLast = false;
    // What Node closes a connection with: our half is closed, the client's may be spoken on.
    socket.destroySoon = () => {
      isLast = true;
      socket.end();
    };
    const startedAt = performance.now();
    const from = socket.bytesRead;
    let read = from;
    let readAt = startedAt;
    const timer = setInterval(() => {
      const now = performance.now();
      if (socket.bytesRead !== read) [read, readAt] = [socket.bytesRead, now];
      if (read - from > bytesMax || now - startedAt > allMs || now - readAt > idleMs) end();
    }, checkMs);
    const stop = (): void => {
      clearInterval(timer);
      this.#ends.delete(end);
      Reflect.deleteProperty(socket, "destroySoon");
      if (isLast) socket.destroySoon();
    };
    const end = (): void => {
      isLast = true;
      incoming.off("close", stop);
      stop();
    };
    this.#ends.add(end);
    incoming.once("close", stop);
    incoming.resume();
  }
}
