/**
 * Text → vector, for every backend in this folder. Requests that arrive together share batches, equal texts are
 * embedded once, and recent vectors are kept: several procedures usually read the same rows.
 */
import { setImmediate as nextTurn } from "node:timers/promises";

import { type Chunk, splitChunks } from "./chunks.ts";
import { type EncoderModel, loadEncoderModel } from "./encoder-model.ts";
import { type Vector, meanDirection } from "./vectors.ts";

export interface Encoder {
  /** One unit vector a text, in order. */
  encode(texts: readonly string[], signal?: AbortSignal): Promise<readonly Vector[]>;
  /** What was really computed, for tests and benchmarks. */
  readonly counters: { readonly batches: number; readonly chunks: number };
}

interface Job {
  readonly chunk: Chunk;
  readonly done: PromiseWithResolvers<Vector>;
  /** Requests that still want the vector; at zero the job is dropped unless it has begun. */
  waiters: number;
}

export function createEncoder(load: () => Promise<EncoderModel> = loadEncoderModel): Encoder {
  const cache = new Map<string, Vector>();
  const jobByText = new Map<string, Job>();
  const counters = { batches: 0, chunks: 0 };
  let isPumping = false;

  async function encode(texts: readonly string[], signal?: AbortSignal): Promise<readonly Vector[]> {
    const model = await load();
    signal?.throwIfAborted();
    return Promise.all(texts.map((text) => encodeText(splitChunks(text, model), signal)));
  }

  async function encodeText(chunks: readonly Chunk[], signal?: AbortSignal): Promise<Vector> {
    const vectors = await Promise.all(chunks.map((chunk) => encodeChunk(chunk, signal)));
    const [first] = vectors;
    if (first !== undefined && vectors.length === 1) return first;
    return meanDirection(
      vectors,
      chunks.map((chunk) => chunk.tokens),
    );
  }

  function encodeChunk(chunk: Chunk, signal?: AbortSignal): Vector | Promise<Vector> {
    const cached = cache.get(chunk.text);
    if (cached !== undefined) {
      remember(chunk.text, cached);
      return cached;
    }
    const job = jobByText.get(chunk.text) ?? openJob(chunk);
    if (!isPumping) void pump();
    return wait(job, signal);
  }

  function openJob(chunk: Chunk): Job {
    const job = { chunk, done: Promise.withResolvers<Vector>(), waiters: 0 };
    // Everyone may have left by the time a batch fails; that is no unhandled rejection.
    job.done.promise.catch(() => undefined);
    jobByText.set(chunk.text, job);
    return job;
  }

  async function wait(job: Job, signal?: AbortSignal): Promise<Vector> {
    job.waiters += 1;
    if (signal === undefined) return job.done.promise;
    const aborted = Promise.withResolvers<never>();
    const abort = (): void => {
      job.waiters -= 1;
      aborted.reject(signal.reason);
    };
    signal.addEventListener("abort", abort, { once: true });
    try {
      return await Promise.race([job.done.promise, aborted.promise]);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  /** Never rejects: a failure belongs to the requests of its batch. */
  async function pump(): Promise<void> {
    isPumping = true;
    while (jobByText.size > 0) {
      // A turn of the event loop lets the requests that are on their way join the batch, and timers run.
      await nextTurn();
      const batch = takeBatch(jobByText);
      if (batch.length > 0) await embedBatch(batch);
    }
    isPumping = false;
  }

  async function embedBatch(batch: readonly Job[]): Promise<void> {
    counters.batches += 1;
    counters.chunks += batch.length;
    try {
      const model = await load();
      const rows = await model.embed(batch.map((job) => job.chunk.text));
      for (const [index, job] of batch.entries()) {
        const vector = Float32Array.from(rows[index] ?? []);
        remember(job.chunk.text, vector);
        job.done.resolve(vector);
      }
    } catch (error) {
      for (const job of batch) job.done.reject(error);
    } finally {
      for (const job of batch) jobByText.delete(job.chunk.text);
    }
  }

  /** A Map keeps insertion order: the oldest entry is the one used least recently. */
  function remember(text: string, vector: Vector): void {
    cache.delete(text);
    cache.set(text, vector);
    const [oldest] = cache.keys();
    if (cache.size > cacheEntriesMax && oldest !== undefined) cache.delete(oldest);
  }

  return { encode, counters };
}

/**
 * The jobs for the next batch: as long as the one that waits longest, and no others. Shorter texts would be padded,
 * which changes the last bits of their vectors with the company they happen to keep; equal lengths repeat exactly.
 */
function takeBatch(jobByText: Map<string, Job>): readonly Job[] {
  const batch: Job[] = [];
  for (const [text, job] of jobByText) {
    if (job.waiters === 0) {
      jobByText.delete(text);
      continue;
    }
    const tokens = batch[0]?.chunk.tokens ?? job.chunk.tokens;
    if (job.chunk.tokens !== tokens) continue;
    batch.push(job);
    if ((batch.length + 1) * tokens > batchTokensMax) break;
  }
  return batch;
}

/** About 60 ms of computing, in which the event loop stands still. */
const batchTokensMax = 160;
/** 2 KB each. */
const cacheEntriesMax = 8192;
