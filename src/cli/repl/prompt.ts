/**
 * One input at the prompt: keys into the editor, frames onto the terminal, until there is a text, Ctrl-C or the end.
 * Joins the pure editor to the console; decides nothing about SQL.
 */
import type { Console } from "./console.ts";
import type { Buffer } from "./edit/buffer.ts";
import { reduce, type Effect, type EditorRules } from "./edit/editor.ts";
import { finalFrameOf, frameOf, type Frame, type Look, type Paint } from "./edit/frame.ts";
import { keyOf } from "./edit/keys.ts";
import { offer, type Completion } from "./edit/menu.ts";
import { repaint, repaintAndLeave } from "./edit/painter.ts";
import { changed, editorOf, type EditorState } from "./edit/state.ts";
import type { RoleSpan } from "./highlighting.ts";

export type Input =
  | { readonly kind: "text"; readonly text: string }
  /** Ctrl-C: what was written is forgotten. */
  | { readonly kind: "interrupt" }
  | { readonly kind: "leave"; readonly exitCode: number };

export interface PromptOptions {
  readonly prompt: string;
  readonly continuation: string;
  readonly entries: readonly string[];
  readonly rules: EditorRules;
  readonly paint: Paint;
  roles(text: string): readonly RoleSpan[];
  hint(buffer: Buffer): string | undefined;
  complete(buffer: Buffer): Promise<Completion | undefined>;
  /** The text as an editor of the user's choice left it. */
  editOutside(text: string): Promise<string>;
}

export async function readInput(console: Console, options: PromptOptions, text = ""): Promise<Input> {
  const prompt = new Prompt(console, options, text);
  console.open();
  try {
    return await prompt.read();
  } finally {
    console.close();
  }
}

class Prompt {
  readonly #console: Console;
  readonly #options: PromptOptions;
  #state: EditorState;
  #drawn: Frame | undefined;

  constructor(console: Console, options: PromptOptions, text: string) {
    this.#console = console;
    this.#options = options;
    this.#state = editorOf(options.entries, text);
  }

  async read(): Promise<Input> {
    for (;;) {
      // A paste of a thousand keys is drawn once.
      if (!this.#console.hasNext) this.#draw();
      const event = await this.#console.next();
      switch (event.kind) {
        case "resize":
          break;
        case "end":
          this.#leave();
          return { kind: "leave", exitCode: event.exitCode };
        case "key": {
          const key = keyOf(event.press);
          if (key === undefined) break;
          const { state, effect } = reduce(this.#state, key, this.#options.rules);
          this.#state = state;
          const input = effect === undefined ? undefined : await this.#perform(effect);
          if (input !== undefined) return input;
        }
      }
    }
  }

  async #perform(effect: Effect): Promise<Input | undefined> {
    switch (effect) {
      case "submit":
        this.#leave();
        return { kind: "text", text: this.#state.buffer.text };
      case "interrupt":
        this.#leave();
        return { kind: "interrupt" };
      case "leave":
        this.#leave();
        return { kind: "leave", exitCode: 0 };
      case "complete": {
        const completion = await this.#options.complete(this.#state.buffer);
        if (completion !== undefined) this.#state = offer(this.#state, completion);
        return undefined;
      }
      case "edit-outside":
        await this.#editOutside();
        return undefined;
      case "clear-screen":
        this.#console.write("\u001b[H\u001b[2J");
        this.#drawn = undefined;
        return undefined;
      case "suspend":
        this.#leave();
        this.#console.suspend();
        return undefined;
    }
  }

  async #editOutside(): Promise<void> {
    this.#leave();
    this.#console.close();
    const text = await this.#options.editOutside(this.#state.buffer.text);
    this.#console.open();
    this.#state = changed(this.#state, { text, cursor: text.length });
  }

  #draw(): void {
    const frame = frameOf(this.#state, this.#look());
    this.#console.write(repaint(this.#drawn, frame, this.#console.columns));
    this.#drawn = frame;
  }

  #leave(): void {
    const frame = finalFrameOf(this.#state, this.#look());
    this.#console.write(repaintAndLeave(this.#drawn, frame, this.#console.columns));
    this.#drawn = undefined;
  }

  #look(): Look {
    const { prompt, continuation, paint } = this.#options;
    const { columns, rows } = this.#console;
    const { buffer } = this.#state;
    const spans = this.#options.roles(buffer.text);
    return { prompt, continuation, columns, rows, spans, paint, hint: this.#options.hint(buffer) };
  }
}
