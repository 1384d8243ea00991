/**
 * Which of the options of `callsql --help` a command heeds. Any other is refused: who gives `--max-cost` or `--readonly` to a
 * command that does not look at it believes something that is not so.
 */
import type { Command } from "commander";
import { fail } from "../index.ts";

const everywhere = ["quiet", "color"];
/** These say where things are, and an alias may hold them. They do no harm where nothing looks there. */
const ofPlaces = ["connection", "models", "procedures", "ledger"];
const ofResults = ["format", "output", "csvSafe"];

/** By the kind of an invocation. What is not named here is a session's work, for which all options are. */
const heededBy: Readonly<Record<string, readonly string[]>> = {
  procedures: ["procedures"],
  completion: [],
  offline: ofResults,
  detach: ofResults,
  models: [...ofResults, "connection", "models"],
  connect: [...ofResults, "connection"],
  runs: [...ofResults, "ledger"],
  serve: ["db", "connection", "models", "ledger", "set", "maxCalls", "maxCost", "replay", "readonly"],
  // An option of its own, too, and commander gives it to the outermost command.
  "serve-token": ["maxCost"],
};

/** Of `program`'s options those that say something to the command, as they are written; undefined: all. */
export function heededOptions(program: Command, kind: string): readonly string[] | undefined {
  const heeded = heededBy[kind];
  if (heeded === undefined) return undefined;
  const names = [...heeded, ...everywhere];
  const own = program.options.filter((option) => names.includes(option.attributeName()));
  return own.flatMap(({ long }) => long ?? []);
}

/** Throws cli/option-not-here. To be called when the command line has been parsed. */
export function checkHeeded(program: Command, kind: string): void {
  const heeded = heededBy[kind];
  if (heeded === undefined) return;
  const taken = [...heeded, ...everywhere, ...ofPlaces];
  const options = program.options.flatMap((option) => {
    const name = option.attributeName();
    const isGiven = program.getOptionValueSource(name) === "cli";
    return isGiven && !taken.includes(name) ? (option.long ?? []) : [];
  });
  if (options.length > 0) fail("cli/option-not-here", { command: kind.replace("-", " "), options });
}
