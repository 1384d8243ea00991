/** Command line, files and formats. */
import { didYouMean, list, quote, type MessageTable } from "./message.ts";

/** What hands know from sqlite3, psql and DuckDB, and what does it here. */
const insteadOf: Readonly<Record<string, string>> = {
  ".backup": "VACUUM INTO 'FILE' writes a copy of the database",
  ".bail": "a script stops at its first mistake; --keep-going goes on",
  ".cd": "file names are taken from where callsql was started",
  ".changes": "the line behind each statement says how many rows changed",
  ".dump": ".schema shows the CREATE statements, .mode insert TABLE writes rows as INSERT",
  ".echo": "statements are not repeated",
  ".header": "results have their header in every mode that knows one",
  ".headers": "results have their header in every mode that knows one",
  ".load": "extensions cannot be loaded; sqlite-vec is there",
  ".nullvalue": "SELECT ifnull(column, 'text')",
  ".print": "SELECT 'text'",
  ".separator": ".mode csv has commas, .mode tsv tabs",
  ".shell": "Ctrl-Z gives the shell back, fg returns",
  ".stats": ".cost says what was spent, .timer what a statement took",
  ".system": "Ctrl-Z gives the shell back, fg returns",
  ".width": "columns are as wide as their values; .mode line has no width",
  "\\!": "Ctrl-Z gives the shell back, fg returns",
  "\\c": ".open FILE",
  "\\connect": ".open FILE",
  "\\copy": ".import FILE [TABLE], or .once FILE before a query",
  "\\g": "a statement ends in ;",
  "\\gx": "\\x before the statement",
  "\\pset": ".mode MODE",
  "\\set": ".param set NAME VALUE",
};

