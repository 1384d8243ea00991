/**
 * Worker threads for what computes, so that the event loop stays free. A thread starts when all others are busy, up to
 * a limit; then tasks wait their turn. None keeps the process alive while it is idle. A task that is no longer wanted
 * ends its thread: there is no other way to stop a computation.
 */
import { Worker } from "node:worker_threads";

import { ApiError } from "./api-error.ts";
import type { OfflinePartName } from "./packages.ts";

export interface WorkerPool<Task, Answer> {
  run(task: Task, signal?: AbortSignal): Promise<Answer>;
}

export interface WorkerPoolOptions {
  /** The module the threads run, as its compiled or source file lies beside the caller: see `siblingOf`. */
  readonly file: URL;
  /** Where packages that are not installed beside callsql are looked for. */
  readonly folder: string;
  readonly part: OfflinePartName;
  readonly lanesMax: number;
}

/** What a thread answers. An ApiError of the thread is the request's; any other error ends the thread. */
export type WorkerReply<Answer> =
  | { readonly isOk: true; readonly answer: Answer }
  | { readonly isOk: false; readonly error: Pick<ApiError, "status" | "code" | "message" | "param"> };

interface Job<Task, Answer> {
  readonly task: Task;
  readonly done: PromiseWithResolvers<Answer>;
}

interface Lane<Task, Answer> {
  readonly worker: Worker;
  /** What it computes; undefined while idle. */
  job: Job<Task, Answer> | undefined;
}

export function createWorkerPool<Task, Answer>(options: WorkerPoolOptions): WorkerPool<Task, Answer> {
  const lanes = new Set<Lane<Task, Answer>>();
  const waiting = new Set<Job<Task, Answer>>();

  function startWaiting(): void {
    for (const job of waiting) {
      const lane = [...lanes].find((each) => each.job === undefined) ?? openLane();
      if (lane === undefined) return;
      waiting.delete(job);
      lane.job = job;
      lane.worker.ref();
      lane.worker.postMessage(job.task);
    }
  }

  function openLane(): Lane<Task, Answer> | undefined {
    if (lanes.size >= options.lanesMax) return undefined;
    const workerData = { folder: options.folder, part: options.part };
    // Some packages print what goes wrong; standard output is for data, and the reply says it, too. Nobody reads the
    // thread's own streams: a reader would keep the process alive.
    const worker = new Worker(options.file, { workerData, stdout: true, stderr: true });
    const lane: Lane<Task, Answer> = { worker, job: undefined };
    lanes.add(lane);
    worker.on("message", (reply: WorkerReply<Answer>) => {
      const { job } = lane;
      lane.job = undefined;
      worker.unref();
      if (reply.isOk) job?.done.resolve(reply.answer);
      else job?.done.reject(readError(reply.error));
      startWaiting();
    });
    const fail = (error: unknown): void => {
      closeLane(lane);
      lane.job?.done.reject(error);
      startWaiting();
    };
    worker.on("error", fail);
    worker.on("exit", (code) => fail(new Error(`a thread of ${options.part} ended with ${code}`)));
    return lane;
  }

  function closeLane(lane: Lane<Task, Answer>): void {
    lanes.delete(lane);
    lane.worker.removeAllListeners();
    void lane.worker.terminate();
  }

  function abandon(job: Job<Task, Answer>): void {
    waiting.delete(job);
    const lane = [...lanes].find((each) => each.job === job);
    if (lane !== undefined) closeLane(lane);
    startWaiting();
  }

  async function run(task: Task, signal?: AbortSignal): Promise<Answer> {
    signal?.throwIfAborted();
    const job: Job<Task, Answer> = { task, done: Promise.withResolvers<Answer>() };
    const abort = (): void => {
      job.done.reject(signal?.reason);
      abandon(job);
    };
    signal?.addEventListener("abort", abort, { once: true });
    waiting.add(job);
    startWaiting();
    try {
      return await job.done.promise;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  return { run };
}

/** The module `name` beside the caller's: the sources run as they are in tests; the package holds compiled files. */
export function siblingOf(caller: string, name: string): URL {
  return new URL(`./${name}.${caller.endsWith(".ts") ? "ts" : "js"}`, caller);
}

function readError({
  status,
  code,
  message,
  param,
}: Pick<ApiError, "status" | "code" | "message" | "param">): ApiError {
  return new ApiError(status, code, message, param);
}
