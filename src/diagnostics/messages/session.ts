/** Options, variables, files and statements of a session. */
import { didYouMean, list, quote, type MessageTable } from "./message.ts";

export const sessionMessages = {
  "session/old-node": (details: { version: string }) => ({
    message: `callsql needs Node 22.14, 23.6 or newer; this is ${details.version}`,
    hint: "https://nodejs.org; SQLite's module crashes in an older one",
  }),
  "session/unknown-option": (details: { option: string; suggestion?: string | undefined }) => ({
    message: `there is no option ${quote(details.option)}`,
    hint: didYouMean(details.suggestion, "SHOW OPTIONS lists them"),
  }),
  "session/bad-option-value": (details: { option: string; value: string; expected: string }) => ({
    message: `${quote(details.value)} is no value for ${details.option}: expected ${details.expected}`,
    hint: "SHOW OPTIONS says what each option does",
  }),
  "session/one-statement": (details: { found: number }) => ({
    message: details.found === 0 ? "no statement to run" : `expected one statement, found ${details.found}`,
    hint:
      details.found === 0
        ? "the text is empty or holds only comments"
        : "run them one by one: for (const s of session.parse(text).statements) …",
  }),
  "session/in-transaction": (_: object) => ({
    message: "a dry run cannot begin inside a transaction",
    hint: "end it first: a dry run takes back all it does",
  }),
  "session/bad-argument": (details: { argument: string; found: string; expected: string }) => ({
    message: `${details.argument} is ${details.found}, expected ${details.expected}`,
    hint: "docs/api.md says what each function takes",
  }),
  "session/closed": (_: object) => ({
    message: "the session is closed",
    hint: "open a new one with openSession()",
  }),
  "session/result-consumed": (_: object) => ({
    message: "the rows of this result have been read already",
    hint: "keep what .all() gave, or run the statement again",
  }),
  "session/variable-needs-one-value": (details: { name: string; columns: number }) => ({
    message: `SET :${details.name} takes one value, the expression gives ${details.columns}`,
  }),
  "session/nothing-to-retry": (details: { database: string }) => ({
    message: `no run on ${quote(details.database)} has a statement that failed or a call without an answer`,
    hint: "callsql runs lists all runs; RETRY FAILED OF names one",
  }),
  "session/retry-not-kept": (details: { run: number; calls: number }) => ({
    message: `run ${details.run} has ${details.calls === 1 ? "a call" : `${details.calls} calls`} without an answer of which no statement is kept: executeForEach, callAlone and the server do not keep theirs`,
    hint: "give the same rows again; with SET cache = 'on' what was answered is not bought again",
  }),
  "session/retry-other-database": (details: { run: number; database: string; open: string }) => ({
    message: `run ${details.run} worked on ${quote(details.database)}, this session is on ${quote(details.open)}`,
    hint: `callsql retry ${details.run} opens the right one`,
  }),
  "session/retry-lacks-values": (details: { run: number; text: string; names: readonly string[] }) => ({
    message: `the record of run ${details.run} holds only a hash of ${list(details.names)} for ${quote(details.text)}`,
    hint: "bytes and very long texts are not kept: bind them again, as for the statement itself",
  }),
  "session/retry-masked": (details: { run: number; text: string }) => ({
    message: `run ${details.run} cannot repeat ${quote(details.text)}: something in it looked like a key and was not recorded`,
    hint: "run the statement itself again",
  }),
  "session/retry-would-repeat": (details: { run: number; text: string }) => ({
    message: `run ${details.run} has written the rows of ${quote(details.text)}; run again, it would write them twice`,
    hint: "write an UPDATE of what is missing, or INSERT OR REPLACE so that the statement can be repeated",
  }),
  "session/unreadable-file": (details: { path: string; reason: string }) => ({
    message: `cannot read ${quote(details.path)}: ${details.reason}`,
    hint: "readfile() takes a path relative to the working directory",
  }),
  "session/unwritable-file": (details: { path: string; reason: string }) => ({
    message: `cannot write ${quote(details.path)}: ${details.reason}`,
  }),
  "session/import-other-columns": (details: {
    table: string;
    found: readonly string[];
    wanted: readonly string[];
  }) => ({
    message: `table ${quote(details.table)} exists with other columns than the import: ${list(details.found)}`,
    hint: "an import replaces the rows of a table with the same columns; drop the table, or import into another",
  }),
  "session/import-mismatch": (details: { row: number; expected: number; found: number }) => ({
    message: `row ${details.row} of the import has ${details.found} values, the table has ${details.expected} columns`,
    hint: "nothing of the import was kept",
  }),
  "session/bad-procedure": (details: {
    procedure: string;
    problem: keyof typeof procedureProblems;
    name: string;
  }) => ({
    message: `procedure ${quote(details.procedure)}: ${procedureProblems[details.problem](quote(details.name))}`,
    hint: "defineProcedure in docs/api.md shows a complete definition",
  }),
  "session/no-row": (details: { behavior: string }) => ({
    message: `the command gave no row for this input row, and ${details.behavior} needs one`,
    hint: "the behaviours FirstOrDefault and SingleOrDefault take NULLs instead",
  }),
  "session/several-rows": (details: { behavior: string }) => ({
    message: `the command gave several rows for this input row, and ${details.behavior} takes one`,
    hint: "the behaviour FirstOrDefault takes the first of them, Array all",
  }),
  "session/too-many-rows": (details: { max: number }) => ({
    message: `the command gave more than ${details.max} rows for this input row`,
    hint: "rowsMax sets how many the behaviour Array takes",
  }),
  "session/bad-input-row": (details: { found: string }) => ({
    message: `an input row is an object of columns by name, found ${details.found}`,
    hint: "csv-parse gives such rows with columns: true",
  }),
  "session/bad-for-each": (details: { option: string; found: string; expected: string }) => ({
    message: `executeForEach: ${details.option} is ${details.found}, expected ${details.expected}`,
  }),
  "session/key-in-text": (_: object) => ({
    message: "the SQL text holds what looks like an API key",
    hint: "callsql connect add keeps a key and gives it a name for --connection and SET connection; text that only looks like one is passed as a bind (:value)",
  }),
} satisfies MessageTable;

