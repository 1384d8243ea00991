/**
 * Worker threads that compute vectors, so that the event loop stays free and both processors work. A thread starts
 * when all others are busy, and none keeps the process alive while it is idle.
 */
import { Worker } from "node:worker_threads";

import type { Vector } from "./vectors.ts";

interface Lane {
  readonly worker: Worker;
  /** The batch it computes; undefined while idle. */
  batch: PromiseWithResolvers<readonly Vector[]> | undefined;
}

/** The caller decides how many batches run at a time: as many as it awaits. */
export function createEncoderPool(): (texts: readonly string[]) => Promise<readonly Vector[]> {
  const lanes = new Set<Lane>();

  function openLane(): Lane {
    const lane: Lane = { worker: new Worker(workerFile), batch: undefined };
    lanes.add(lane);
    lane.worker.on("message", (message: unknown) => finish(lane).resolve(readVectors(message)));
    lane.worker.on("error", (error: unknown) => {
      lanes.delete(lane);
      finish(lane).reject(error);
    });
    return lane;
  }

  return (texts) => {
    const idle = [...lanes].find((lane) => lane.batch === undefined);
    const lane = idle ?? openLane();
    const batch = Promise.withResolvers<readonly Vector[]>();
    lane.batch = batch;
    lane.worker.ref();
    lane.worker.postMessage(texts);
    return batch.promise;
  };
}

function finish(lane: Lane): PromiseWithResolvers<readonly Vector[]> {
  const batch = lane.batch ?? Promise.withResolvers<readonly Vector[]>();
  lane.batch = undefined;
  lane.worker.unref();
  return batch;
}

function readVectors(message: unknown): readonly Vector[] {
  return message as readonly Vector[];
}

/** The sources run as they are in tests; the package holds compiled files. */
const workerFile = new URL(
  `./encoder-worker.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`,
  import.meta.url,
);
