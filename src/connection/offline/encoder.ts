/**
 * Text → vector, for every backend in this folder. Requests that arrive together share batches, equal texts are
 * embedded once, and recent vectors are kept: several procedures usually read the same rows.
 */
import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";

import { type Chunk, splitChunks } from "./chunks.ts";
import type { EncoderModel } from "./encoder-model.ts";
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

export function createEncoder(load: () => Promise<EncoderModel>): Encoder {
  const cache = new Map<string, Vector>();
  const waiting = new Map<string, Job>();
  const running = new Map<string, Job>();
  const counters = { batches: 0, chunks: 0 };
  let lanes = 0;

  async function encode(texts: readonly string[], signal?: AbortSignal): Promise<readonly Vector[]> {
    const model = await load();
    signal?.throwIfAborted();
    // Refuse before anything is queued.
    const chunked = texts.map((text) => splitChunks(text, model));
    const vectors = Promise.all(chunked.map((chunks) => encodeText(chunks, signal)));
    while (lanes < Math.min(model.lanesMax, Math.ceil(waiting.size / jobsPerLane))) void runLane(model);
    return vectors;
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

  async function encodeChunk(chunk: Chunk, signal?: AbortSignal): Promise<Vector> {
    const cached = cache.get(chunk.text);
    if (cached !== undefined) {
      remember(chunk.text, cached);
      return cached;
    }
    const job = running.get(chunk.text) ?? waiting.get(chunk.text) ?? openJob(chunk);
    return wait(job, signal);
  }

  function openJob(chunk: Chunk): Job {
    const job = { chunk, done: Promise.withResolvers<Vector>(), waiters: 0 };
    // Everyone may have left by the time a batch fails; that is no unhandled rejection.
    job.done.promise.catch(() => undefined);
    waiting.set(chunk.text, job);
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

  /** Works until nothing waits. Never rejects: a failure belongs to the requests of its batch. */
  async function runLane(model: EncoderModel): Promise<void> {
    lanes += 1;
    while (waiting.size > 0) {
      // A turn of the event loop lets the requests that are on their way join the batch.
      await nextTurn();
      const batch = takeBatch(waiting);
      if (batch.length > 0) await runBatch(batch, model);
    }
    lanes -= 1;
  }

  async function runBatch(batch: readonly Job[], model: EncoderModel): Promise<void> {
    counters.batches += 1;
    counters.chunks += batch.length;
    for (const job of batch) running.set(job.chunk.text, job);
    try {
      const vectors = await model.embed(batch.map((job) => job.chunk.text));
      assert(vectors.length === batch.length);
      for (const [index, job] of batch.entries()) settle(job, vectors[index]);
    } catch (error) {
      for (const job of batch) job.done.reject(error);
    } finally {
      for (const job of batch) running.delete(job.chunk.text);
    }
  }

  function settle(job: Job, vector: Vector | undefined): void {
    assert(vector !== undefined);
    remember(job.chunk.text, vector);
    job.done.resolve(vector);
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
function takeBatch(waiting: Map<string, Job>): readonly Job[] {
  const batch: Job[] = [];
  for (const [text, job] of waiting) {
    const isWanted = job.waiters > 0;
    const tokens = batch[0]?.chunk.tokens ?? job.chunk.tokens;
    if (isWanted && job.chunk.tokens !== tokens) continue;
    waiting.delete(text);
    if (isWanted) batch.push(job);
    if ((batch.length + 1) * tokens > batchTokensMax) break;
  }
  return batch;
}

/** About 60 ms of computing. */
const batchTokensMax = 160;
/** A second lane costs half a second to start: not for a few texts. */
const jobsPerLane = 8;
/** 2 KB each. */
const cacheEntriesMax = 8192;
