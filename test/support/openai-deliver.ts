/** Puts an answer on the wire, whole or in one of the ways it can be broken there. */
import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { createGzip } from "node:zlib";
import type { FaultAction } from "./openai-faults.ts";
import { listOf, recordOf, type Answer } from "./openai-request.ts";

export interface Delivery extends Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** What an action does to a good answer. */
export async function deliver(
  response: ServerResponse,
  delivery: Delivery,
  action?: FaultAction,
): Promise<void> {
  switch (action?.kind) {
    case "reset":
      response.socket?.resetAndDestroy();
      return;
    case "hang":
      return;
    case "cut":
      writeHalf(response, delivery);
      response.socket?.end();
      return;
    case "stall":
      writeHalf(response, delivery);
      return;
    case "slow":
      await writeSlowly(response, delivery, action);
      return;
    case "gzip-bomb":
      writeBomb(response, delivery, action.bytes);
      return;
    case "body":
      write(response, {
        ...delivery,
        body: action.body,
        contentType: action.contentType ?? delivery.contentType,
      });
      return;
    case "wrong-count":
    case "shuffled":
    case "repeated-index":
      write(response, { ...delivery, body: changedItems(delivery.body, action.kind) });
      return;
    default:
      write(response, delivery);
  }
}

export function write(response: ServerResponse, delivery: Delivery): void {
  const bytes = bytesOf(delivery.body);
  response.writeHead(delivery.status, headersOf(delivery, bytes.length));
  response.end(bytes);
}

function writeHalf(response: ServerResponse, delivery: Delivery): void {
  const bytes = bytesOf(delivery.body);
  response.writeHead(delivery.status, headersOf(delivery, bytes.length));
  response.write(bytes.subarray(0, bytes.length >> 1));
}

async function writeSlowly(
  response: ServerResponse,
  delivery: Delivery,
  { bytes: step, everyMs }: { bytes: number; everyMs: number },
): Promise<void> {
  const bytes = bytesOf(delivery.body);
  response.writeHead(delivery.status, headersOf(delivery, bytes.length));
  for (let at = 0; at < bytes.length && !response.destroyed; at += step) {
    response.write(bytes.subarray(at, at + step));
    await sleep(everyMs);
  }
  response.end();
}

/** JSON that is small on the wire and `bytes` long when unpacked; made as it is read. */
function writeBomb(response: ServerResponse, delivery: Delivery, bytes: number): void {
  const { "content-length": _, ...headers } = headersOf(delivery, 0);
  response.writeHead(delivery.status, { ...headers, "content-encoding": "gzip" });
  const block = Buffer.alloc(1 << 20, " ");
  const blocks = function* (): Generator<Buffer> {
    yield Buffer.from("{");
    for (let made = 0; made < bytes; made += block.length) yield block;
    yield Buffer.from("}");
  };
  const gzip = createGzip({ level: 1 });
  // The client leaves in the middle: that is the point.
  response.on("close", () => gzip.destroy());
  Readable.from(blocks()).pipe(gzip).pipe(response);
}

function changedItems(body: unknown, kind: "wrong-count" | "shuffled" | "repeated-index"): unknown {
  const fields = recordOf(body);
  const name = "results" in fields ? "results" : "data";
  const items = listOf(fields[name]);
  switch (kind) {
    case "wrong-count":
      return { ...fields, [name]: items.slice(0, -1) };
    case "shuffled":
      return { ...fields, [name]: items.toReversed() };
    case "repeated-index":
      return { ...fields, [name]: items.map((item) => ({ ...recordOf(item), index: 0 })) };
  }
}

function headersOf(delivery: Delivery, length: number): Record<string, string> {
  return { "content-type": delivery.contentType, "content-length": String(length), ...delivery.headers };
}

function bytesOf(body: unknown): Buffer {
  if (typeof body === "string") return Buffer.from(body);
  if (body instanceof Uint8Array) return Buffer.from(body);
  return Buffer.from(JSON.stringify(body));
}
