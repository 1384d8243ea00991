/** What a dot-command is: one entry of a table, from which .help, completion and the dispatch are derived. */
import type { Context } from "../context.ts";
import { known } from "../../known.ts";

export interface DotCommand {
  /** Without its dot. */
  readonly name: string;
  /** Other names, written whole: psql's among them. */
  readonly aliases?: readonly string[];
  /** As .help shows them: `FILE [TABLE]`. Nothing in brackets: required. */
  readonly arguments: string;
  readonly summary: string;
  /** What Tab offers at each argument; the last one goes on. */
  readonly completes?: readonly ArgumentKind[];
  /** The rest of the line is one argument, as written. */
  readonly isVerbatim?: boolean;
  /** False: something in it failed, and has been reported. */
  run(context: Context, words: readonly string[]): Promise<boolean | void>;
}

export type ArgumentKind =
  | "file"
  | "table"
  | "table-or-procedure"
  | "mode"
  | "connection"
  | "command"
  | "parameter"
  | "sql"
  | readonly string[];

/** Words as a shell splits them: quotes keep blanks, a backslash stays what it is. */
export function wordsOf(text: string): string[] {
  return Array.from(text.matchAll(/'((?:[^']|'')*)'?|"([^"]*)"?|(\S+)/g), ([, single, double, bare]) => {
    return known(single?.replaceAll("''", "'") ?? double ?? bare);
  });
}
