/**
 * One HTTP exchange under the OpenAI SDK: the SDK writes the request, we read the answer. Its own reading has no size
 * limit, throws bare TypeErrors for broken bodies and loses what an error page said; so the fetch that is given to the
 * SDK reads the whole body here, within a limit, and keeps status, headers and bytes for whoever sent the request.
 */

export interface Exchange {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
}

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

export interface Exchanger {
  readonly fetch: typeof globalThis.fetch;
  /** What came for the response the SDK handed back. */
  take(response: Response): Exchange | undefined;
}

export function createExchanger(fetch: typeof globalThis.fetch, bytesMax: number): Exchanger {
  const exchanges = new WeakMap<Response, Exchange>();
  return {
    fetch: async (input, init) => {
      // "manual" hands the redirect back with its status and target instead of following it or failing namelessly.
      const answer = await fetch(input, { ...init, redirect: "manual" });
      const isReadable = answer.type !== "opaqueredirect";
      const bytes = isReadable ? await readBody(answer, bytesMax) : new Uint8Array();
      // The SDK gets a stand-in that is always 200: classification is ours.
      const standIn = new Response(null, { status: 200 });
      exchanges.set(standIn, { status: isReadable ? answer.status : 307, headers: answer.headers, bytes });
      return standIn;
    },
    take: (response) => exchanges.get(response),
  };
}

/** Counts what comes out of decompression: a small gzip can be a large answer. */
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
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, length);
}
