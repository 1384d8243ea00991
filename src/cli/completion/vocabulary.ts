/** What a shell may put on the line: commands and options from the parser, names from the catalogue. */
import type { Procedure } from "../../index.ts";
import type { CommandEntry, OptionEntry } from "../command-table.ts";
import { formatNames } from "../format/format.ts";

export interface Vocabulary {
  /** The program first. */
  readonly commands: readonly CommandEntry[];
  readonly procedures: readonly Procedure[];
  readonly models: readonly string[];
  /** Of the session: what --set takes. */
  readonly settings: readonly string[];
}

export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

/** What stands behind an option: words, of which those that end in `=` go on, or a file or folder. */
export type Values =
  | { readonly kind: "words"; readonly words: readonly string[] }
  /** Profiles are asked for when they are needed: they come and go after the script was made. */
  | { readonly kind: "connections" | "files" | "folders" | "any" };

/** A line of a shell that prints the names of the connections. */
export const connectionNames = "callsql connections -o tsv 2>/dev/null | tail -n +2 | cut -f 1";

/** Behind these words of `connect` stands the name of one. */
export const connectionVerbs = ["show", "test", "login", "logout", "default", "remove"] as const;

export function valuesOf({ long, value }: OptionEntry, vocabulary: Vocabulary): Values {
  if (long === "--format") return { kind: "words", words: formatNames };
  if (long === "--connection") return { kind: "connections" };
  if (long === "--set") return { kind: "words", words: vocabulary.settings.map((name) => `${name}=`) };
  if (long === "--param") return { kind: "words", words: bindWords(vocabulary) };
  if (value === "folder") return { kind: "folders" };
  return { kind: value === "file" || value === "database" ? "files" : "any" };
}

/** `Text=`: binds are mostly named as the parameter they are for. */
function bindWords({ procedures }: Vocabulary): string[] {
  const names = procedures.flatMap(({ parameters }) => parameters.map(({ name }) => name));
  return [...new Set(names)].map((name) => `${name}=`);
}

/** Words that may be a command's argument, beside files. */
export function argumentWords(name: string, { commands, procedures }: Vocabulary): readonly string[] {
  if (name === "procedures") return procedures.map((procedure) => procedure.name);
  if (name === "completion") return shells;
  const below = commands.filter((command) => command.name.startsWith(`${name} `));
  return below.map((command) => command.name.slice(name.length + 1)).filter((rest) => !rest.includes(" "));
}

/** `run`, `serve`: what may be the first word. */
export function topCommands({ commands }: Vocabulary): readonly CommandEntry[] {
  return commands.filter(({ name }) => name !== "" && !name.includes(" "));
}

/** Options of a first word, its own commands' included, and those of the program. */
export function optionsOf(name: string, { commands }: Vocabulary): readonly OptionEntry[] {
  const own = commands.filter((command) => command.name === name || command.name.startsWith(`${name} `));
  const help: OptionEntry = { short: "-h", long: "--help", summary: "show this help" };
  const all = [...own, ...commands.slice(0, 1)].flatMap(({ options }) => options);
  return [...new Map([...all, help].map((option) => [option.long, option])).values()];
}
