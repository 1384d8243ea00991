/** The commands and options as data, read from the parser that --help prints: what completion and the man page are made of. */
import type { Command, Option } from "commander";
import { known } from "./known.ts";

export interface CommandEntry {
  /** Without `callsql`: empty for the command itself, `serve token create`. */
  readonly name: string;
  readonly summary: string;
  /** As --help writes them: `<file...> [database]`. */
  readonly arguments: string;
  readonly options: readonly OptionEntry[];
}

export interface OptionEntry {
  readonly short?: string;
  readonly long: string;
  /** What the value is: `file`, `name=value`. Absent: a switch. */
  readonly value?: string;
  readonly summary: string;
}

/** The program first, then its commands, each before its own. */
export function commandTable(program: Command, path: readonly string[] = []): readonly CommandEntry[] {
  const entry: CommandEntry = {
    name: path.join(" "),
    summary: program.description(),
    arguments: program.registeredArguments
      .map((item) => {
        const name = `${item.name()}${item.variadic ? "..." : ""}`;
        return item.required ? `<${name}>` : `[${name}]`;
      })
      .join(" "),
    options: program.options.filter(({ hidden }) => !hidden).map(optionEntry),
  };
  return [entry, ...program.commands.flatMap((command) => commandTable(command, [...path, command.name()]))];
}

function optionEntry({ short, long, flags, description }: Option): OptionEntry {
  const value = /<([^>]+)>/.exec(flags)?.[1];
  return {
    long: known(long),
    summary: description,
    ...(short === undefined ? {} : { short }),
    ...(value === undefined ? {} : { value }),
  };
}
