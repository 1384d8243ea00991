/**
 * Arguments → what is to be done, as plain data. Reads no file and opens nothing; every mistake is a coded
 * diagnostic with the nearest right word.
 */
import { Command, CommanderError } from "commander";
import { fail, suggest, version } from "../index.ts";
import { formatNames, formatOfFile, parseFormatName, type FormatName } from "./format/format.ts";
import { addServeCommand, gather, type ServeFlags, type TokenRequest } from "./commands/serve-flags.ts";
import { buildConnectCommands, type ConnectInvocation } from "./commands/connect-command.ts";
import { commandTable, type CommandEntry } from "./command-table.ts";
import { examples, exitCodes } from "./help.ts";
import { parseImport, type ImportRequest } from "./import/import.ts";
import type { ParameterSource } from "./params.ts";
import { replaySetting } from "./script-run.ts";

export type Invocation =
  | {
      readonly kind: "query";
      readonly commands: readonly string[];
      readonly arguments: readonly string[];
      readonly options: Options;
    }
  | {
      readonly kind: "run";
      readonly arguments: readonly string[];
      /** Files side by side; absent: one after the other in one session. */
      readonly jobs?: number;
      readonly options: Options;
    }
  | {
      readonly kind: "procedures";
      readonly name?: string;
      readonly isJson: boolean;
      readonly options: Options;
    }
  | {
      readonly kind: "models";
      readonly isRefreshed: boolean;
      readonly isJson: boolean;
      readonly options: Options;
    }
  | { readonly kind: "retry"; readonly run?: string; readonly options: Options }
  | {
      readonly kind: "runs";
      /** `[]`, `[ID]`, `["diff", A, B]` or `["prune", DAYS]`. */
      readonly arguments: readonly string[];
      readonly isJson: boolean;
      readonly options: Options;
    }
  | {
      readonly kind: "offline";
      /** Parts to install; absent: list them all. */
      readonly install?: readonly string[];
      readonly isJson: boolean;
      readonly options: Options;
    }
  | {
      readonly kind: "detach";
      readonly database: string;
      readonly isListOnly: boolean;
      readonly isJson: boolean;
      readonly options: Options;
    }
  | { readonly kind: "completion"; readonly shell: string; readonly options: Options }
  | {
      readonly kind: "serve";
      readonly database?: string;
      readonly flags: ServeFlags;
      readonly options: Options;
    }
  | { readonly kind: "serve-token"; readonly request: TokenRequest; readonly options: Options }
  | (ConnectInvocation & { readonly options: Options })
  /** Help and version: text to print. */
  | { readonly kind: "text"; readonly text: string };

export interface Options {
  readonly database?: string;
  readonly connection?: string;
  /** File of the user's own models and prices. */
  readonly models?: string;
  /** Modules with procedures of the user's own. */
  readonly procedureFiles: readonly string[];
  /** File of the record of calls; `:memory:` for none. Absent: the one in the state directory. */
  readonly ledger?: string;
  /** Start a script anew, whatever became of an earlier run of it. */
  readonly isFresh: boolean;
  /** Explain what would be called; send nothing, keep nothing. */
  readonly isDryRun: boolean;
  /** In the order given. */
  readonly parameters: readonly ParameterSource[];
  readonly format: FormatName;
  /** Whether `format` was asked for; the prompt has another one of its own. */
  readonly isFormatGiven: boolean;
  readonly output?: string;
  /** `OPTION=VALUE`, in the order given. */
  readonly settings: readonly string[];
  readonly imports: readonly ImportRequest[];
  /** Imports keep the rows of a table that exists. */
  readonly isAppending: boolean;
  readonly hasStatementNumbers: boolean;
  /** Folder for the BLOBs of results. */
  readonly mediaFolder?: string;
  /** File for the summary as JSON. */
  readonly summary?: string;
  readonly isKeepGoing: boolean;
  readonly isQuiet: boolean;
  readonly isColourWanted: boolean;
  readonly isReadonly: boolean;
}

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
    if (!(error instanceof CommanderError)) throw error;
    // Help lists the commands, and a mistaken option may be one of theirs.
    if (!hasCommands) return parseCommandLine(args, true);
    if (error.exitCode !== 0) failUsage(error, parser);
    return { kind: "text", text: printed.join("") };
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

