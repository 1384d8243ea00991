/**
 * The interactive prompt: `callsql [DB]` on a terminal. Loaded only when it is wanted.
 * This page is the loop: read → run → read. The editor is in edit/, what Tab offers in complete/, the dot-commands in
 * dot/, how results look in show/.
 */
import { basename } from "node:path";
import { DiagnosticError, version } from "../../index.ts";
import { safeLine, widthOf } from "../format/text.ts";
import { coloursOf } from "../terminal.ts";
import { complete } from "./complete/complete.ts";
import { hintAt } from "./complete/hint.ts";
import { VocabularyReader } from "./complete/vocabulary.ts";
import { closeContext, contextFor, prepare, type ReplRequest } from "./context-for.ts";
import type { Context } from "./context.ts";
import { dotCommands } from "./dot/commands.ts";
import { modeNames } from "./dot/output.ts";
import { editOutside } from "./edit-outside.ts";
import { isDotCommand, rolesOf } from "./highlighting.ts";
import { connectionOf } from "./open.ts";
import type { PromptOptions } from "./prompt.ts";
import { runText } from "./run.ts";
import { isSubmittable, strandedHint } from "./split.ts";
import { themeOf } from "./theme.ts";
import { expectError } from "../expected.ts";

/** The exit code. */
export async function runRepl(request: ReplRequest): Promise<number> {
  const context = await contextFor(request);
  try {
    await prepare(context);
    await context.reporter.note("greeting", { version });
    await loop(context);
    return context.exitCode ?? 0;
  } finally {
    await closeContext(context, true);
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
        expectError(error, DiagnosticError);
        await context.reporter.error(error);
        return text;
      }
    },
  };
}
