/**
 * Loaded before the tests by `npm run coverage` alone: the processes and threads that they start say what they ran, also
 * those that get no environment, those that are ended by SIGKILL if they are not at work, and threads that are terminated.
 */
import childProcess, { type ChildProcess, type ForkOptions } from "node:child_process";
import { syncBuiltinESMExports } from "node:module";
import workerThreads, { type WorkerOptions } from "node:worker_threads";

const folder = process.env["CALLSQL_COVERAGE"];
/** What a process needs to leave by itself, in milliseconds. */
const leaveMs = 1000;
const { fork } = childProcess;
const { Worker } = workerThreads;
/** In a thread: says what it ran before each of its answers. */
const sayBeforeAnswers = `data:text/javascript,${encodeURIComponent(`
  import { takeCoverage } from "node:v8";
  import { parentPort } from "node:worker_threads";
  const answer = parentPort?.postMessage.bind(parentPort);
  if (answer !== undefined) parentPort.postMessage = (...values) => { takeCoverage(); answer(...values); };
`)}`;

// V8 looks for it when a process or a thread begins.
process.env["NODE_V8_COVERAGE"] = folder;
childProcess.fork = (file: string | URL, ...rest: readonly unknown[]): ChildProcess => {
  const options = rest.find(isOptions) ?? {};
  const child = fork(file, [], { ...options, env: { ...options.env, NODE_V8_COVERAGE: folder } });
  const kill = child.kill.bind(child);
  child.kill = (signal) => {
    if (signal !== "SIGKILL" || !child.connected) return kill(signal);
    child.disconnect();
    const timer = setTimeout(() => kill(signal), leaveMs);
    child.once("exit", () => clearTimeout(timer));
    return true;
  };
  return child;
};
workerThreads.Worker = class extends Worker {
  constructor(file: string | URL, options: WorkerOptions = {}) {
    super(file, { ...options, execArgv: ["--import", sayBeforeAnswers] });
  }
};
syncBuiltinESMExports();

function isOptions(value: unknown): value is ForkOptions {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
