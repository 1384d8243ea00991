/**
 * The outside of the command line behind one small object, so that nothing else touches `process`.
 * Knows streams, colours and signals; knows nothing of SQL.
 */
import { fstatSync, statSync, writeSync, type Stats } from "node:fs";
import { createColours, type Colours } from "./colours.ts";
import { expectError } from "./expected.ts";

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

/** NO_COLOR beats FORCE_COLOR beats the terminal; see no-color.org and force-color.org. */
export function coloursOf(terminal: Terminal, stream: OutputStream, isWanted: boolean): Colours {
  return createColours(isWanted && isColourful(terminal.env, stream));
}

/** What a shell reports for a process that a signal ended. */
export function exitCodeOfSignal(signal: StopSignal): number {
  return 128 + signalNumbers[signal];
}

/** By POSIX. */
const signalNumbers: Readonly<Record<StopSignal, number>> = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };

/** A stream of Node's is set up when it is first needed: each of the three takes a tenth of the time `select 1` does. */
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
  let isDirect: boolean | undefined;
  return {
    get isTTY() {
      return isTerminal(descriptor, stream);
    },
    get columns() {
      return this.isTTY ? (stream().columns ?? 80) : 80;
    },
    write: async (piece) => {
      if (failure !== undefined) throw failure;
      const bytes = typeof piece === "string" ? Buffer.from(piece) : piece;
      isDirect ??= takesWritesAtOnce(descriptor);
      const left = isDirect && opened === undefined ? writeAtOnce(descriptor, bytes) : bytes;
      if (left.length === 0) return;
      await new Promise<void>((resolve, reject) => {
        stream().write(left, (error) => (error ? reject(readClosedPipe(error)) : resolve()));
      });
    },
  };
}

/** A pipe, a file or the null device is told from a terminal without a stream for it. */
function isTerminal(descriptor: number, open: () => { readonly isTTY: boolean }): boolean {
  const status = fstatSync(descriptor);
  // Node's types say boolean; it is undefined where there is no terminal.
  // oxlint-disable-next-line typescript/no-unnecessary-boolean-literal-compare
  return status.isCharacterDevice() && !isNullDevice(status) && open().isTTY === true;
}

function isNullDevice({ rdev }: Stats): boolean {
  return process.platform !== "win32" && rdev === statSync("/dev/null").rdev;
}

/** Node's streams do not wait for the event loop with these, either, but take a twentieth of a start to load. */
function takesWritesAtOnce(descriptor: number): boolean {
  const status = fstatSync(descriptor);
  const isPlain = status.isFile() || status.isFIFO() || isNullDevice(status);
  return isPlain && process.platform !== "win32";
}

/** What could not be written: somebody else has made the pipe one that does not wait, and it is full. */
function writeAtOnce(descriptor: number, bytes: Uint8Array): Uint8Array {
  let written = 0;
  try {
    while (written < bytes.length) written += writeSync(descriptor, bytes, written);
  } catch (error) {
    expectError(error, Error);
    if (!("code" in error && error.code === "EAGAIN")) throw readClosedPipe(error);
  }
  return bytes.subarray(written);
}

/** EPIPE from a pipe, ECONNRESET from a socket, ERR_STREAM_DESTROYED from a write behind one of those. */
function readClosedPipe(error: Error & { code?: string }): Error {
  const codes: readonly (string | undefined)[] = ["EPIPE", "ECONNRESET", "ERR_STREAM_DESTROYED", "EOF"];
  return codes.includes(error.code) ? new ClosedPipe("the reader has gone", { cause: error }) : error;
}
