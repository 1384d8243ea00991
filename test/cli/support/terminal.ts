/** A terminal made of strings. */
import { ClosedPipe, type StopSignal, type Terminal } from "../../../src/cli/terminal.ts";

export interface FakeTerminal extends Terminal {
  readonly out: () => string;
  readonly err: () => string;
  readonly exits: number[];
  signal(name: StopSignal): void;
  /** Milliseconds that `now()` says; set by the test. */
  time: number;
}

export interface FakeTerminalOptions {
  readonly stdin?: string | Uint8Array;
  readonly isTTY?: boolean;
  readonly env?: Record<string, string>;
  /** What a person says to questions; after the last one they leave. */
  readonly answers?: readonly string[];
  /** Standard output's reader goes away when it has this many characters. */
  readonly pipeLength?: number;
}

export function fakeTerminal(options: FakeTerminalOptions = {}): FakeTerminal {
  const { stdin, isTTY = false, env = {}, pipeLength = Infinity } = options;
  const answers = [...(options.answers ?? [])];
  const out: string[] = [];
  const err: string[] = [];
  const listeners = new Set<(signal: StopSignal) => void>();
  const exits: number[] = [];
  const bytes = typeof stdin === "string" ? Buffer.from(stdin) : (stdin ?? new Uint8Array());
  const terminal: FakeTerminal = {
    stdin: {
      isTTY: stdin === undefined,
      read: async function* read() {
        yield bytes;
      },
    },
    stdout: {
      isTTY,
      columns: 80,
      write: async (piece) => {
        out.push(textOf(piece));
        if (out.join("").length > pipeLength) throw new ClosedPipe("gone");
      },
    },
    stderr: {
      isTTY,
      columns: 80,
      write: async (piece) => {
        err.push(textOf(piece));
      },
    },
    env,
    ask: async (question) => {
      err.push(question);
      return answers.shift();
    },
    now: () => terminal.time,
    onSignal: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    exit: (code) => exits.push(code),
    out: () => out.join(""),
    err: () => err.join(""),
    exits,
    signal: (name) => listeners.forEach((listener) => listener(name)),
    time: 0,
  };
  return terminal;
}

/** Bytes keep their number: a character each. */
function textOf(piece: string | Uint8Array): string {
  return typeof piece === "string" ? piece : Buffer.from(piece).toString("latin1");
}
