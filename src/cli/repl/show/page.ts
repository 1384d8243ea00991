/** Where results go on a terminal: onto the screen, or through a pager as soon as they are taller than it. */
import { spawn, type ChildProcessByStdio } from "node:child_process";
import type { Writable } from "node:stream";
import type { Output } from "../../output.ts";
import { ClosedPipe, type Terminal } from "../../terminal.ts";

/** `$CALLSQL_PAGER`, else `$PAGER`, else less; empty or `cat`: none. */
export function pagerOf(env: Terminal["env"]): string | undefined {
  const chosen = env["CALLSQL_PAGER"] ?? env["PAGER"] ?? "less";
  const command = chosen.trim();
  if (command === "" || command === "cat") return undefined;
  // -F leaves when all fits, -R keeps colours, -S cuts long lines, -X leaves the text on the screen.
  return /^(?:\S*\/)?less$/.test(command) ? `${command} -FRSX` : command;
}

/** Without a pager everything is written at once. */
export class PagedOutput implements Output {
  readonly #terminal: Terminal;
  readonly #pager: string | undefined;
  readonly #rows: number;
  #held = "";
  #lines = 0;
  #child: ChildProcessByStdio<Writable, null, null> | undefined;
  #ended: Promise<void> | undefined;
  #isGone = false;

  constructor(terminal: Terminal, pager: string | undefined, rows: number) {
    this.#terminal = terminal;
    this.#pager = pager;
    this.#rows = rows;
  }

  async write(text: string): Promise<void> {
    if (this.#isGone) throw new ClosedPipe("the pager has been left");
    if (this.#child !== undefined) return this.#send(text);
    if (this.#pager === undefined) return this.#terminal.stdout.write(text);
    this.#held += text;
    this.#lines += text.split("\n").length - 1;
    // The footer and the prompt want their lines too.
    if (this.#lines <= this.#rows - 3) return;
    this.#start(this.#pager);
    await this.#send(this.#held);
  }

  /** What is held back waits: whether it fits is known only at the end. */
  flush(): Promise<void> {
    return Promise.resolve();
  }

  async close(): Promise<void> {
    if (this.#child === undefined) await this.#terminal.stdout.write(this.#held);
    else {
      this.#child.stdin.end();
      await this.#ended;
    }
  }

  #start(pager: string): void {
    const env = { LESSCHARSET: "utf-8", ...this.#terminal.env };
    const child = spawn(pager, { shell: true, stdio: ["pipe", "inherit", "inherit"], env });
    this.#child = child;
    const gone = (): void => {
      this.#isGone = true;
    };
    // Left before it had read all: that is what pagers are for.
    child.stdin.on("error", gone);
    this.#ended = new Promise((resolve) => {
      child.on("error", gone);
      child.on("close", () => {
        gone();
        resolve();
      });
    });
  }

  async #send(text: string): Promise<void> {
    const stdin = this.#child?.stdin;
    if (stdin === undefined) return;
    const isTaken = new Promise<void>((resolve) => stdin.write(text, () => resolve()));
    await Promise.race([isTaken, this.#ended]);
    if (this.#isGone) throw new ClosedPipe("the pager has been left");
  }
}
