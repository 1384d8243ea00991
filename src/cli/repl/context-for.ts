/** What the prompt begins with: its session, its input and what the command line asked for; and what it ends with. */
import { fail, warning, type openSession, type Procedure } from "../../index.ts";
import { applySetting } from "../batch.ts";
import type { Options } from "../options.ts";
import { showable } from "../format/format.ts";
import { noteImported, importFile } from "../import/import.ts";
import { fileOutput } from "../output.ts";
import { readParameters, rowsFileOf } from "../params.ts";
import type { Reporter } from "../reporter.ts";
import { coloursOf, type Terminal } from "../terminal.ts";
import { ProcessConsole } from "./console.ts";
import type { Context } from "./context.ts";
import { closeOutput } from "./dot/output.ts";
import { Guard } from "./guard.ts";
import { HistoryFile, historyPath } from "./history-file.ts";
import { EditorInput, LineInput, type InputSource } from "./input.ts";
import { openSessionFor } from "./open.ts";
import { runText } from "./run.ts";
import { themeOf } from "./theme.ts";
import { Totals } from "./totals.ts";

export interface ReplRequest {
  readonly database: string | undefined;
  readonly options: Options;
  readonly terminal: Terminal;
  readonly reporter: Reporter;
  readonly openSession: typeof openSession;
  readonly procedures: readonly Procedure[];
  /** Tests bring their own. */
  readonly input?: InputSource;
}

export async function contextFor(request: ReplRequest): Promise<Context> {
  const { terminal, reporter, options, procedures } = request;
  const database = request.database ?? ":memory:";
  const history = new HistoryFile(historyPath(terminal.env));
  await history.load();
  const session = await openSessionFor(request, database);
  const input = request.input ?? inputFor(terminal, options);
  return {
    terminal,
    reporter,
    options,
    openSession: request.openSession,
    procedures,
    history,
    totals: new Totals(),
    parameters: new Map(),
    run: runText,
    session,
    input,
    guard: Number.isFinite(input.rows) ? new Guard() : undefined,
    database,
    mode: options.isFormatGiven ? showable(options.format) : "auto",
    insertTable: undefined,
    isTimed: true,
    output: undefined,
    once: undefined,
    media: [],
    lastStatement: "",
    nextText: "",
    exitCode: undefined,
    depth: 0,
  };
}

function inputFor(terminal: Terminal, options: Options): InputSource {
  const canDraw = terminal.stdout.isTTY && !["dumb", "emacs"].includes(terminal.env["TERM"] ?? "");
  if (!canDraw) return new LineInput(terminal);
  const paint = themeOf(coloursOf(terminal, terminal.stdout, options.isColourWanted));
  return new EditorInput(new ProcessConsole(terminal), paint);
}

/** What the command line asked for, in the order of a batch. A mistake in it ends the program before it begins. */
export async function prepare(context: Context): Promise<void> {
  const { options, session } = context;
  for (const setting of options.settings) await applySetting(session, setting);
  const rowsFile = rowsFileOf(options.parameters);
  if (rowsFile !== undefined)
    fail("cli/params-not-here", { file: rowsFile, place: "the prompt or dot-commands" });
  for (const { name, value } of await readParameters(options.parameters)) {
    context.parameters.set(name.toLowerCase(), value);
  }
  for (const request of options.imports) {
    const asked = { ...request, isAppended: options.isAppending };
    const imported = await importFile(session, asked, new AbortController().signal);
    await noteImported(context.reporter, request, imported);
  }
  if (options.output !== undefined) {
    context.output = { path: options.output, output: await fileOutput(options.output), results: 0 };
  }
}

/** `isWhole`: what `.output` gathered becomes the file. */
export async function closeContext(context: Context, isWhole: boolean): Promise<void> {
  context.input.close();
  context.guard?.close();
  await closeOutput(context, isWhole);
  if (context.session.isInTransaction) await context.reporter.diagnostic(warning("cli/open-transaction", {}));
  await context.session.close();
}