/** What the repeatable options gather, in the order of the command line. */
interface Gathered {
  readonly commands: string[];
  readonly parameters: ParameterSource[];
  readonly settings: string[];
  readonly imports: ImportRequest[];
  format: FormatName;
  isFormatGiven: boolean;
  database?: string;
  connection?: string;
  models?: string;
  ledger?: string;
  output?: string;
  mediaFolder?: string;
  summary?: string;
}

function buildParser(printed: string[], hasCommands = true): Parser {
  const program = new Command("callsql");
  const gathered: Gathered = {
    commands: [],
    parameters: [],
    settings: [],
    imports: [],
    format: "table",
    isFormatGiven: false,
  };
  const options = (): Options => optionsOf(program, gathered);
  let invocation: Invocation | undefined;

  configure(program, printed)
    .description("SQL that can call AI models, on local SQLite data.")
    .version(version, "-V, --version", "print the version")
    .argument("[database]", "SQLite file; in memory when absent")
    .allowExcessArguments()
    .addHelpText("before", examples)
    .addHelpText("after", exitCodes)
    .action(() => {
      invocation = {
        kind: "query",
        commands: gathered.commands,
        arguments: program.args,
        options: options(),
      };
    });
  addOptions(program, gathered);
  if (!hasCommands) return { program, subcommands: [], invocation: () => invocation };

  const run = configure(program.command("run"), printed)
    .description("run SQL files, one after the other in one session, or side by side")
    .argument("<file...>", "SQL files, then the database if the last does not end in .sql")
    .option("--jobs <n>", "run up to so many files side by side, each in a session of its own");
  run.action((files: string[]) => {
    if (gathered.commands.length > 0) fail("cli/usage", { problem: "run takes files, not -c" });
    const { jobs } = run.opts<{ jobs?: string }>();
    invocation = {
      kind: "run",
      arguments: files,
      options: options(),
      ...(jobs === undefined ? {} : { jobs: parseJobs(jobs) }),
    };
  });
  const procedures = configure(program.command("procedures"), printed)
    .description("list the procedures that can be called, or describe one")
    .argument("[name]", "procedure")
    .option("--json", "as JSON");
  procedures.action((name: string | undefined) => {
    const isJson = procedures.getOptionValue("json") === true;
    invocation = { kind: "procedures", isJson, options: options(), ...(name === undefined ? {} : { name }) };
  });
  const models = configure(program.command("models"), printed)
    .description("list the known models: procedures, prices, when they retire and what replaces them")
    .option("--refresh", "ask the connection which models it has")
    .option("--json", "as JSON, with everything sys_models knows");
  models.action(() => {
    const isJson = models.getOptionValue("json") === true;
    const isRefreshed = models.getOptionValue("refresh") === true;
    invocation = { kind: "models", isRefreshed, isJson, options: options() };
  });
  const runs = configure(program.command("runs"), printed)
    .description("list what was run, asked and spent; one run's calls by procedure and outcome")
    .argument(
      "[what...]",
      "ID; diff A B: which answers changed; prune DAYS: remove runs that ended longer ago",
    )
    .option("--prune <days>", "as prune DAYS")
    .option("--json", "as JSON");
  runs.action((what: string[]) => {
    const isJson = runs.getOptionValue("json") === true;
    const pruneDays = runs.opts<{ prune?: string }>().prune;
    invocation = {
      kind: "runs",
      isJson,
      options: options(),
      arguments: pruneDays === undefined ? what : ["prune", pruneDays],
    };
  });
  const offline = configure(program.command("offline"), printed)
    .description(
      "list the models of --connection offline; install puts all of them, or parts, into the cache",
    )
    .argument("[install]", "install")
    .argument("[part...]", "all, embeddings, moderation, speech, transcription, vision or images")
    .option("--json", "as JSON, with packages and versions");
  offline.action((verb: string | undefined, parts: readonly string[]) => {
    if (verb !== undefined && verb !== "install")
      fail("cli/usage", { problem: `offline takes "install" and parts, not "${verb}"` });
    const isJson = offline.getOptionValue("json") === true;
    const install = parts.length === 0 ? ["all"] : parts;
    invocation = {
      kind: "offline",
      isJson,
      options: options(),
      ...(verb === undefined ? {} : { install }),
    };
  });
  const retry = configure(program.command("retry"), printed)
    .description("run again what failed in a run: what succeeded is taken from its record")
    .argument("[id]", "run; the latest with something to try again when absent");
  retry.action((id: string | undefined) => {
    invocation = { kind: "retry", options: options(), ...(id === undefined ? {} : { run: id }) };
  });
  const detach = configure(program.command("detach"), printed)
    .description(
      "drop the views and triggers that call procedures, so that other programs can use the database",
    )
    .argument("<database>", "SQLite file")
    .option("--list", "only list them")
    .option("--json", "as JSON");
  detach.action((database: string) => {
    const isSet = (name: string): boolean => detach.getOptionValue(name) === true;
    invocation = {
      kind: "detach",
      database,
      isListOnly: isSet("list"),
      isJson: isSet("json"),
      options: options(),
    };
  });
  const completion = configure(program.command("completion"), printed)
    .description("print the completion script of a shell: bash, zsh or fish")
    .argument("<shell>", "bash, zsh or fish")
    .action((shell: string) => {
      invocation = { kind: "completion", shell, options: options() };
    });
  const serve = addServeCommand(program, (command) => configure(command, printed), {
    serve: (database, flags) => {
      invocation = {
        kind: "serve",
        flags,
        options: options(),
        ...(database === undefined ? {} : { database }),
      };
    },
    token: (request) => {
      invocation = { kind: "serve-token", request, options: options() };
    },
  });
  const connect = buildConnectCommands((connecting) => {
    invocation = { ...connecting, options: options() };
  }).map((command) => configure(command, printed));
  for (const command of connect) if (command.parent === null) program.addCommand(command);
  return {
    program,
    subcommands: [run, retry, procedures, models, runs, offline, detach, completion, ...serve, ...connect],
    invocation: () => invocation,
  };
}

