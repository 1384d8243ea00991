/** Completion for fish: `callsql completion fish > ~/.config/fish/completions/callsql.fish`. */
import type { OptionEntry } from "../command-table.ts";
import {
  argumentWords,
  connectionNames,
  connectionVerbs,
  optionsOf,
  topCommands,
  valuesOf,
  type Values,
  type Vocabulary,
} from "./vocabulary.ts";

export function fishScript(vocabulary: Vocabulary): string {
  const commands = topCommands(vocabulary);
  const everywhere = optionsOf("", vocabulary);
  const known = new Set(everywhere.map(({ long }) => long));
  const lines = [
    "# Completion of callsql for fish: callsql completion fish > ~/.config/fish/completions/callsql.fish",
    ...everywhere.map((option) => `complete -c callsql ${optionText(option, vocabulary)}`),
    ...commands.map(
      ({ name, summary }) => `complete -c callsql -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
    ),
    ...commands.flatMap(({ name }) => {
      const seen = `complete -c callsql -n ${quoted(`__fish_seen_subcommand_from ${name}`)}`;
      const words = argumentWords(name, vocabulary);
      const own = optionsOf(name, vocabulary).filter(({ long }) => !known.has(long));
      return [
        ...(words.length === 0
          ? []
          : [`${seen} ${name === "serve" ? "" : "-f "}-a ${quoted(words.join(" "))}`]),
        ...own.map((option) => `${seen} ${optionText(option, vocabulary)}`),
      ];
    }),
  ];
  const named = `__fish_seen_subcommand_from connect; and __fish_seen_subcommand_from ${connectionVerbs.join(" ")}`;
  lines.push(`complete -c callsql -n ${quoted(named)} -f -a ${quoted(`(${connectionNames})`)}`);
  return `${lines.join("\n")}\n`;
}

function optionText(option: OptionEntry, vocabulary: Vocabulary): string {
  const { short, long, value, summary } = option;
  const flags = `${short === undefined ? "" : `-s ${short.slice(1)} `}-l ${long.slice(2)}`;
  const values = value === undefined ? "" : valuesText(valuesOf(option, vocabulary), vocabulary);
  return `${flags}${values} -d ${quoted(summary)}`;
}

function valuesText(values: Values, { models }: Vocabulary): string {
  switch (values.kind) {
    case "words": {
      const words = values.words.flatMap((word) =>
        word.toLowerCase() === "model=" ? models.map((model) => `${word}${model}`) : [word],
      );
      return ` -x -a ${quoted(words.join(" "))}`;
    }
    case "connections":
      return ` -x -a ${quoted(`(${connectionNames})`)}`;
    case "files":
      return " -r -F";
    case "folders":
      return " -x -a '(__fish_complete_directories)'";
    case "any":
      return " -x";
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
