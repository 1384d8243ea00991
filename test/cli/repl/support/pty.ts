/** The real command in a pseudo-terminal, and what a person would see: keys in, screen out. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawn, type IPty } from "@lydell/node-pty";
import xterm from "@xterm/headless";
import { expect } from "vitest";
import { testEnv } from "../../../e2e/support/process.ts";

declare module "vitest" {
  // The parameters must be the library's own, to the letter.
  // oxlint-disable-next-line no-unused-vars
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> {
    /** Waits until a pseudo-terminal's screen shows it. */
    toShow(wanted: string | RegExp): Promise<void>;
  }
}

expect.extend({
  async toShow(pty: Pty, wanted: string | RegExp) {
    try {
      await pty.see(wanted);
      return { pass: true, message: () => `${String(wanted)} is on the screen` };
    } catch (error) {
      return { pass: false, message: () => (error instanceof Error ? error.message : String(error)) };
    }
  },
});

export interface PtyOptions {
  readonly args?: readonly string[];
  /** A line for the shell instead, in which `callsql` is the command. */
  readonly shell?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly columns?: number;
  readonly rows?: number;
  /** The folder it starts in, which is also its home. */
  readonly folder?: string;
}

export interface Pty extends AsyncDisposable {
  readonly folder: string;
  /** Everything that was written, escape sequences included. */
  readonly raw: string;
  /** Sends keys as a keyboard does. */
  type(keys: string): void;
  /** The lines on the screen, blank ones at its end left out. */
  screen(): string;
  /** Row and column of the cursor, from 0. */
  cursor(): { readonly row: number; readonly column: number };
  /** Waits until the screen shows it. */
  see(wanted: string | RegExp): Promise<string>;
  /** Waits for a prompt below which nothing has been written. */
  prompt(): Promise<string>;
  resize(columns: number, rows: number): void;
  readonly exitCode: Promise<number>;
}

const root = new URL("../../../../", import.meta.url).pathname;
const waitMs = 40_000;

export const keys = {
  enter: "\r",
  altEnter: "\u001b\r",
  up: "\u001b[A",
  down: "\u001b[B",
  right: "\u001b[C",
  left: "\u001b[D",
  home: "\u001b[H",
  end: "\u001b[F",
  tab: "\t",
  escape: "\u001b",
  backspace: "\u007f",
  ctrl: (letter: string): string => String.fromCharCode(letter.toUpperCase().charCodeAt(0) - 64),
  pasted: (text: string): string => `\u001b[200~${text}\u001b[201~`,
};

export function startPty(options: PtyOptions = {}): Pty {
  const { args = [], env = {}, columns = 80, rows = 24 } = options;
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), "callsql-pty-"));
  const screen = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  const launcher = join(root, "bin/callsql.js");
  const inShell = options.shell?.replace("callsql", `"${process.execPath}" "${launcher}"`);
  const command: readonly [string, string[]] =
    inShell === undefined ? [process.execPath, [launcher, ...args]] : ["/bin/sh", ["-c", inShell]];
  const child = spawn(...command, {
    cols: columns,
    rows,
    cwd: folder,
    name: env["TERM"] ?? "xterm-256color",
    env: { PATH: process.env["PATH"], HOME: folder, LANG: "C.UTF-8", PAGER: "", ...testEnv(), ...env },
  });
  return new RunningPty(child, screen, folder);
}

class RunningPty implements Pty {
  readonly folder: string;
  readonly exitCode: Promise<number>;
  raw = "";
  readonly #child: IPty;
  readonly #screen: InstanceType<typeof xterm.Terminal>;
  readonly #watchers = new Set<() => void>();
  #isOver = false;

  constructor(child: IPty, screen: InstanceType<typeof xterm.Terminal>, folder: string) {
    this.#child = child;
    this.#screen = screen;
    this.folder = folder;
    child.onData((data) => {
      this.raw += data;
      screen.write(data, () => this.#watchers.forEach((watch) => watch()));
    });
    this.exitCode = new Promise((resolve) => {
      child.onExit(({ exitCode }) => {
        this.#isOver = true;
        resolve(exitCode);
      });
    });
  }

  type(text: string): void {
    this.#child.write(text);
  }

  screen(): string {
    const { active } = this.#screen.buffer;
    const lines: string[] = [];
    for (let row = 0; row < this.#screen.rows; row++) {
      lines.push(active.getLine(active.viewportY + row)?.translateToString(true) ?? "");
    }
    return lines.join("\n").trimEnd();
  }

  cursor(): { row: number; column: number } {
    const { active } = this.#screen.buffer;
    return { row: active.cursorY, column: active.cursorX };
  }

  see(wanted: string | RegExp): Promise<string> {
    const isSeen = (): boolean => {
      const text = this.screen();
      return typeof wanted === "string" ? text.includes(wanted) : wanted.test(text);
    };
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        clearTimeout(timer);
        this.#watchers.delete(watch);
      };
      const watch = (): void => {
        if (!isSeen()) return;
        stop();
        resolve(this.screen());
      };
      const timer = setTimeout(() => {
        stop();
        reject(new Error(`${String(wanted)} did not appear; the screen was:\n${this.screen()}`));
      }, waitMs);
      this.#watchers.add(watch);
      watch();
    });
  }

  prompt(): Promise<string> {
    return this.see(/\)> ?$/);
  }

  resize(columns: number, rows: number): void {
    this.#screen.resize(columns, rows);
    this.#child.resize(columns, rows);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Asked to end, it says what it ran; killed, it does not.
    if (!this.#isOver) this.#child.kill("NODE_V8_COVERAGE" in testEnv() ? "SIGTERM" : "SIGKILL");
    await this.exitCode;
    this.#screen.dispose();
  }
}