function parseJobs(text: string): number {
  const jobs = Number(text);
  return Number.isInteger(jobs) && jobs >= 1 && jobs <= 64
    ? jobs
    : fail("cli/usage", { problem: `--jobs takes a whole number from 1 to 64, not "${text}"` });
}

/** Errors come back as exceptions and help as text: nothing here writes or exits. */
function configure(command: Command, printed: string[]): Command {
  return command
    .exitOverride()
    .showSuggestionAfterError(false)
    .helpOption("-h, --help", "show this help")
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: (text) => printed.push(text), outputError: () => {} });
}

/** All on the program, which finds them before and behind a command's name. */
function addOptions(program: Command, gathered: Gathered): void {
  program
    .option("-c, --command <sql>", "run this text; repeatable; - reads standard input", (text) => {
      gathered.commands.push(text);
    })
    .option("--db <database>", "SQLite file", (file) => {
      if (gathered.database !== undefined)
        fail("cli/two-databases", { databases: [gathered.database, file] });
      gathered.database = file;
    })
    .option(
      "--connection <name>",
      "openai, offline (models inside the package, no key needed) or a profile",
      (name) => {
        gathered.connection = name;
      },
    )
    .option("--models <file>", "models and prices of your own over the shipped ones", (file) => {
      gathered.models = file;
    })
    // Kept by commander: for `serve token create` they are names, and the token's.
    .option("--procedures <file>", "procedures of your own, from a JavaScript module; repeatable", gather)
    .option(
      "-p, --param <name=value>",
      "bind :name to 42 (a number), @file (its bytes), json:… (a JSON value) or else a text; repeatable",
      (text) => {
        gathered.parameters.push({ kind: "assignment", text });
      },
    )
    .option(
      "--params <file>",
      "bind the members of a .json object, or run the command for each row of a .csv",
      (file) => {
        gathered.parameters.push({ kind: "file", file });
      },
    )
    .option(
      "-o, --format <format>",
      `${formatNames.join(", ")} (default: by the ending of --output, else table)`,
      (name) => {
        gathered.format = parseFormatName(name);
        gathered.isFormatGiven = true;
      },
    )
    .option("--output <file>", "write results to a file, which appears when it is whole", (file) => {
      gathered.output = file;
    })
    .option("--save-media <folder>", "save images, sound and other BLOBs of results as files", (folder) => {
      gathered.mediaFolder = folder;
    })
    .option("--summary <file>", "write what was run, called and spent as JSON", (file) => {
      gathered.summary = file;
    })
    .option("--set <option=value>", "as SET option = 'value'; repeatable", (text) => {
      gathered.settings.push(text);
    })
    .option(
      "--import <table=file>",
      "load a .csv, .tsv, .json, .ndjson or .parquet file first; repeatable",
      (text) => {
        gathered.imports.push(parseImport(text));
      },
    )
    .option("--append", "--import: behind the rows of a table that exists, not in place of them")
    .option(
      "--ledger <file>",
      "record of calls (default: callsql/ledger.db in the state directory)",
      (file) => {
        gathered.ledger = file;
      },
    )
    .option("--no-ledger", "keep no record beyond this command")
    .option("--dry-run", "say what would be called and cost; nothing is sent, no change is kept")
    .option("--fresh", "run: start anew instead of going on with an interrupted run")
    .option("--max-calls <n>", "stop before more calls than this are sent", (max) => {
      gathered.settings.push(`max_calls=${max}`);
    })
    // Kept by commander: for `serve token create` it is the token's.
    .option("--max-cost <usd>", "stop before more than this may be spent")
    .option("--replay", "answer from the record alone; a call that is not in it is an error", () => {
      gathered.settings.push(replaySetting);
    })
    .option("--with-statement", "add the statement's number as the first column")
    .option("--keep-going", "go on behind a statement that failed")
    .option("--readonly", "open the database for reading only")
    .option("--quiet", "no progress, summary or warnings; errors still show")
    .option("--no-color", "no colours");
}

