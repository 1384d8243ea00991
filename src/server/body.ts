/** Bodies of requests: read with a limit on bytes and on time, whatever the headers promise. */
import { fail, isJsonObject, parseJson, type JsonObject } from "../index.ts";

export interface BodyLimits {
  /** Of a JSON body, or of one line of NDJSON. */
  readonly bytesMax: number;
  /** Milliseconds until a JSON body is there; of NDJSON, until the first line is. */
  readonly arrivalMs: number;
}

export type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Of a request; `length` is what its headers promise, in bytes. */
export interface Body {
  readonly length: number;
  readonly chunks: Chunks;
}

/** Throws serve/body-too-large, serve/body-too-slow, serve/bad-body. */
export async function readJsonBody({ length, chunks }: Body, limits: BodyLimits): Promise<JsonObject> {
  const { bytesMax, arrivalMs } = limits;
  if (length > bytesMax) fail("serve/body-too-large", { max: bytesMax });
  const bytes = await inTime(gather(chunks, bytesMax), arrivalMs);
  return readObject(decode(bytes, "the body"), "the body");
}

/** Lines of NDJSON as objects; empty lines are skipped. Reads on only as its consumer does. */
export async function* readLines({ chunks }: Body, { bytesMax }: BodyLimits): AsyncGenerator<JsonObject> {
  for await (const { text, where } of splitLines(chunks, bytesMax)) yield readObject(text, where);
}

export interface Line {
  readonly text: string;
  /** `line 3`. */
  readonly where: string;
}

/** Lines that are not empty. Throws serve/body-too-large for a line of more bytes, serve/bad-body for one that is no UTF-8. */
export async function* splitLines(chunks: Chunks, bytesMax: number): AsyncGenerator<Line> {
  let number = 0;
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  const hold = (part: Uint8Array): void => {
    heldBytes += part.length;
    if (heldBytes > bytesMax) fail("serve/body-too-large", { max: bytesMax });
    held.push(part);
  };
  const take = (): Line => {
    number++;
    const where = `line ${number}`;
    const text = decode(Buffer.concat(held), where);
    held = [];
    heldBytes = 0;
    return { text, where };
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      hold(chunk.subarray(start, end));
      const line = take();
      if (line.text.trim() !== "") yield line;
      start = end + 1;
    }
    hold(chunk.subarray(start));
  }
  const line = take();
  if (line.text.trim() !== "") yield line;
}

async function gather(chunks: Chunks, bytesMax: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > bytesMax) fail("serve/body-too-large", { max: bytesMax });
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}

/** Throws serve/body-too-slow. */
export async function inTime<T>(work: Promise<T>, arrivalMs: number): Promise<T> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), arrivalMs);
  work.catch(() => undefined);
  try {
    const first = await Promise.race([work.then((value) => ({ value })), late.promise]);
    return first === undefined ? fail("serve/body-too-slow", { seconds: arrivalMs / 1000 }) : first.value;
  } finally {
    clearTimeout(timer);
  }
}

function decode(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return fail("serve/bad-body", { where, problem: "is not UTF-8" });
  }
}

/** Throws serve/bad-body. */
export function readObject(text: string, where: string): JsonObject {
  if (isDeeperThan(depthMax, text)) fail("serve/bad-body", { where, problem: "is nested too deep" });
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    return fail("serve/bad-body", { where, problem: "is not JSON" });
  }
  return isJsonObject(value) ? value : fail("serve/bad-body", { where, problem: "is no JSON object" });
}

/** As deep as SQLite's JSON may be. What goes through a deeper value, one call a level, has no stack for it. */
const depthMax = 1000;

/** Of JSON; of anything else it does not matter, since it is refused. */
function isDeeperThan(max: number, text: string): boolean {
  let depth = 0;
  for (const [token] of text.matchAll(/[[{]|[\]}]|"(?:[^"\\]|\\.)*"?/gs)) {
    if (token === "[" || token === "{") depth++;
    else if (token === "]" || token === "}") depth--;
    if (depth > max) return true;
  }
  return false;
}
