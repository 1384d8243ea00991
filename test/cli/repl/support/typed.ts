/** A prompt whose keys are lines, with a session of its own: what it says, asks and ends with. */
import { parseCommandLine } from "../../../../src/cli/command-line.ts";
import type { InputSource } from "../../../../src/cli/repl/input.ts";
import { runRepl } from "../../../../src/cli/repl/repl.ts";
import { Reporter } from "../../../../src/cli/reporter.ts";
import { openSession, procedures } from "../../../../src/index.ts";
import { fakeTerminal } from "../../support/terminal.ts";

export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** What was asked, in order. */
  readonly asked: readonly string[];
}

/** Lines are typed one after the other; a question takes the next one. `folder` is the home. */
export async function typedIn(
  folder: string,
  lines: readonly string[],
  args: readonly string[] = [],
  more: Readonly<Record<string, string>> = {},
): Promise<Said> {
  const env = { HOME: folder, CALLSQL_HISTORY: "", EDITOR: "sed -i s/1/42/", ...more };
  const terminal = fakeTerminal({ isTTY: true, env });
  const invocation = parseCommandLine(["--no-ledger", "--no-color", ...args]);
  if (invocation.kind !== "query") throw new Error("not a prompt");
  const left = [...lines];
  const asked: string[] = [];
  const input: InputSource = {
    isAttended: true,
    rows: Infinity,
    columns: 80,
    readStatement: async (_, text) => {
      const line = text === "" ? left.shift() : text;
      return line === undefined ? { kind: "leave", exitCode: 0 } : { kind: "text", text: line };
    },
    ask: async (question) => {
      asked.push(question);
      return left.shift();
    },
    close: () => {},
  };
  const { options } = invocation;
  const reporter = new Reporter(terminal, options);
  const code = await runRepl({
    database: undefined,
    options,
    terminal,
    reporter,
    openSession,
    procedures,
    input,
  });
  return { code, out: terminal.out(), err: terminal.err(), asked };
}
