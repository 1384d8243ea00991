/** The options that every command takes: their words on the command line, and what they say as plain data. */
import type { Command } from "commander";
import { behaviors, fail, type Behavior } from "../index.ts";
import { formatNames, formatOfFile, parseFormatName, type FormatName } from "./format/format.ts";
import { parseImport, type ImportRequest } from "./import/import.ts";
import { parseBehavior, type ParameterSource } from "./params.ts";
import { replaySetting } from "./script-run.ts";

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
  /** Of the rows of `--params`; absent: FirstOrDefault. */
  readonly behavior?: Behavior;
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
  /** CSV and TSV for spreadsheets: no text is a formula. */
  readonly isCsvSafe: boolean;
}

/** What the command line is found to say while it is parsed. */
export interface GivenOptions {
  /** Texts of `-c`, in the order given. */
  readonly commands: readonly string[];
  /** To be called when all has been parsed. */
  read(): Options;
}

/** All on the program, which finds them before and behind a command's name. */
export function addOptions(program: Command): GivenOptions {
  const gathered: Gathered = {
    commands: [],
    parameters: [],
    settings: [],
    imports: [],
    format: "table",
    isFormatGiven: false,
  };
  program
    .optionsGroup("Statements and their values:")
    .option("-c, --command <sql>", "run this text; repeatable; - reads standard input", (text) => {
      gathered.commands.push(text);
    })
    .option(
      "-p, --param <name=value>",
      "bind :name to 42 (a number), @file (its bytes), json:… (a JSON value) or else a text; repeatable",
      (text) => {
        gathered.parameters.push({ kind: "assignment", text });
      },
    )
    .option(
      "--params <file>",
      "bind the members of a .json object, or run the command for each row of a .csv, .tsv, .ndjson or .parquet",
      (file) => {
        gathered.parameters.push({ kind: "file", file });
      },
    )
    .option(
      "--behavior <name>",
      `--params of a table: which rows of a result its row gets: ${behaviors.join(", ")}`,
      (name) => {
        gathered.behavior = parseBehavior(name);
      },
    )
    .option("--set <option=value>", "as SET option = 'value'; repeatable", (text) => {
      gathered.settings.push(text);
    })
    .optionsGroup("Data:")
    .option("--db <database>", "SQLite file", (file) => {
      if (gathered.database !== undefined)
        fail("cli/two-databases", { databases: [gathered.database, file] });
      gathered.database = file;
    })
    .option("--readonly", "open the database for reading only")
    .option(
      "--import <table=file>",
      "load a .csv, .tsv, .json, .ndjson or .parquet file first; repeatable",
      (text) => {
        gathered.imports.push(parseImport(text));
      },
    )
    .option("--append", "--import: behind the rows of a table that exists, not in place of them")
    .optionsGroup("Calls and their record:")
    .option(
      "--connection <name>",
      "openai, offline (small models on this machine, no key needed) or a profile",
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
      "--ledger <file>",
      "record of calls (default: callsql/ledger.db in the state directory)",
      (file) => {
        gathered.ledger = file;
      },
    )
    .option("--no-ledger", "keep no record beyond this command")
    .option("--replay", "answer from the record alone; a call that is not in it is an error", () => {
      gathered.settings.push(replaySetting);
    })
    .option("--fresh", "run: start anew instead of going on with an interrupted run")
    .optionsGroup("Cost:")
    .option("--dry-run", "say what would be called and cost; nothing is sent, no change is kept")
    .option("--max-calls <n>", "stop before more calls than this are sent", (max) => {
      gathered.settings.push(`max_calls=${amountOf("--max-calls", max, "a whole number")}`);
    })
    // Kept by commander: for `serve token create` it is the token's.
    .option("--max-cost <usd>", "stop before more than this may be spent")
    .optionsGroup("Results:")
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
    .option("--csv-safe", "csv and tsv: put ' before text that a spreadsheet would take for a formula")
    .option("--with-statement", "add the statement's number as the first column")
    .optionsGroup("Progress and errors:")
    .option("--keep-going", "go on behind a statement that failed")
    .option("--quiet", "no progress, summary or warnings; errors still show")
    .option("--no-color", "no colours");
  return { commands: gathered.commands, read: () => optionsOf(program, gathered) };
}

function optionsOf(program: Command, gathered: Gathered): Options {
  const isSet = (name: string): boolean => program.getOptionValue(name) === true;
  const { parameters, settings, imports, format, isFormatGiven, database, connection, models, output } =
    gathered;
  const { mediaFolder, summary, behavior } = gathered;
  const { maxCost, procedures = [] } = program.opts<{ maxCost?: string; procedures?: readonly string[] }>();
  const ledger = program.getOptionValue("ledger") === false ? ":memory:" : gathered.ledger;
  return {
    parameters,
    settings:
      maxCost === undefined
        ? settings
        : [...settings, `max_cost=${amountOf("--max-cost", maxCost, "an amount in USD")}`],
    imports,
    procedureFiles: procedures,
    format: isFormatGiven || output === undefined ? format : (formatOfFile(output) ?? format),
    isFormatGiven,
    ...(behavior === undefined ? {} : { behavior }),
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
    isCsvSafe: isSet("csvSafe"),
    hasStatementNumbers: isSet("withStatement"),
    isKeepGoing: isSet("keepGoing"),
    isQuiet: isSet("quiet"),
    isColourWanted: isSet("color"),
    isReadonly: isSet("readonly"),
  };
}

/** What the repeatable options gather, in the order of the command line. */
interface Gathered {
  readonly commands: string[];
  readonly parameters: ParameterSource[];
  readonly settings: string[];
  readonly imports: ImportRequest[];
  format: FormatName;
  isFormatGiven: boolean;
  behavior?: Behavior;
  database?: string;
  connection?: string;
  models?: string;
  ledger?: string;
  output?: string;
  mediaFolder?: string;
  summary?: string;
}

/** Of an option that may be repeated. */
export function gather(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** The text, where it is what the session's option takes. Throws cli/bad-amount. */
function amountOf(option: string, text: string, kind: "a whole number" | "an amount in USD"): string {
  const amount = text.trim() === "" ? NaN : Number(text);
  const isRight = kind === "a whole number" ? Number.isSafeInteger(amount) : Number.isFinite(amount);
  return isRight && amount >= 0 ? text : fail("cli/bad-amount", { option, text, kind });
}