export const cliMessages = {
  "cli/usage": (details: { problem: string }) => ({
    message: details.problem,
    hint: "callsql --help shows how it is used",
  }),
  "cli/unknown-option": (details: { option: string; suggestion?: string | undefined }) => ({
    message: `there is no option ${quote(details.option)}`,
    hint: didYouMean(details.suggestion, "callsql --help lists the options"),
  }),
  "cli/option-not-here": (details: { command: string; options: readonly string[] }) => ({
    message: `callsql ${details.command} takes no ${details.options.join(", no ")}`,
    hint: `callsql ${details.command} --help lists what it takes`,
  }),
  "cli/bad-amount": (details: { option: string; text: string; kind: string }) => ({
    message: `${quote(details.text)} is no value for ${details.option}: expected ${details.kind} from 0`,
    hint: "without the option there is no limit",
  }),
  "cli/unknown-command": (details: {
    command: string;
    commands: readonly string[];
    suggestion?: string | undefined;
  }) => ({
    message: `there is no command ${quote(details.command)}`,
    hint: didYouMean(
      details.suggestion,
      `commands are: ${details.commands.join(", ")}; SQL text goes behind -c`,
    ),
  }),
  "cli/open-transaction": (_: object) => ({
    message: "a transaction was left open: what was changed since its BEGIN is taken back",
    hint: "end it with COMMIT to keep them",
  }),
  "cli/unused-parameter": (details: { name: string; suggestion?: string | undefined }) => ({
    message: `no statement uses the parameter ${quote(details.name)}`,
    hint: didYouMean(details.suggestion, `it is bound as :${details.name}`),
  }),
  "cli/include-cycle": (details: { file: string; line: number; from: string }) => ({
    message: `${details.from}, line ${details.line}: .read of ${quote(details.file)}, which is being read already`,
    hint: "a script cannot include itself, nor one that includes it",
  }),
  "cli/include-depth": (details: { file: string; line: number; from: string; max: number }) => ({
    message: `${details.from}, line ${details.line}: .read of ${quote(details.file)} is nested deeper than ${details.max} files`,
    hint: "read the files one after the other",
  }),
  "cli/unknown-procedure": (details: { procedure: string; suggestion?: string | undefined }) => ({
    message: `there is no procedure ${quote(details.procedure)}`,
    hint: didYouMean(details.suggestion, "callsql procedures lists them"),
  }),
  "cli/unknown-shell": (details: {
    shell: string;
    shells: readonly string[];
    suggestion?: string | undefined;
  }) => ({
    message: `there is no completion for ${quote(details.shell)}`,
    hint: didYouMean(details.suggestion, `shells are: ${details.shells.join(", ")}`),
  }),
  "cli/unknown-format": (details: {
    format: string;
    formats: readonly string[];
    suggestion?: string | undefined;
  }) => ({
    message: `there is no format ${quote(details.format)}`,
    hint: didYouMean(details.suggestion, `formats are: ${details.formats.join(", ")}`),
  }),
  "cli/not-for-screen": (details: { format: string }) => ({
    message: `${details.format} is for files, not for the screen`,
    hint: "name a file: --output FILE, or .once FILE at the prompt",
  }),
  "cli/one-result": (details: { format: string }) => ({
    message: `a ${details.format} file holds one result`,
    hint: "write each result to a file of its own",
  }),
  "cli/parquet-type": (details: { column: string; row: number; found: string; kind: string }) => ({
    message: `row ${details.row} of column ${quote(details.column)} is ${details.found}, but the column is written as ${details.kind}`,
    hint: `a Parquet column has one type: SELECT CAST(${details.column} AS TEXT), or write .ndjson`,
  }),
  "cli/no-script": (_: object) => ({
    message: "no script to run",
    hint: "callsql run FILE.sql... [DB]; a last argument that does not end in .sql is the database",
  }),
  "cli/two-databases": (details: { databases: readonly string[] }) => ({
    message: `two databases: ${list(details.databases.map(quote))}`,
    hint: details.databases.some((name) => /\s|^\./.test(name))
      ? "SQL text and dot-commands go behind -c"
      : "name one; a further database can be had with ATTACH",
  }),
  "cli/not-with-dot-commands": (details: { option: string }) => ({
    message: `${details.option} does not go with dot-commands`,
    hint: "it is for SQL alone, which is read as a whole before any of it runs",
  }),
  "cli/dot-command-in-script": (details: { command: string; file: string; line: number }) => ({
    message: `${details.file}, line ${details.line}: ${quote(details.command)} is a command of the prompt`,
    hint: `run takes SQL and .read; callsql [DB] < ${details.file} takes dot-commands too`,
  }),
  "cli/unknown-dot-command": (details: {
    command: string;
    begun: readonly string[];
    suggestion?: string | undefined;
  }) => ({
    message: `there is no command ${quote(details.command)}`,
    hint:
      insteadOf[details.command.toLowerCase()] ??
      (details.begun.length > 1
        ? `so begin ${list(details.begun)}`
        : didYouMean(details.suggestion, ".help lists the commands")),
  }),
  "cli/dot-usage": (details: { command: string; arguments: string }) => ({
    message: `${details.command} is written differently`,
    hint: `${details.command} ${details.arguments}`.trim(),
  }),
  "cli/unknown-param": (details: { name: string; isVariable: boolean }) => ({
    message: `.param has not set ${quote(`:${details.name}`)}`,
    hint: details.isVariable
      ? `SET :${details.name} = NULL empties a variable`
      : ".param list shows what is set",
  }),
  "cli/bad-answer": (details: { name: string; problem: string }) => ({
    message: `the value of ${quote(details.name)} ${details.problem}`,
  }),
  "cli/interrupted": (_: object) => ({
    message: "interrupted",
  }),
  "cli/nothing-to-save": (_: object) => ({
    message: "the last result holds no BLOB",
    hint: "run a statement that gives an image or sound first",
  }),
  "cli/read-too-deep": (details: { file: string; depthMax: number }) => ({
    message: `${quote(details.file)} is not read: .read stands inside .read ${details.depthMax} times`,
    hint: "a file that reads itself never ends",
  }),
  "cli/editor-failed": (details: { editor: string; reason: string }) => ({
    message: `the editor ${quote(details.editor)} failed: ${details.reason}`,
    hint: "the editor is what VISUAL or EDITOR names",
  }),
  "cli/no-procedures": (details: { file: string }) => ({
    message: `${quote(details.file)} exports no procedure`,
    hint: 'export what defineProcedure gives: export const mine = defineProcedure({ … }), with import { defineProcedure } from "callsql"',
  }),
  "cli/procedures-not-loaded": (details: { file: string; reason: string }) => ({
    message: `${quote(details.file)} cannot be loaded: ${details.reason}`,
    hint: "--procedures takes a JavaScript module (.mjs, .js, or .ts without what needs compiling)",
  }),
  "cli/no-procedures-here": (details: { command: string }) => ({
    message: `${details.command} takes no procedures of your own`,
    hint: "it runs statements in processes of their own, which have what is shipped",
  }),
  "cli/not-an-assignment": (details: { option: string; text: string; form: string }) => ({
    message: `${quote(details.text)} is not what ${details.option} takes`,
    hint: `write ${details.option} ${details.form}`,
  }),
  "cli/bad-parameter": (details: { name: string; problem: string }) => ({
    message: `the value of ${quote(details.name)} ${details.problem}`,
    hint: "forms are NAME=text, NAME=42, NAME=@file (bytes) and NAME=json:…",
  }),
  "cli/bad-params-file": (details: { file: string; problem: string }) => ({
    message: `${quote(details.file)} ${details.problem}`,
    hint: "--params takes a .json file with one object, or a table (.csv, .tsv, .ndjson, .parquet): then the command runs for each row",
  }),
  "cli/params-two-files": (details: { files: readonly string[] }) => ({
    message: `two tables of parameters: ${list(details.files.map(quote))}`,
    hint: "the command runs for each row of one table; -p and a .json file give what is the same for all rows",
  }),
  "cli/params-one-statement": (details: { file: string; found: number }) => ({
    message: `the rows of ${quote(details.file)} are for one statement, found ${details.found}`,
    hint: "for a script, give the values with -p or a .json file, or --import the table and join it",
  }),
  "cli/params-lack": (details: {
    file: string;
    name: string;
    columns: readonly string[];
    suggestion?: string | undefined;
  }) => ({
    message: `${quote(details.file)} has no column for :${details.name}`,
    hint: didYouMean(
      details.suggestion,
      `columns are: ${details.columns.join(", ")}; -p gives a value that is the same for all rows`,
    ),
  }),
  "cli/params-row-failed": (details: {
    row: number;
    code: string;
    message: string;
    hint?: string | undefined;
  }) => ({
    message: `row ${details.row} failed: ${details.code}: ${details.message}`,
    hint: details.hint,
  }),
  "cli/unknown-behavior": (details: {
    text: string;
    behaviors: readonly string[];
    suggestion?: string | undefined;
  }) => ({
    message: `there is no behavior ${quote(details.text)}`,
    hint: didYouMean(details.suggestion, `behaviors are: ${details.behaviors.join(", ")}`),
  }),
  "cli/behavior-without-rows": (details: { behavior: string }) => ({
    message: `--behavior ${details.behavior} is for the rows of a table, and none was given`,
    hint: "--params FILE.csv (or .tsv, .ndjson, .parquet) runs the command for each row",
  }),
  "cli/params-not-here": (details: { file: string; place: string }) => ({
    message: `the rows of ${quote(details.file)} do not go with ${details.place}`,
    hint: "they are for one statement behind -c or in a file; --import makes a table of them",
  }),
  "cli/unreadable-file": (details: { file: string; reason: string }) => ({
    message: `cannot read ${quote(details.file)}: ${details.reason}`,
  }),
  "cli/unwritable-file": (details: { file: string; reason: string }) => ({
    message: `cannot write ${quote(details.file)}: ${details.reason}`,
  }),
  "cli/is-directory": (details: { file: string }) => ({
    message: `${quote(details.file)} is a directory`,
    hint: "name a file",
  }),
  "cli/invalid-utf8": (details: { file: string; offset: number; isUtf16: boolean }) => ({
    message: `${quote(details.file)} is not UTF-8: invalid byte at offset ${details.offset}`,
    hint: details.isUtf16
      ? "it looks like UTF-16; convert it to UTF-8 first"
      : "if it is Windows-1252, as old spreadsheets write: iconv -f WINDOWS-1252 -t UTF-8 FILE > NEWFILE",
  }),
  "cli/invalid-utf16": (details: { file: string }) => ({
    message: `${quote(details.file)} begins as UTF-16 and is not: half a character stands in it`,
    hint: "write it as UTF-8",
  }),
  "cli/import-format": (details: { file: string }) => ({
    message: `${quote(details.file)} is not a kind of file --import knows`,
    hint: "it reads .csv, .tsv, .json, .ndjson, .jsonl and .parquet",
  }),
  "cli/import-empty": (details: { file: string }) => ({
    message: `${quote(details.file)} has no header and no rows`,
    hint: "a table needs at least the names of its columns",
  }),
  "cli/import-duplicate-column": (details: { file: string; column: string }) => ({
    message: `${quote(details.file)} names the column ${quote(details.column)} twice`,
    hint: "rename one; SQLite does not tell apart names that differ only in case",
  }),
  "cli/csv-field-count": (details: { file: string; line: number; fields: number; expected: number }) => ({
    message: `${details.file}:${details.line}: ${details.fields} fields, but the header has ${details.expected}`,
    hint: "a field that contains the separator or a line break must be quoted",
  }),
  "cli/more-bad-lines": (details: { file: string; lines: number }) => ({
    message: `${quote(details.file)} has ${details.lines} more such lines`,
    hint: "nothing was imported",
  }),
  "cli/parquet-malformed": (details: { file: string; reason: string }) => ({
    message: `${quote(details.file)} cannot be read as Parquet: ${details.reason}`,
  }),
  "cli/csv-open-quote": (details: { file: string; line: number }) => ({
    message: `${details.file}:${details.line}: a quoted field is never closed`,
    hint: `a quote inside a quoted field is doubled: "a ""quoted"" word"`,
  }),
  "cli/csv-stray-quote": (details: { file: string; line: number }) => ({
    message: `${details.file}:${details.line}: a quote stands inside a field`,
    hint: `quote the whole field and double the quotes in it: "a ""quoted"" word"`,
  }),
  "cli/json-malformed": (details: { file: string; line?: number | undefined; reason: string }) => ({
    message: `${details.line === undefined ? quote(details.file) : `${details.file}:${details.line}`} is not JSON: ${details.reason}`,
  }),
  "cli/json-shape": (details: { file: string; line?: number | undefined; found: string }) => ({
    message: `${details.line === undefined ? quote(details.file) : `${details.file}:${details.line}`} holds ${details.found} where an object belongs`,
    hint: `--import reads [{"column": value}, …] from .json and one object a line from .ndjson`,
  }),
  "cli/json-too-large": (details: { file: string; megabytesMax: number }) => ({
    message: `${quote(details.file)} is larger than ${details.megabytesMax} MB`,
    hint: "write it as .ndjson, one object a line: that is read row by row",
  }),
} satisfies MessageTable;
