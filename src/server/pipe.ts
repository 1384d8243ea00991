/**
 * The server without a network: requests and answers as lines of JSON on standard input and output, for hosts that embed a
 * process. Every line names its request by `id`, chosen by the host; answers come as they are ready.
 *
 * In:  {"id": 1, "route": "/v1/execute", "body": {…}}        a request; GET where there is no body
 *      {"id": 1, "row": {…}}  {"id": 1, "end": true}          rows of execute-each, and their end
 *      {"id": 1, "cancel": true}
 * Out: {"id": 1, "status": 200, "body": {…}}                 an answer
 *      {"id": 1, "line": {…}}                                one line of an answer that streams, before its status
 */
import { diagnostic, DiagnosticError, fail, isJsonObject, jsonOf, type JsonObject } from "../index.ts";
import { readObject, splitLines } from "./body.ts";
import { problemOf } from "./problem.ts";

export interface PipeOptions {
  readonly input: AsyncIterable<Uint8Array>;
  /** Settles when more may be written. */
  readonly write: (text: string) => Promise<void>;
  /** Answers a request as the HTTP server would. */
  readonly fetch: (request: Request) => Promise<Response> | Response;
  readonly bytesMax: number;
  /** Ends all requests. */
  readonly signal: AbortSignal;
}

type Id = string | number;

interface Running {
  readonly cancelling: AbortController;
  /** Takes rows while the request streams them. */
  readonly rows: WritableStreamDefaultWriter<Uint8Array> | undefined;
}

/** Resolves when the input has ended and all it asked for is answered. */
export async function servePipe(options: PipeOptions): Promise<void> {
  const running = new Map<Id, Running>();
  const working = new Set<Promise<void>>();
  const pipe = new Pipe(options, running);
  for await (const { text, where } of splitLines(options.input, options.bytesMax)) {
    const work = pipe.hear(text, where);
    if (work.answering !== undefined) {
      const { answering } = work;
      working.add(answering);
      void answering.finally(() => working.delete(answering));
    }
    // Rows are taken at the pace of their request.
    await work.taken;
    if (options.signal.aborted) break;
  }
  for (const { rows } of running.values()) void quietly(rows?.close());
  await Promise.all(working);
}

interface Heard {
  readonly answering?: Promise<void>;
  readonly taken?: Promise<void>;
}

class Pipe {
  readonly #options: PipeOptions;
  readonly #running: Map<Id, Running>;

  constructor(options: PipeOptions, running: Map<Id, Running>) {
    this.#options = options;
    this.#running = running;
  }

  hear(text: string, where: string): Heard {
    let id: Id | null = null;
    try {
      const line = readObject(text, where);
      id = readId(line, where);
      return this.#follow(id, line, where);
    } catch (error) {
      return { taken: this.#refuse(id, error) };
    }
  }

  #follow(id: Id, line: JsonObject, where: string): Heard {
    const known = this.#running.get(id);
    if ("row" in line) return { taken: this.#row(known, line["row"], where) };
    if (line["end"] === true) return { taken: quietly(known?.rows?.close()) };
    if (line["cancel"] === true) {
      known?.cancelling.abort();
      return {};
    }
    if (known !== undefined)
      fail("serve/bad-body", { where, problem: "has the id of a request that is running" });
    return { answering: this.#answer(id, line, where) };
  }

  async #row(known: Running | undefined, row: unknown, where: string): Promise<void> {
    // Rows may be on their way while their request has failed.
    if (known?.rows === undefined) return;
    if (!isJsonObject(row)) {
      const details = { where, problem: "has a row that is no JSON object" };
      return quietly(known.rows.abort(new DiagnosticError([diagnostic("serve/bad-body", details)])));
    }
    await quietly(known.rows.ready);
    void quietly(known.rows.write(encoder.encode(`${jsonOf(row)}\n`)));
  }

  async #answer(id: Id, line: JsonObject, where: string): Promise<void> {
    const { write } = this.#options;
    try {
      const request = this.#begin(id, line, where);
      const response = await this.#options.fetch(request);
      const type = response.headers.get("content-type") ?? "";
      if (type.startsWith("application/x-ndjson") && response.body !== null) {
        for await (const { text } of splitLines(response.body, Infinity)) {
          await write(`{"id":${JSON.stringify(id)},"line":${text}}\n`);
        }
        await write(`{"id":${JSON.stringify(id)},"status":${response.status}}\n`);
        return;
      }
      const text = await response.text();
      const body = type.includes("json") ? text : JSON.stringify(text);
      await write(`{"id":${JSON.stringify(id)},"status":${response.status},"body":${body}}\n`);
    } catch (error) {
      await this.#refuse(id, error);
    } finally {
      this.#running.delete(id);
    }
  }

  #begin(id: Id, line: JsonObject, where: string): Request {
    const { route, body, stream } = line;
    if (typeof route !== "string" || !route.startsWith("/")) {
      return fail("serve/bad-body", { where, problem: 'names no "route"' });
    }
    const cancelling = new AbortController();
    const signal = AbortSignal.any([cancelling.signal, this.#options.signal]);
    const isEach = route === "/v1/execute-each";
    const rows = isEach ? new TransformStream<Uint8Array, Uint8Array>() : undefined;
    const writer = rows?.writable.getWriter();
    this.#running.set(id, { cancelling, rows: writer });
    const host = "localhost";
    if (body === undefined) return new Request(`http://${host}${route}`, { headers: { host }, signal });
    const head = jsonOf(body);
    void quietly(writer?.write(encoder.encode(`${head}\n`)));
    return new Request(`http://${host}${route}`, {
      method: "POST",
      headers: {
        host,
        "content-type": isEach ? "application/x-ndjson" : "application/json",
        ...(stream === true ? { accept: "application/x-ndjson" } : {}),
      },
      body: rows?.readable ?? head,
      signal,
      duplex: "half",
    });
  }

  async #refuse(id: Id | null, error: unknown): Promise<void> {
    const known = error instanceof DiagnosticError || !(error instanceof Error);
    const isCancelled = error instanceof Error && error.name === "AbortError";
    const cancelled = new DiagnosticError([diagnostic("call/cancelled", {})]);
    const problem = problemOf(isCancelled && !known ? cancelled : error);
    const text = JSON.stringify({ id, status: problem.status, body: problem });
    await this.#options.write(`${text}\n`);
  }
}

const encoder = new TextEncoder();

function readId(line: JsonObject, where: string): Id {
  const { id } = line;
  if (typeof id === "string" || typeof id === "number") return id;
  return fail("serve/bad-body", { where, problem: 'has no "id", a text or a number' });
}

async function quietly(work: Promise<unknown> | undefined): Promise<void> {
  await work?.catch(() => undefined);
}
