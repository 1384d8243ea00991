/**
 * Texts with dot-commands from a pipe or -c: they run as the prompt would run them, one after the other up to the first
 * mistake, and nobody is asked, drawn for or remembered. Plain SQL is a batch (../batch.ts), which is parsed before it runs.
 */
import { fail } from "../../index.ts";
import type { Options } from "../options.ts";
import { showable } from "../format/format.ts";
import { listenForStop } from "../stop.ts";
import { ClosedPipe } from "../terminal.ts";
import type { Text } from "../texts.ts";
import { closeContext, contextFor, prepare, type ReplRequest } from "./context-for.ts";
import { runText } from "./run.ts";
import { portionsOf } from "./split.ts";
import { totalsText } from "./totals.ts";
import type { InputSource } from "./input.ts";

/** Whether a command stands between the statements. */
export function hasDotCommands(texts: readonly Text[]): boolean {
  return texts.some(({ text }) => portionsOf(text).some(({ kind }) => kind === "command"));
}

/** The exit code. */
export async function runCommandScript(request: ReplRequest, texts: readonly Text[]): Promise<number> {
  const { options, terminal, reporter } = request;
  refuseOptions(options);
  const mode = showable(options.format);
  const stop = listenForStop(terminal);
  const context = await contextFor({ ...request, input: nobody });
  context.mode = mode;
  context.isTimed = false;
  let isWhole = false;
  try {
    await prepare(context);
    for (const { name, text } of texts) {
      if (!(await runText(context, text.replaceAll("\r\n", "\n"), { name, isKept: false }))) break;
    }
    const { spent } = context.totals;
    if (spent.made + spent.cached + spent.failed > 0) await reporter.say(totalsText(spent));
    const failure = reporter.failure ?? (spent.failed > 0 ? 5 : 0);
    isWhole = failure === 0 || failure === 5;
    return stop.exitCode ?? context.exitCode ?? failure;
  } catch (error) {
    if (stop.exitCode === undefined || error instanceof ClosedPipe) throw error;
    return stop.exitCode;
  } finally {
    stop.release();
    await closeContext(context, isWhole);
  }
}

/** What only a batch can do. */
function refuseOptions(options: Options): void {
  const flags = {
    "--dry-run": options.isDryRun,
    "--keep-going": options.isKeepGoing,
    "--with-statement": options.hasStatementNumbers,
    "--save-media": options.mediaFolder !== undefined,
    "--summary": options.summary !== undefined,
  };
  const option = Object.entries(flags).find(([, isGiven]) => isGiven)?.[0];
  if (option !== undefined) fail("cli/not-with-dot-commands", { option });
}

const nobody: InputSource = {
  isAttended: false,
  rows: Infinity,
  columns: 80,
  readStatement: async () => ({ kind: "leave", exitCode: 0 }),
  ask: async () => undefined,
  close: () => {},
};
