/**
 * The terminal as the prompt needs it: single keys, its size, and news of both. With terminal.ts the only file that
 * touches `process`. Between prompts the terminal is as others expect it: a statement, a pager and an editor run in
 * the usual mode, in which Ctrl-C is a signal.
 */
import { writeSync } from "node:fs";
import { emitKeypressEvents, type Interface } from "node:readline";
import { exitCodeOfSignal, type Terminal } from "../terminal.ts";
import type { Keypress } from "./edit/keys.ts";

export type ConsoleEvent =
  | { readonly kind: "key"; readonly press: Keypress }
  | { readonly kind: "resize" }
  /** The terminal is gone, or somebody wants the process to end. */
  | { readonly kind: "end"; readonly exitCode: number };

export interface Console {
  readonly columns: number;
  readonly rows: number;
  /** Single keys from here on. */
  open(): void;
  close(): void;
  next(): Promise<ConsoleEvent>;
  /** Whether an event waits: drawing can wait until none does. */
  readonly hasNext: boolean;
  write(text: string): void;
  /** Ctrl-Z: gives the terminal back to the shell until the shell continues us. */
  suspend(): void;
}

const pasteOn = "\u001b[?2004h";
const pasteOff = "\u001b[?2004l";
/** An Escape that nothing follows for this long is the key itself. */
const escapeMs = 50;

export class ProcessConsole implements Console {
  readonly #terminal: Terminal;
  readonly #events: ConsoleEvent[] = [];
  #wake: ((event: ConsoleEvent) => void) | undefined;
  #release: (() => void) | undefined;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    emitKeypressEvents(process.stdin, readKeyOptions({ escapeCodeTimeout: escapeMs }));
    process.stdin.on("keypress", (text: string | undefined, key: Partial<Keypress> & { name?: string }) => {
      const { name, ctrl = false, meta = false, shift = false } = key;
      this.#push({ kind: "key", press: { text, name, ctrl, meta, shift } });
    });
    process.stdin.on("end", () => this.#push({ kind: "end", exitCode: 0 }));
    process.stdin.on("error", () => this.#push({ kind: "end", exitCode: 0 }));
    process.stdin.pause();
    process.stdout.on("resize", () => {
      if (this.#release !== undefined) this.#push({ kind: "resize" });
    });
    // However the process ends, the shell must not find a terminal in our mode.
    process.on("exit", () => {
      if (this.#release !== undefined) restore();
    });
  }

  get columns(): number {
    return Math.max(8, process.stdout.columns);
  }

  get rows(): number {
    return Math.max(2, process.stdout.rows);
  }

  open(): void {
    if (this.#release !== undefined) return;
    this.#release = this.#terminal.onSignal((signal) => {
      this.#push({ kind: "end", exitCode: exitCodeOfSignal(signal) });
    });
    process.stdin.setRawMode(true);
    process.stdin.resume();
    this.write(pasteOn);
  }

  close(): void {
    if (this.#release === undefined) return;
    this.#release();
    this.#release = undefined;
    this.write(pasteOff);
    process.stdin.pause();
    process.stdin.setRawMode(false);
  }

  next(): Promise<ConsoleEvent> {
    const event = this.#events.shift();
    if (event !== undefined) return Promise.resolve(event);
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  get hasNext(): boolean {
    return this.#events.length > 0;
  }

  write(text: string): void {
    process.stdout.write(text);
  }

  suspend(): void {
    this.close();
    process.kill(process.pid, "SIGTSTP");
    this.open();
  }

  #push(event: ConsoleEvent): void {
    const wake = this.#wake;
    this.#wake = undefined;
    if (wake === undefined) this.#events.push(event);
    else wake(event);
  }
}

function restore(): void {
  try {
    process.stdin.setRawMode(false);
    writeSync(1, pasteOff);
  } catch {
    // The terminal is gone: nobody is left to see its mode.
  }
}

/** emitKeypressEvents reads one option of the interface it is given, and needs no more of it. */
function readKeyOptions(options: { escapeCodeTimeout: number }): Interface {
  return options as unknown as Interface;
}
