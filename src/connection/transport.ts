/**
 * Requests over an undici pool, without streams and without `fetch`: a third of the processor time of a call went into
 * those. Counts the bytes of an answer while they come, and again while they are unpacked; follows no redirect.
 */
import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate, type InputType, type ZlibOptions } from "node:zlib";
import type { Dispatcher } from "undici";
import type { Deadline } from "./deadline.ts";
import {
  BrokenBody,
  ExchangeError,
  fetchTransport,
  joined,
  type Exchange,
  type Transport,
} from "./exchange.ts";
import type { Network } from "./network.ts";

export interface TransportOptions {
  /** Instead of a pool. */
  readonly fetch: typeof globalThis.fetch | undefined;
  /** Proxies and certificates, if any. */
  readonly network: Network | undefined;
  readonly origin: string;
  /** Of an answer, unpacked. */
  readonly bytesMax: number;
}

export interface OpenTransport {
  readonly transport: Transport;
  readonly close: () => Promise<void>;
}

export async function openTransport(options: TransportOptions): Promise<OpenTransport> {
  const { fetch, network, origin, bytesMax } = options;
  if (fetch !== undefined) {
    return { transport: fetchTransport(fetch, bytesMax), close: async () => network?.close() };
  }
  if (network !== undefined) {
    return { transport: poolTransport(network.dispatcher, bytesMax), close: () => network.close() };
  }
  const { Pool } = await import("undici");
  // An attempt has its own deadline.
  const pool = new Pool(origin, { headersTimeout: 0, bodyTimeout: 0 });
  return { transport: poolTransport(pool, bytesMax), close: () => pool.destroy() };
}

function poolTransport(pool: Dispatcher, bytesMax: number): Transport {
  return async ({ method, origin, path, headers: given, body = null }, deadline) => {
    const headers = { ...given, "accept-encoding": given["accept-encoding"] ?? "gzip, deflate, br" };
    const reception = new Reception(bytesMax, deadline);
    try {
      pool.dispatch({ method, origin, path, headers, body }, reception);
      const exchange = await reception.exchange;
      const encoding = exchange.headers.get("content-encoding");
      return encoding === null ? exchange : await unpacked(exchange, { encoding, bytesMax });
    } catch (error) {
      throw new ExchangeError(error);
    }
  };
}

type RawHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** What comes back for one request. */
class Reception implements Dispatcher.DispatchHandler {
  readonly exchange: Promise<Exchange>;
  readonly #resolve: (exchange: Exchange) => void;
  readonly #reject: (error: unknown) => void;
  readonly #bytesMax: number;
  readonly #deadline: Deadline;
  readonly #chunks: Buffer[] = [];
  #length = 0;
  #status: number | undefined;
  #headers: RawHeaders = {};
  #controller: Dispatcher.DispatchController | undefined;

  constructor(bytesMax: number, deadline: Deadline) {
    const { promise, resolve, reject } = Promise.withResolvers<Exchange>();
    this.exchange = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#bytesMax = bytesMax;
    this.#deadline = deadline;
    // Not assigned as it is written down: V8 would put it into the old generation (docs/decisions/0160).
    const end = (error: Error): void => this.#end(error);
    deadline.onEnd = end;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // It may have waited for a connection until its time was up.
    if (this.#deadline.ended !== undefined) controller.abort(new Error("the deadline ended"));
  }

  onResponseStart(_: unknown, status: number, headers: RawHeaders): void {
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_: unknown, chunk: Buffer): void {
    this.#length += chunk.length;
    if (this.#length > this.#bytesMax) this.#end(new BrokenBody("too-large", this.#bytesMax));
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const headers = this.#headers;
    const get = (name: string): string | null => {
      const value = headers[name];
      return Array.isArray(value) ? value.join(", ") : (value ?? null);
    };
    const bytes = joined(this.#chunks, this.#length);
    const exchange = { status: this.#status ?? 0, headers: { get }, bytes };
    // Behind the immediate in which undici makes the socket free: the next request would open another one.
    process.nextTick(() => setImmediate(this.#resolve, exchange));
  }

  onResponseError(_: unknown, error: Error): void {
    const isCut = this.#status !== undefined;
    this.#reject(isCut ? new BrokenBody("cut", this.#bytesMax, { cause: error }) : error);
  }

  /** The socket must not stay open for a body nobody reads. */
  #end(error: Error): void {
    this.#reject(error);
    this.#controller?.abort(error);
  }
}

type Unpack = (bytes: InputType, options: ZlibOptions) => Promise<Buffer>;

const unpackers: Readonly<Record<string, Unpack>> = {
  gzip: promisify<InputType, ZlibOptions, Buffer>(gunzip),
  "x-gzip": promisify<InputType, ZlibOptions, Buffer>(gunzip),
  deflate: promisify<InputType, ZlibOptions, Buffer>(inflate),
  br: promisify<InputType, ZlibOptions, Buffer>(brotliDecompress),
};

/** A small gzip can be a large answer: it is unpacked up to the limit, and no further. */
async function unpacked(
  exchange: Exchange,
  { encoding, bytesMax }: { readonly encoding: string; readonly bytesMax: number },
): Promise<Exchange> {
  if (exchange.bytes.length === 0) return exchange;
  let { bytes } = exchange;
  for (const name of encoding.toLowerCase().split(",").toReversed()) {
    const unpack = unpackers[name.trim()];
    if (unpack === undefined) continue;
    try {
      bytes = await unpack(bytes, { maxOutputLength: bytesMax });
    } catch (error) {
      const isLarge = error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
      throw new BrokenBody(isLarge ? "too-large" : "cut", bytesMax, { cause: error });
    }
  }
  return { ...exchange, bytes };
}
