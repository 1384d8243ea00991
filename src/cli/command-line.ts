/**
 * Arguments → what is to be done, as plain data. Reads no file and opens nothing; every mistake is a coded
 * diagnostic with the nearest right word.
 */
import { Command, CommanderError, Help } from "commander";
import { fail, suggest, version } from "../index.ts";
import { completionCommand, type CompletionInvocation } from "./commands/completion-command.ts";
import { connectCommands, type ConnectInvocation } from "./commands/connect-command.ts";
import { detachCommand, type DetachInvocation } from "./commands/detach-command.ts";
import { modelsCommand, type ModelsInvocation } from "./commands/models-command.ts";
import { offlineCommand, type OfflineInvocation } from "./commands/offline-command.ts";
import { proceduresCommand, type ProceduresInvocation } from "./commands/procedures-command.ts";
import { retryCommand, type RetryInvocation } from "./commands/retry-command.ts";
import { runCommand, type RunInvocation } from "./commands/run-command.ts";
import { runsCommand, type RunsInvocation } from "./commands/runs-command.ts";
import { serveCommands, type ServeInvocation } from "./commands/serve-command.ts";
import { commandTable, type CommandEntry } from "./command-table.ts";
import { checkHeeded, heededOptions } from "./heeded-options.ts";
import { examples, exitCodes } from "./help.ts";
import { addOptions, type Options } from "./options.ts";
import { known } from "./known.ts";
import { expectError } from "./expected.ts";

export interface QueryInvocation {
  readonly kind: "query";
  /** Texts of `-c`. */
  readonly commands: readonly string[];
  readonly arguments: readonly string[];
}

type CommandInvocation =
  | QueryInvocation
  | RunInvocation
  | ProceduresInvocation
  | ModelsInvocation
  | RunsInvocation
  | RetryInvocation
  | OfflineInvocation
  | DetachInvocation
  | CompletionInvocation
  | ServeInvocation
  | ConnectInvocation;

export type Invocation =
  | (CommandInvocation & { readonly options: Options })
  /** Help and version: text to print. It is a mistake where a verb was left out. */
  | { readonly kind: "text"; readonly text: string; readonly isMistake: boolean };

/** What any command's name looks like. Most command lines name none, and start faster when none is set up. */
export const commandLike = /^[a-z][a-z-]*$/;

export function parseCommandLine(
  args: readonly string[],
  hasCommands = args.some((argument) => commandLike.test(argument)),
): Invocation {
  const printed: string[] = [];
  const parser = buildParser(printed, hasCommands);
  try {
    parser.program.parse(args, { from: "user" });
  } catch (error) {
    expectError(error, CommanderError);
    // Help lists the commands, and a mistaken option may be one of theirs.
    if (!hasCommands) return parseCommandLine(args, true);
    const isMistake = error.exitCode !== 0;
    if (isMistake && error.code !== "commander.help") failUsage(error, parser);
    return { kind: "text", text: printed.join(""), isMistake };
  }
  const invocation = parser.invocation();
  return invocation ?? fail("cli/usage", { problem: "no command" });
}

/** What completion and the man page are made of. */
export function commandLineTable(): readonly CommandEntry[] {
  return commandTable(buildParser([]).program);
}

interface Parser {
  readonly program: Command;
  readonly subcommands: readonly Command[];
  invocation(): Invocation | undefined;
}

function buildParser(printed: string[], hasCommands = true): Parser {
  const program = new Command("callsql");
  let invocation: Invocation | undefined;
  configure(program, printed)
    .description("SQL that can call AI models, on local SQLite data.")
    .version(version, "-V, --version", "print the version")
    .argument("[database]", "SQLite file; in memory when absent")
    .allowExcessArguments()
    .addHelpText("before", examples)
    .addHelpText("after", exitCodes)
    .action(() => done({ kind: "query", commands: given.commands, arguments: program.args }));
  const given = addOptions(program);
  const done = (found: CommandInvocation): void => {
    if (found.kind !== "query" && given.commands.length > 0) {
      const what = found.kind === "run" ? "files, not -c" : "no -c";
      fail("cli/usage", { problem: `${found.kind.replace("-", " ")} takes ${what}` });
    }
    checkHeeded(program, found.kind);
    invocation = { ...found, options: given.read() };
  };
  const showHelp = (names: readonly string[]): void => {
    commandNamed(program, names).outputHelp();
    invocation = { kind: "text", text: printed.join(""), isMistake: false };
  };
  const subcommands = hasCommands ? [...commandsOf(done), helpCommand(showHelp)] : [];
  for (const command of subcommands) {
    configure(command, printed);
    if (command.parent === null) program.addCommand(command);
  }
  return { program, subcommands, invocation: () => invocation };
}

