/** The table of dot-commands, and how one is found and run. */
import { fail, suggest } from "../../../index.ts";
import { ClosedPipe } from "../../terminal.ts";
import type { Context } from "../context.ts";
import { showText } from "../show/show.ts";
import { wrapped } from "../show/wrap.ts";
import { wordsOf, type DotCommand } from "./command.ts";
import { fileCommands } from "./files.ts";
import { outputCommands } from "./output.ts";
import { schemaCommands } from "./schema.ts";
import { sessionCommands } from "./session.ts";

/** Room for a command and its arguments in .help. */
const usageWidth = 22;

const help: DotCommand = {
  name: "help",
  aliases: [".?", "\\?"],
  arguments: "[COMMAND]",
  summary: "list the dot-commands, or explain one",
  completes: ["command"],
  run: (context, [name]) => {
    const commands = name === undefined ? dotCommands : [findCommand(name)];
    return showText(context, helpText(commands, context.input.columns));
  },
};

export const dotCommands: readonly DotCommand[] = [
  help,
  ...schemaCommands,
  ...sessionCommands,
  ...outputCommands,
  ...fileCommands,
].toSorted((a, b) => (a.name < b.name ? -1 : 1));

/** False when it failed; the mistake has been reported. */
export async function runCommand(context: Context, text: string): Promise<boolean> {
  try {
    const [written = ""] = /^\S+/.exec(text) ?? [];
    const command = findCommand(written);
    const rest = text.slice(written.length).trim();
    // Hands end everything with a semicolon; no file or mode is called that.
    const words = command.isVerbatim === true ? [rest] : wordsOf(rest.replace(/\s*;$/, ""));
    checkCount(command, words);
    return (await command.run(context, words)) !== false;
  } catch (error) {
    if (error instanceof ClosedPipe) return true;
    await context.reporter.error(error);
    return false;
  }
}

export function findCommand(written: string): DotCommand {
  const wanted = written.replace(/;$/, "").toLowerCase();
  const bare = wanted.replace(/^\./, "");
  const exact = dotCommands.find(
    ({ name, aliases }) => name === bare || aliases?.includes(wanted) || aliases?.includes(`.${wanted}`),
  );
  if (exact !== undefined) return exact;
  // As sqlite3's shell: what begins only one command is that command.
  const begun = dotCommands.filter(({ name }) => bare !== "" && name.startsWith(bare));
  const [only, second] = begun;
  const isBegun = only !== undefined && second === undefined;
  if (isBegun && bare.length > 1) return only;
  // A sign or a letter is near to everything.
  const names = dotCommands
    .flatMap(({ name, aliases = [] }) => [`.${name}`, ...aliases])
    .filter((name) => /\w\w/.test(name));
  return fail("cli/unknown-dot-command", {
    command: written,
    begun: begun.map(({ name }) => `.${name}`),
    suggestion: isBegun ? `.${only.name}` : suggest(wanted.startsWith("\\") ? wanted : `.${bare}`, names),
  });
}

export function helpText(commands: readonly DotCommand[], columns: number): string {
  return commands
    .map(({ name, arguments: usage, summary, aliases = [] }) => {
      const also = aliases.length === 0 ? "" : ` (also ${aliases.join(", ")})`;
      const start = `.${name} ${usage}`.padEnd(usageWidth);
      return `${wrapped(`${start}  `, summary + also, columns)}\n`;
    })
    .join("");
}

function checkCount(command: DotCommand, words: readonly string[]): void {
  const named = command.arguments.split(/\s+(?![^[]*\])/).filter((word) => word !== "");
  const required = named.filter((word) => !word.startsWith("["));
  const given = words.filter((word) => word !== "").length;
  const isOpen = command.isVerbatim === true || command.arguments.includes("…");
  if (given < required.length || (given > named.length && !isOpen))
    fail("cli/dot-usage", { command: `.${command.name}`, arguments: command.arguments });
}
