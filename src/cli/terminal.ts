/**
 * The outside of the command line behind one small object, so that nothing else touches `process`.
 * Knows streams, colours and signals; knows nothing of SQL.
 */
import { fstatSync } from "node:fs";
import pc from "picocolors";

export interface Terminal {
  readonly stdin: { readonly isTTY: boolean; read(): AsyncIterable<Uint8Array> };
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A line from a person; undefined when they leave (Ctrl-C, Ctrl-D). A hidden one does not show on the screen. */
  ask(question: string, options: { readonly isHidden: boolean }): Promise<string | undefined>;
  /** Milliseconds; only differences are used. */
  now(): number;
  /** Calls back on SIGINT, SIGTERM and SIGHUP until the returned function is called. */
  onSignal(listener: (signal: StopSignal) => void): () => void;
  /** Leaves at once, without closing anything. */
  exit(code: number): void;
}

export type StopSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

export interface OutputStream {
  readonly isTTY: boolean;
  /** Cells in a line of the terminal; 80 when it is none. */
  readonly columns: number;
  /** Settles when more may be written; rejects with ClosedPipe when the reader has gone. */
  write(piece: string | Uint8Array): Promise<void>;
}

/** The reader of our output has gone (`| head`): the work is done, and that is success. */
export class ClosedPipe extends Error {}

export type Colours = ReturnType<typeof pc.createColors>;

/** NO_COLOR beats FORCE_COLOR beats the terminal; see no-color.org and force-color.org. */
export function coloursOf(terminal: Terminal, stream: OutputStream, isWanted: boolean): Colours {
  return pc.createColors(isWanted && isColourful(terminal.env, stream));
}

/** What a shell reports for a process that a signal ended. */
export function exitCodeOfSignal(signal: StopSignal): number {
  return 128 + signalNumbers[signal];
}

/** By POSIX. */
const signalNumbers: Readonly<Record<StopSignal, number>> = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };

/** A stream of Node's is set up when it is first used: each of the three takes a tenth of the time `select 1` does. */
export function processTerminal(): Terminal {
  return {
    stdin: {
      get isTTY() {
        return isTerminal(0, () => process.stdin);
      },
      read: () => process.stdin,
    },
    stdout: outputStream(1, () => process.stdout),
    stderr: outputStream(2, () => process.stderr),
    env: process.env,
    ask,
    // Not performance.now(), with which Node loads all its measuring.
    now: () => Number(process.hrtime.bigint()) / 1e6,
    onSignal,
    exit: (code) => process.exit(code),
  };
}

function isColourful(env: Terminal["env"], stream: OutputStream): boolean {
  if (env["NO_COLOR"]) return false;
  if (env["FORCE_COLOR"]) return !["0", "false"].includes(env["FORCE_COLOR"]);
  return stream.isTTY && env["TERM"] !== "dumb";
}

async function ask(question: string, { isHidden }: { isHidden: boolean }): Promise<string | undefined> {
  // Batches start faster without them.
  const { createInterface } = await import("node:readline");
  const { Writable } = await import("node:stream");
  let isMuted = false;
  // Questions are no results: they go where messages go.
  const output = new Writable({
    write: (chunk: Uint8Array, _encoding, done) => {
      if (!isMuted) process.stderr.write(chunk);
      done();
    },
  });
  const reader = createInterface({ input: process.stdin, output, terminal: true, historySize: 0 });
  return new Promise((resolve) => {
    let answer: string | undefined;
    // Ctrl-D closes by itself, Ctrl-C and an answer here: one end for all of them.
    reader.on("close", () => {
      if (isMuted || answer === undefined) process.stderr.write("\n");
      resolve(answer);
    });
    reader.on("SIGINT", () => reader.close());
    reader.question(question, (text) => {
      answer = text;
      reader.close();
    });
    isMuted = isHidden;
  });
}

function onSignal(listener: (signal: StopSignal) => void): () => void {
  const signals: readonly StopSignal[] = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}

function outputStream(descriptor: number, open: () => NodeJS.WriteStream): OutputStream {
  let failure: Error | undefined;
  let opened: NodeJS.WriteStream | undefined;
  const stream = (): NodeJS.WriteStream => {
    // Without a listener a late EPIPE would end the process with a stack trace.
    opened ??= open().on("error", (error) => {
      failure ??= readClosedPipe(error);
    });
    return opened;
  };
  return {
    get isTTY() {
      return isTerminal(descriptor, stream);
    },
    get columns() {
      return this.isTTY ? (stream().columns ?? 80) : 80;
    },
    write: (piece) =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) return reject(failure);
        stream().write(piece, (error) => (error ? reject(readClosedPipe(error)) : resolve()));
      }),
  };
}

/** A pipe or a file is told from a terminal without a stream for it. */
function isTerminal(descriptor: number, open: () => { readonly isTTY: boolean }): boolean {
  // Node's types say boolean; it is undefined where there is no terminal.
  // oxlint-disable-next-line typescript/no-unnecessary-boolean-literal-compare
  return fstatSync(descriptor).isCharacterDevice() && open().isTTY === true;
}

/** EPIPE from a pipe, ECONNRESET from a socket, ERR_STREAM_DESTROYED from a write behind one of those. */
function readClosedPipe(error: Error & { code?: string }): Error {
  const codes = ["EPIPE", "ECONNRESET", "ERR_STREAM_DESTROYED", "EOF"];
  return codes.includes(error.code ?? "") ? new ClosedPipe("the reader has gone", { cause: error }) : error;
}
