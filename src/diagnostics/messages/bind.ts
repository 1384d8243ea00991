/** Names and arguments that do not fit the catalogue. */
import { didYouMean, list, quote, type MessageTable } from "./message.ts";

export const bindMessages = {
  "bind/unknown-procedure": (details: { procedure: string; suggestion?: string | undefined }) => ({
    message: `there is no procedure ${quote(details.procedure)}`,
    hint: didYouMean(details.suggestion, "SHOW PROCEDURES lists what can be called"),
  }),
  "bind/unknown-name": (details: { name: string; suggestion?: string | undefined }) => ({
    message: `there is no procedure, table or view ${quote(details.name)}`,
    hint: didYouMean(
      details.suggestion,
      "SHOW PROCEDURES lists what can be called, sys_ tables are in docs/system-tables.md",
    ),
  }),
  "bind/unknown-parameter": (details: {
    procedure: string;
    parameter: string;
    suggestion?: string | undefined;
  }) => ({
    message: `${details.procedure} has no parameter ${quote(details.parameter)}`,
    hint: didYouMean(details.suggestion, `DESCRIBE ${details.procedure} lists its parameters`),
  }),
  "bind/too-many-arguments": (details: { procedure: string; max: number; given: number }) => ({
    message: `${details.procedure} takes at most ${details.max} arguments by position, ${details.given} were given`,
    hint: `name the others with =>; DESCRIBE ${details.procedure} shows the order`,
  }),
  "bind/positional-after-named": (details: { procedure: string; named: string }) => ({
    message: `an argument by position follows the named argument ${quote(details.named)} of ${details.procedure}`,
    hint: "put the arguments by position first, or name this one with =>",
  }),
  "bind/duplicate-argument": (details: { procedure: string; parameter: string }) => ({
    message: `two arguments for ${quote(details.parameter)} of ${details.procedure}`,
    hint: "remove one of them, or name the other's parameter with =>",
  }),
  "bind/missing-parameter": (details: {
    procedure: string;
    parameters: readonly string[];
    /** What the first of them is; no full stop. */
    summary: string;
    moved: readonly string[];
  }) => ({
    message: `${details.procedure} needs ${list(details.parameters.map(quote))}`,
    hint: missingHint(details),
  }),
  "bind/missing-bind": (details: { names: readonly string[]; isConfined: boolean }) => ({
    message: `no value for ${list(details.names)}`,
    hint: details.isConfined
      ? 'give one in "parameters", or in each row of execute-each'
      : "give one with -p NAME=VALUE, in the binds of execute(), or with SET :NAME = …",
  }),
  "bind/unusable-bind-value": (details: { name: string; found: string }) => ({
    message: `the value of ${details.name} is ${details.found}, which SQLite cannot store`,
    hint: "use null, a number, a bigint, a string, a boolean, a Date or bytes",
  }),
} satisfies MessageTable;

function missingHint(details: {
  procedure: string;
  parameters: readonly string[];
  summary: string;
  moved: readonly string[];
}): string {
  const [first = ""] = details.parameters;
  const way = `give it as ${first} => … (${details.summary}), or once for the session with SET DEFAULT ${details.procedure}.${first} = …`;
  if (details.moved.length === 0) return way;
  return `${list(details.moved)} went to the parameter of its own name; ${way}`;
}
