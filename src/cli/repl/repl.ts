/**
 * The interactive prompt: `callsql [DB]` on a terminal. Loaded only when it is wanted.
 * This page is the loop: read → run → read. The editor is in edit/, what Tab offers in complete/, the dot-commands in
 * dot/, how results look in show/.
 */
import { basename } from "node:path";
import { DiagnosticError, version, type openSession, type Procedure } from "../../index.ts";
import type { Options } from "../command-line.ts";
import { showable } from "../format/format.ts";
import { safeLine, widthOf } from "../format/text.ts";
import { importFile } from "../import/import.ts";
import { fileOutput } from "../output.ts";
import { readParameters } from "../params.ts";
import { count } from "../quantity.ts";
import type { Reporter } from "../reporter.ts";
import { coloursOf, type Terminal } from "../terminal.ts";
import { complete } from "./complete/complete.ts";
import { hintAt } from "./complete/hint.ts";
import { VocabularyReader } from "./complete/vocabulary.ts";
import { ProcessConsole } from "./console.ts";
import type { Context } from "./context.ts";
import { dotCommands } from "./dot/commands.ts";
import { closeOutput, modeNames } from "./dot/output.ts";
import { editOutside } from "./edit-outside.ts";
import { isDotCommand, rolesOf } from "./highlighting.ts";
import { Guard } from "./guard.ts";
import { HistoryFile, historyPath } from "./history-file.ts";
import { EditorInput, LineInput, type InputSource } from "./input.ts";
import { connectionOf, openSessionFor } from "./open.ts";
import type { PromptOptions } from "./prompt.ts";
import { runText } from "./run.ts";
import { isSubmittable, strandedHint } from "./split.ts";
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

/** The exit code. */
export async function runRepl(request: ReplRequest): Promise<number> {
  const context = await contextFor(request);
  try {
    await prepare(context);
    await context.reporter.note(
      `callsql ${version} — statements end in ;  .help lists commands, Ctrl-D leaves`,
    );
    await loop(context);
    return context.exitCode ?? 0;
  } finally {
    context.input.close();
    context.guard?.close();
    await closeOutput(context);
    await context.session.close();
  }
}

async function loop(context: Context): Promise<void> {
  const vocabulary = new VocabularyReader(context);
  while (context.exitCode === undefined) {
    const text = context.nextText;
    context.nextText = "";
    const options = promptOptions(context, vocabulary, await promptText(context));
    const input = await context.input.readStatement(options, text);
    switch (input.kind) {
      case "interrupt":
        break;
      case "leave":
        context.exitCode = input.exitCode;
        break;
      case "text":
        await runText(context, input.text, { name: "input", isKept: true });
        vocabulary.forget();
    }
  }
}

async function contextFor(request: ReplRequest): Promise<Context> {
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
async function prepare(context: Context): Promise<void> {
  const { options, session } = context;
  for (const setting of options.settings) {
    const [, name = "", value = ""] = /^\s*([A-Za-z_]\w*)\s*=(.*)$/s.exec(setting) ?? [];
    await (await session.execute(`SET ${name} = '${value.replaceAll("'", "''")}'`)).close();
  }
  for (const { name, value } of await readParameters(options.parameters)) {
    context.parameters.set(name.toLowerCase(), value);
  }
  for (const request of options.imports) {
    const rows = await importFile(session, request, new AbortController().signal);
    await context.reporter.note(`${count(rows, "row")} imported into ${request.table} from ${request.file}`);
  }
  if (options.output !== undefined) {
    context.output = { path: options.output, output: await fileOutput(options.output), results: 0 };
  }
}

/** `tickets.db (openai)> ` */
async function promptText(context: Context): Promise<string> {
  const { database } = context;
  const connection = await connectionOf(context).catch(() => undefined);
  const name = database === ":memory:" ? "memory" : safeLine(basename(database));
  return `${name} (${connection === undefined ? "no connection" : safeLine(connection)})> `;
}

function promptOptions(context: Context, vocabulary: VocabularyReader, prompt: string): PromptOptions {
  const { terminal, procedures, history, options } = context;
  const names = new Set(procedures.map(({ name }) => name.toLowerCase()));
  return {
    prompt,
    continuation: `${" ".repeat(Math.max(0, widthOf(prompt) - 5))}...> `,
    entries: history.entries,
    rules: { isComplete: isSubmittable },
    paint: themeOf(coloursOf(terminal, terminal.stdout, options.isColourWanted)),
    roles: (text) => rolesOf(text, (name) => names.has(name.toLowerCase())),
    hint: (buffer) => {
      if (isDotCommand(buffer.text)) return undefined;
      return strandedHint(buffer.text.slice(0, buffer.cursor)) ?? hintAt(buffer, procedures);
    },
    complete: async (buffer) =>
      complete(buffer, {
        vocabulary: await vocabulary.read(),
        commands: dotCommands,
        modes: modeNames,
      }),
    editOutside: async (text) => {
      try {
        return await editOutside(text, terminal.env);
      } catch (error) {
        if (!(error instanceof DiagnosticError)) throw error;
        await context.reporter.error(error);
        return text;
      }
    },
  };
}
