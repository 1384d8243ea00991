/** The other end of worker-pool.ts, for the modules that run in its threads: one task at a time, one answer each. */
import { parentPort, workerData } from "node:worker_threads";

import { ApiError } from "./api-error.ts";
import { createPackages, type OfflinePartName, type Packages } from "./packages.ts";
import type { WorkerReply } from "./worker-pool.ts";
import { expectError } from "../../diagnostics/expected.ts";

/** An ApiError is the answer to its task; any other error ends the thread and fails the task. The pool's Task is what
 * `work` takes. */
export function serveTasks(work: (task: never, packages: Packages) => unknown): void {
  const { folder, part } = readWorkerData(workerData);
  const packages = createPackages(folder, part);
  parentPort?.on("message", (task: unknown) => {
    void reply(() => work(readTask(task), packages));
  });
}

async function reply(work: () => unknown): Promise<void> {
  const send = (message: WorkerReply<unknown>): void => parentPort?.postMessage(message);
  try {
    send({ isOk: true, answer: await work() });
  } catch (error) {
    expectError(error, ApiError);
    const { status, code, message, param } = error;
    send({ isOk: false, error: { status, code, message, param } });
  }
}

/** Only the pool of this module sends here. */
function readTask(task: unknown): never {
  return task as never;
}

function readWorkerData(data: unknown): { folder: string; part: OfflinePartName } {
  return data as { folder: string; part: OfflinePartName };
}
