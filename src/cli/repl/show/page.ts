/** Where results go on a terminal: onto the screen, or through a pager as soon as they are taller than it. */
import { spawn, type ChildProcessByStdio } from "node:child_process";
import type { Writable } from "node:stream";
import { widthOf } from "../../format/text.ts";
import { standardOutput, type Output } from "../../output.ts";
import { ClosedPipe, type Terminal } from "../../terminal.ts";

/** `$CALLSQL_PAGER`, else `$PAGER`, else less; empty or `cat`: none. */
export function pagerOf(env: Terminal["env"], areLinesCut: boolean): string | undefined {
  const chosen = env["CALLSQL_PAGER"] ?? env["PAGER"] ?? "less";
  const command = chosen.trim();
  if (command === "" || command === "cat") return undefined;
  // -F leaves when all fits, -R keeps colours, -X leaves the text on the screen; -S cuts long lines, which is right for
  // a table and wrong for an answer that is to be read.
  return /^(?:\S*\/)?less$/.test(command) ? `${command} ${areLinesCut ? "-FRSX" : "-FRX"}` : command;
}

/** Somebody has seen enough: no failure, and no reason to end the prompt. */
export class PagerLeft extends ClosedPipe {}

export interface PagedOptions {
  /** Asked when there is something to show: only then is it known what that looks like. */
  pager(): string | undefined;
  readonly rows: number;
  readonly columns: number;
}

/** Without a pager everything is written at once. */
export class PagedOutput implements Output {
  readonly #screen: Output;
  readonly #env: Terminal["env"];
  readonly #options: PagedOptions;
  #held = "";
  #lines = 0;
  #child: ChildProcessByStdio<Writable, null, null> | undefined;
  #ended: Promise<void> | undefined;
  #isGone = false;

  constructor({ stdout, env }: Terminal, options: PagedOptions) {
    this.#screen = standardOutput(stdout, () => {});
    this.#env = env;
    this.#options = options;
  }

  async write(text: string): Promise<void> {
    if (this.#isGone) throw new PagerLeft("the pager has been left");
    if (this.#child !== undefined) return this.#send(text);
    const { rows, columns } = this.#options;
    const pager = this.#options.pager();
    if (pager === undefined) return this.#screen.write(text);
    this.#held += text;
    const lines = text.split("\n").slice(0, -1);
    this.#lines += lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / columns)), 0);
    // The footer and the prompt want their lines too.
    if (this.#lines <= rows - 3) return;
    this.#start(pager);
    await this.#send(this.#held);
  }

  /** What is held back waits: whether it fits is known only at the end. */
  flush(): Promise<void> {
    return Promise.resolve();
  }

  async close(): Promise<void> {
    if (this.#child === undefined) {
      await this.#screen.write(this.#held);
      await this.#screen.flush();
    } else {
      this.#child.stdin.end();
      await this.#ended;
    }
  }

  #start(pager: string): void {
    const env = { LESSCHARSET: "utf-8", ...this.#env };
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
    if (this.#isGone) throw new PagerLeft("the pager has been left");
  }
}
