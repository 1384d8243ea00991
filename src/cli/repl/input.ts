/** Where input comes from: the editor on a terminal, plain lines where the terminal cannot be drawn on. */
import { createInterface } from "node:readline";
import { exitCodeOfSignal, type OutputStream, type Terminal } from "../terminal.ts";
import { filesFor } from "./complete/files.ts";
import type { Console } from "./console.ts";
import { readInput, type Input, type PromptOptions } from "./prompt.ts";
import { isSubmittable, strandedHint } from "./split.ts";

export interface InputSource {
  /** Whether somebody sits there, who can be asked and wants values cut to the screen. */
  readonly isAttended: boolean;
  /** Lines that a screen shows; Infinity where results are not paged. */
  readonly rows: number;
  readonly columns: number;
  readStatement(options: PromptOptions, text: string): Promise<Input>;
  /** One line; undefined when the question was refused (Ctrl-C, Ctrl-D). */
  ask(prompt: string, isFile: boolean): Promise<string | undefined>;
  close(): void;
}

export class EditorInput implements InputSource {
  readonly isAttended = true;
  readonly #console: Console;
  readonly #paint: PromptOptions["paint"];

  constructor(console: Console, paint: PromptOptions["paint"]) {
    this.#console = console;
    this.#paint = paint;
  }

  get rows(): number {
    return this.#console.rows;
  }

  get columns(): number {
    return this.#console.columns;
  }

  readStatement(options: PromptOptions, text: string): Promise<Input> {
    return readInput(this.#console, options, text);
  }

  async ask(prompt: string, isFile: boolean): Promise<string | undefined> {
    const input = await readInput(this.#console, {
      prompt,
      continuation: "",
      entries: [],
      rules: { isComplete: () => true },
      paint: this.#paint,
      roles: () => [],
      hint: () => undefined,
      complete: async ({ text, cursor }) => {
        if (!isFile) return undefined;
        return { from: 0, to: cursor, candidates: await filesFor(text.slice(0, cursor)) };
      },
      editOutside: async (text) => text,
    });
    return input.kind === "text" ? input.text : undefined;
  }

  close(): void {
    this.#console.close();
  }
}

/** No cursor movement, no colour: TERM=dumb, Emacs' shell buffer, output that goes elsewhere. */
export class LineInput implements InputSource {
  readonly isAttended = true;
  readonly #terminal: Terminal;
  readonly #lines = createInterface({ input: process.stdin, terminal: false });
  readonly #waiting: string[] = [];
  #isEnded = false;
  #wake: (() => void) | undefined;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    this.#lines.on("line", (line) => {
      this.#waiting.push(line);
      this.#wake?.();
    });
    this.#lines.on("close", () => {
      this.#isEnded = true;
      this.#wake?.();
    });
  }

  get rows(): number {
    return Infinity;
  }

  get columns(): number {
    return this.#terminal.stdout.columns;
  }

  async readStatement({ prompt, continuation }: PromptOptions, text: string): Promise<Input> {
    let written = text;
    if (text !== "") await this.#terminal.stdout.write(`${text}\n`);
    for (;;) {
      const line = await this.#line(written === "" ? prompt : continuation);
      if (line.kind !== "text") {
        // What lacks its semicolon when the input ends is run as it is.
        if (line.kind === "interrupt" || written.trim() === "") return line;
        return { kind: "text", text: written };
      }
      written += `${written === "" ? "" : "\n"}${line.text}`;
      if (isSubmittable(written)) return { kind: "text", text: written };
      const hint = strandedHint(`${written}\n`);
      if (hint !== undefined) await this.#screen.write(`(${hint})\n`);
    }
  }

  async ask(prompt: string): Promise<string | undefined> {
    const line = await this.#line(prompt);
    return line.kind === "text" ? line.text : undefined;
  }

  close(): void {
    this.#lines.close();
  }

  /** Standard output that goes elsewhere is for results alone. */
  get #screen(): OutputStream {
    const { stdout, stderr } = this.#terminal;
    return stdout.isTTY ? stdout : stderr;
  }

  async #line(prompt: string): Promise<Input> {
    const screen = this.#screen;
    let input: Input | undefined;
    const release = this.#terminal.onSignal((signal) => {
      input =
        signal === "SIGINT" ? { kind: "interrupt" } : { kind: "leave", exitCode: exitCodeOfSignal(signal) };
      this.#wake?.();
    });
    // Behind it: who sees the prompt may press Ctrl-C at once.
    await screen.write(prompt);
    while (input === undefined) {
      const line = this.#waiting.shift();
      if (line !== undefined) input = { kind: "text", text: line };
      else if (this.#isEnded) input = { kind: "leave", exitCode: 0 };
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
    release();
    if (input.kind !== "text") await screen.write("\n");
    return input;
  }
}