/** In the order of --help; those of a command come behind it. */
function commandsOf(done: (found: CommandInvocation) => void): readonly Command[] {
  return [
    runCommand(done),
    proceduresCommand(done),
    modelsCommand(done),
    runsCommand(done),
    offlineCommand(done),
    retryCommand(done),
    detachCommand(done),
    completionCommand(done),
    ...serveCommands(done),
    ...connectCommands(done),
  ];
}

function helpCommand(show: (names: readonly string[]) => void): Command {
  return new Command("help")
    .description("show the help of a command, as its --help does")
    .argument("[command...]", "such as run, or connect add")
    .action(show);
}

function commandNamed(program: Command, names: readonly string[]): Command {
  return names.reduce((within, name) => {
    const found = within.commands.find((command) => command.name() === name);
    const all = within.commands.map((command) => command.name());
    return (
      found ?? fail("cli/unknown-command", { command: name, commands: all, suggestion: suggest(name, all) })
    );
  }, program);
}

/** Errors come back as exceptions and help as text: nothing here writes or exits. */
function configure(command: Command, printed: string[]): Command {
  const print = (text: string): unknown => printed.push(text);
  return command
    .exitOverride()
    .showSuggestionAfterError(false)
    .helpOption("-h, --help", "show this help")
    .configureHelp({ showGlobalOptions: true, formatHelp: commandsFirst })
    .configureOutput({ writeOut: print, writeErr: print, outputError: () => {} });
}

/** Who asks for `connect` looks for its verbs. The options of all commands fill a screen, and few of them matter to most. */
function commandsFirst(command: Command, help: Help): string {
  const sections = Help.prototype.formatHelp.call(help, command, help).trimEnd().split("\n\n");
  const isListOf = (what: RegExp) => (section: string) => what.test(section);
  const commands = sections.filter(isListOf(/^Commands:/));
  const others = sections.filter((section) => !/^(?:Commands|Global Options):/.test(section));
  const at = others.findIndex(isListOf(/^(?:Arguments|Options):/));
  const heeded = heededIn(command);
  const globals =
    heeded === undefined
      ? globalGroups(command, help)
      : [help.boxWrap(`As in callsql --help: ${heeded.join(", ")}`, 80)];
  return `${[...others.toSpliced(at, 0, ...commands), ...globals].join("\n\n")}\n`;
}

/** The options of `callsql` itself in their groups; commander has one list of them. None of its commands takes -c. */
function globalGroups(command: Command, help: Help): readonly string[] {
  const width = help.padWidth(command, help);
  const taken = help.visibleGlobalOptions(command).filter(({ short }) => short !== "-c");
  const groups = Map.groupBy(taken, (option) => option.helpGroupHeading);
  return [...groups].flatMap(([heading, options]) => {
    if (heading === undefined) return [];
    const items = options.map((option) =>
      help.formatItem(help.optionTerm(option), width, help.optionDescription(option), help),
    );
    return [[heading, ...items].join("\n")];
  });
}

/** Of the options of `callsql` itself; undefined: all. */
function heededIn(command: Command): readonly string[] | undefined {
  const path: Command[] = [];
  for (let at: Command | null = command; at !== null; at = at.parent) path.unshift(at);
  const [program, outer, inner] = path;
  if (program === undefined || outer === undefined) return undefined;
  return heededOptions(program, inner?.name() === "token" ? "serve-token" : outer.name());
}

/** Commander's error in our words. */
function failUsage(error: CommanderError, { program, subcommands }: Parser): never {
  const named = /'([^']*)'/.exec(error.message)?.[1] ?? "";
  if (error.code === "commander.unknownOption") {
    const flags = [program, ...subcommands].flatMap((command) =>
      command.options.map(({ long }) => known(long)),
    );
    return fail("cli/unknown-option", { option: named, suggestion: suggest(named, [...flags, "--help"]) });
  }
  if (error.code === "commander.missingArgument" && named === "file") return fail("cli/no-script", {});
  return fail("cli/usage", { problem: error.message.replace(/^error: /, "").replaceAll("'", '"') });
}
