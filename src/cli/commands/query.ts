/** `callsql [-c SQL]… [-] [DB]`: the texts of the command line and of standard input; none of them for the prompt. */
import { fail, suggest } from "../../index.ts";
import { commandLineTable, type Invocation } from "../command-line.ts";
import type { Terminal } from "../terminal.ts";
import { readStdin, withDatabase, type Text, type TextsAndDatabase } from "../texts.ts";

/** Nothing to run, and somebody sits there. */
export function asksForPrompt(
  { commands, arguments: given }: Extract<Invocation, { kind: "query" }>,
  { stdin }: Terminal,
): boolean {
  return commands.length === 0 && given[0] !== "-" && stdin.isTTY;
}

export async function textsOfQuery(
  { commands, arguments: given, options }: Extract<Invocation, { kind: "query" }>,
  terminal: Terminal,
): Promise<TextsAndDatabase> {
  const isStdinNamed = given[0] === "-";
  const words = isStdinNamed ? given.slice(1) : given;
  if (commands.length === 0) checkCommand(words);
  const databases = [...(options.database === undefined ? [] : [options.database]), ...words];
  if (databases.length > 1) fail("cli/two-databases", { databases });
  const isStdinRead = isStdinNamed || (commands.length === 0 && !terminal.stdin.isTTY);
  const texts: Text[] = [];
  for (const [index, text] of commands.entries()) {
    const name = commands.length === 1 ? "command" : `command ${index + 1}`;
    texts.push(text === "-" ? await readStdin(terminal) : { name, text });
  }
  if (isStdinRead) texts.push(await readStdin(terminal));
  return withDatabase(texts, databases[0]);
}

/** A mistyped command would otherwise become an empty database of that name. Behind -c, a word is a database. */
function checkCommand(words: readonly string[]): void {
  const [first = "", second] = words;
  if (/[./\\:]/.test(first)) return;
  const names = commandLineTable().map(({ name }) => name);
  const commands = names.filter((name) => name !== "" && !name.includes(" "));
  const suggestion = suggest(first, commands);
  if (suggestion !== undefined || second !== undefined)
    fail("cli/unknown-command", { command: first, commands, suggestion });
}
