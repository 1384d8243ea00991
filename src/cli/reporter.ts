/**
 * Everything said to a person: errors, warnings, notes, progress and the summary, all on stderr.
 * Text from models and services is made safe here; colour is put on after that.
 */
import {
  DiagnosticError,
  diagnostic,
  exitCodeOf,
  noteText,
  renderDiagnostic,
  type Diagnostic,
  type NoteDetails,
  type NoteName,
} from "../index.ts";
import { safeText } from "./format/text.ts";
import { ProgressLine } from "./progress.ts";
import type { Colours } from "./colours.ts";
import { coloursOf, type Terminal } from "./terminal.ts";

export interface ReporterOptions {
  readonly isQuiet: boolean;
  readonly isColourWanted: boolean;
}

export class Reporter {
  readonly progress: ProgressLine;
  readonly #terminal: Terminal;
  readonly #isQuiet: boolean;
  readonly #colours: () => Colours;
  #failure: number | undefined;

  constructor(terminal: Terminal, options: ReporterOptions) {
    this.#terminal = terminal;
    this.#isQuiet = options.isQuiet;
    this.#colours = () => coloursOf(terminal, terminal.stderr, options.isColourWanted);
    this.progress = new ProgressLine(terminal, options.isQuiet);
  }

  /** The exit code of the first error that was reported. */
  get failure(): number | undefined {
    return this.#failure;
  }

  async error(error: unknown): Promise<void> {
    for (const item of diagnosticsOf(error)) await this.diagnostic(item);
  }

  /** Warnings are kept back by --quiet, errors never. */
  async diagnostic(item: Diagnostic): Promise<void> {
    if (item.severity === "warning" && this.#isQuiet) return;
    if (item.severity === "error") this.#failure ??= exitCodeOf(new DiagnosticError([item]));
    await this.#write(coloured(safeText(renderDiagnostic(item)), this.#colours()));
  }

  note<N extends NoteName>(name: N, details: NoteDetails<N>): Promise<void> {
    return this.say(noteText(name, details));
  }

  /** What is no sentence of ours: a summary in numbers, a file's text. Kept back by --quiet, as notes are. */
  async say(text: string): Promise<void> {
    if (!this.#isQuiet) await this.#write(this.#colours().dim(safeText(text)));
  }

  /** As it is: what another callsql says, which was made safe there. */
  line(text: string): Promise<void> {
    return this.#write(text);
  }

  async #write(text: string): Promise<void> {
    this.progress.hide();
    // A closed stderr is no reason to stop: results may still be wanted.
    await this.#terminal.stderr.write(`${text}\n`).catch(() => {});
  }
}

/** Anything that is not a DiagnosticError is our bug, and is said to be. */
function diagnosticsOf(error: unknown): readonly Diagnostic[] {
  if (error instanceof DiagnosticError) return error.diagnostics;
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return [diagnostic("internal/bug", { what })];
}

function coloured(text: string, colours: Colours): string {
  return text
    .split("\n")
    .map((line) => colouredLine(line, colours))
    .join("\n");
}

function colouredLine(line: string, colours: Colours): string {
  if (line.startsWith("error["))
    return line.replace(/^error\[[^\]]*\]/, (head) => colours.bold(colours.red(head)));
  if (line.startsWith("warning[")) return line.replace(/^warning\[[^\]]*\]/, (head) => colours.yellow(head));
  if (/^\s*-->/.test(line)) return colours.dim(line);
  if (/^\s+\|\s+\^/.test(line)) return colours.red(line);
  return line.replace(/^ {2}hint:/, (head) => colours.cyan(head));
}
