/** man/callsql.1, from the command table that --help prints. Macros of man(7) only, so that any reader shows it. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { commandLineTable } from "../src/cli/command-line.ts";
import type { CommandEntry, OptionEntry } from "../src/cli/command-table.ts";
import { examples, exitCodes } from "../src/cli/help.ts";

export const manPageFile = path.resolve(import.meta.dirname, "../man/callsql.1");

/** The day the words of this file were last changed. */
const date = "2026-11-22";

const environment: readonly (readonly [string, string])[] = [
  ["OPENAI_API_KEY, OPENAI_BASE_URL, OPENAI_ORG_ID, OPENAI_PROJECT_ID", "the connection openai"],
  ["NO_COLOR, FORCE_COLOR", "no colours; colours where there is no terminal"],
  ["XDG_CONFIG_HOME, XDG_STATE_HOME, XDG_CACHE_HOME", "where FILES are, if absolute"],
  ["VISUAL, EDITOR", "the editor of the prompt's .edit"],
];

const files: readonly (readonly [string, string])[] = [
  ["~/.config/callsql/models.json", "models and prices of your own"],
  ["~/.local/state/callsql/ledger.db", "the record of calls: answers, costs, runs"],
];

export function renderManPage(): string {
  const [program, ...commands] = commandLineTable();
  if (program === undefined) throw new Error("the command line has no program");
  const about = readFileSync(path.resolve(import.meta.dirname, "../package.json"), "utf8");
  const { version } = JSON.parse(about) as { version: string };
  const usage = [program, ...commands].map(({ name, arguments: given }) =>
    ["callsql", name, "[options]", given].filter((word) => word !== "").join(" "),
  );
  return [
    `.\\" Generated from the command table: npm run generate`,
    `.TH CALLSQL 1 ${date} "callsql ${version}" "User Commands"`,
    `.SH NAME\ncallsql \\- ${escaped(program.summary.replace(/\.$/, ""))}`,
    `.SH SYNOPSIS\n.nf\n${usage.map(escaped).join("\n")}\n.fi`,
    `.SH DESCRIPTION\n${description.map(escaped).join("\n.PP\n")}`,
    `.SH OPTIONS\n${program.options.map(optionText).join("\n")}`,
    `.SH COMMANDS\n${commands.map(commandText).join("\n")}`,
    `.SH EXIT STATUS\n${statuses()}`,
    `.SH ENVIRONMENT\n${environment.map(entry).join("\n")}`,
    `.SH FILES\n${files.map(entry).join("\n")}`,
    `.SH EXAMPLES\n.nf\n${escaped(examples.replace(/^Examples:\n/, "").trimEnd())}\n.fi`,
    ".SH SEE ALSO\n.BR sqlite3 (1)",
    "",
  ].join("\n");
}

const description = [
  "Runs SQL on a local SQLite database; anywhere a query, a table or a value may stand, a call of an AI model may stand. Without -c and on a terminal it opens a prompt.",
  "Results go to standard output; progress, warnings, errors and the cost go to standard error. Answers are recorded: what was bought once is not bought again.",
];

function commandText({ name, arguments: given, summary, options }: CommandEntry): string {
  const head = [`callsql ${name}`, given].filter((word) => word !== "").join(" ");
  return [`.SS ${escaped(head)}`, escaped(summary), ...options.map(optionText)].join("\n");
}

function optionText({ short, long, value, summary }: OptionEntry): string {
  const flags = [short, long].flatMap((flag) => (flag === undefined ? [] : [`\\fB${escaped(flag)}\\fR`]));
  const argument = value === undefined ? "" : ` \\fI${escaped(value)}\\fR`;
  return `.TP\n${flags.join(", ")}${argument}\n${escaped(summary)}`;
}

/** `0 all good    1 a statement failed`: as --help has them. */
function statuses(): string {
  const found = [...exitCodes.matchAll(/(\d+) (\D+?)(?= {2,}|\n)/g)];
  return found.map(([, code = "", meaning = ""]) => entry([code, meaning])).join("\n");
}

function entry([name, text]: readonly [string, string]): string {
  return `.TP\n\\fB${escaped(name)}\\fR\n${escaped(text)}`;
}

/** Backslashes, hyphens that stand for themselves, and a dot or quote that would begin a request. */
function escaped(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(/^([.'])/gm, "\\&$1")
    .replaceAll("…", "...")
    .replaceAll("×", "x");
}
