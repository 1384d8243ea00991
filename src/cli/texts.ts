/** The SQL texts of one invocation, in order, each with the name that diagnostics give it. */
import { textOf } from "./file.ts";
import type { Terminal } from "./terminal.ts";

export interface Text {
  /** A file's path, `stdin`, or `command` (`command 2` where several were given). */
  readonly name: string;
  readonly text: string;
}

export interface TextsAndDatabase {
  readonly texts: readonly Text[];
  readonly database?: string;
  /** `callsql run`: its run has an identity, and goes on after a crash. */
  readonly isScript?: boolean;
}

/** Quick, and sometimes wrong: a line of a string may look like a command too. */
export function mayHoldDotCommands(texts: readonly Text[]): boolean {
  return texts.some(({ text }) => /^\s*(?:[.\\][A-Za-z?]|(?:exit|quit|help)\s*;?\s*$)/im.test(text));
}

export async function readStdin(terminal: Terminal): Promise<Text> {
  return { name: "stdin", text: await textOf("stdin", terminal.stdin.read()) };
}

export function withDatabase(texts: readonly Text[], database: string | undefined): TextsAndDatabase {
  return database === undefined ? { texts } : { texts, database };
}