/** By what is wrong; `name` is quoted. */
const procedureProblems = {
  name: (name: string) => `${name} is no name in SQL: letters, digits and _`,
  taken: (name: string) => `two procedures are named ${name}`,
  sqlFunction: (name: string) => `${name} is a function of SQLite's`,
  shape: (name: string) => `${name} is no object`,
  notDefined: (_: string) => "it was not made by defineProcedure",
  endpoint: (name: string) => `there is no endpoint ${name}`,
  function: (name: string) => `${name} is no function`,
  parameterName: (name: string) => `parameter ${name} has no name in SQL: letters, digits and _`,
  parameterTwice: (name: string) => `two parameters or aliases are named ${name}`,
  parameterReserved: (name: string) => `parameter ${name} has the name of one that every call has`,
  parameterType: (name: string) =>
    `parameter ${name} has no type of text, integer, real, boolean, bytes, json`,
  tooManyParameters: (name: string) => `it has ${name} parameters, and 30 is the most`,
  default: (name: string) => `the default of parameter ${name} is a value it would refuse`,
  columnName: (name: string) => `column ${name} has no name in SQL: letters, digits and _`,
  columnTwice: (name: string) => `two columns are named ${name}; every parameter is a column, too`,
  columnType: (name: string) => `column ${name} has no type of text, integer, real, blob`,
  primary: (name: string) => `the primary column ${name} is none of its columns`,
  pack: (name: string) => `it packs by ${name}, which is none of its parameters`,
  overload: (name: string) => `it stands for ${name}, and there is no such procedure`,
};
