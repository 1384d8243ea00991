/**
 * One HTTP exchange: a request with a JSON body, or none, and the whole answer, read within a limit. Two ways: an undici
 * pool (transport.ts), and the `fetch` that a program brings along. Follows no redirect, judges no status.
 */
import type { Deadline } from "./deadline.ts";

export interface HttpRequest {
  readonly method: "GET" | "POST";
  readonly origin: string;
  /** With the query. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What is read of them. */
export type AnswerHeaders = Pick<Headers, "get">;

export interface Exchange {
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly bytes: Uint8Array;
}

/** Rejects with ExchangeError. */
export type Transport = (request: HttpRequest, deadline: Deadline) => Promise<Exchange>;

/** The body could not be read to its end. */
export class BrokenBody extends Error {
  readonly reason: "cut" | "too-large";
  readonly bytesMax: number;

  constructor(reason: "cut" | "too-large", bytesMax: number, options?: ErrorOptions) {
    super(`body ${reason}`, options);
    this.reason = reason;
    this.bytesMax = bytesMax;
  }
}

/** Whatever happened between the request and the end of its answer: a BrokenBody, or what the network throws. */
export class ExchangeError extends Error {
  constructor(cause: unknown) {
    super("no answer", { cause });
  }
}

export function fetchTransport(fetch: typeof globalThis.fetch, bytesMax: number): Transport {
  return async ({ origin, path, ...request }, deadline) => {
    const { signal } = deadline;
    try {
      // "manual" hands the redirect back with its status and target instead of following it or failing namelessly.
      const answer = await fetch(origin + path, { ...request, signal, redirect: "manual" });
      return await readExchange(answer, bytesMax);
    } catch (error) {
      throw new ExchangeError(error);
    }
  };
}

/** Counts what comes out of decompression: a small gzip can be a large answer. */
export async function readExchange(answer: Response, bytesMax: number): Promise<Exchange> {
  const { headers } = answer;
  if (answer.type === "opaqueredirect") return { status: 307, headers, bytes: new Uint8Array() };
  return { status: answer.status, headers, bytes: await readBody(answer, bytesMax) };
}

async function readBody(answer: Response, bytesMax: number): Promise<Uint8Array> {
  if (answer.body === null) return new Uint8Array();
  const reader = answer.body.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      length += value.byteLength;
      if (length > bytesMax) throw new BrokenBody("too-large", bytesMax);
      chunks.push(value);
    }
  } catch (error) {
    // The socket must not stay open for a body nobody reads; how the cancel ends is of no interest.
    reader.cancel().catch(() => undefined);
    throw error instanceof BrokenBody ? error : new BrokenBody("cut", bytesMax, { cause: error });
  }
  return joined(chunks, length);
}

/** A copy, as what comes from a socket may be a small part of a large buffer; from Node's pool where it is short. */
export function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  return Buffer.concat(chunks, length);
}