function optionsOf(program: Command, gathered: Gathered): Options {
  const isSet = (name: string): boolean => program.getOptionValue(name) === true;
  const { parameters, settings, imports, format, isFormatGiven, database, connection, models, output } =
    gathered;
  const { mediaFolder, summary } = gathered;
  const { maxCost, procedures = [] } = program.opts<{ maxCost?: string; procedures?: readonly string[] }>();
  const ledger = program.getOptionValue("ledger") === false ? ":memory:" : gathered.ledger;
  return {
    parameters,
    settings: maxCost === undefined ? settings : [...settings, `max_cost=${maxCost}`],
    imports,
    procedureFiles: procedures,
    format: isFormatGiven || output === undefined ? format : (formatOfFile(output) ?? format),
    isFormatGiven,
    ...(database === undefined ? {} : { database }),
    ...(connection === undefined ? {} : { connection }),
    ...(models === undefined ? {} : { models }),
    ...(ledger === undefined ? {} : { ledger }),
    isFresh: isSet("fresh"),
    isAppending: isSet("append"),
    isDryRun: isSet("dryRun"),
    ...(output === undefined ? {} : { output }),
    ...(mediaFolder === undefined ? {} : { mediaFolder }),
    ...(summary === undefined ? {} : { summary }),
    hasStatementNumbers: isSet("withStatement"),
    isKeepGoing: isSet("keepGoing"),
    isQuiet: isSet("quiet"),
    isColourWanted: isSet("color"),
    isReadonly: isSet("readonly"),
  };
}

/** Commander's error in our words. */
function failUsage(error: CommanderError, { program, subcommands }: Parser): never {
  const named = /'([^']*)'/.exec(error.message)?.[1] ?? "";
  if (error.code === "commander.unknownOption") {
    const flags = [program, ...subcommands].flatMap((command) =>
      command.options.map(({ long }) => long ?? ""),
    );
    return fail("cli/unknown-option", { option: named, suggestion: suggest(named, [...flags, "--help"]) });
  }
  if (error.code === "commander.missingArgument" && named === "file") return fail("cli/no-script", {});
  return fail("cli/usage", { problem: error.message.replace(/^error: /, "").replaceAll("'", '"') });
}
