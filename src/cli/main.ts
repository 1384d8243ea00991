/**
 * The command line's one entry: arguments in, exit code out. Imports only the public API of callsql, and so
 * proves that it suffices.
 */
import { DiagnosticError, exitCodeOf, fail, holdsKey, openSession, procedures } from "../index.ts";
import { runBatch, type Surroundings } from "./batch.ts";
import { parseCommandLine, type Invocation } from "./command-line.ts";
import { runCompletion } from "./commands/completion.ts";
import { runModels } from "./commands/models.ts";
import { proceduresText } from "./commands/procedures.ts";
import { asksForPrompt, textsOfQuery } from "./commands/query.ts";
import { runDetach } from "./commands/detach.ts";
import { runOffline } from "./commands/offline.ts";
import { runRetry } from "./commands/retry.ts";
import { runRuns } from "./commands/runs.ts";
import { runServe, runServeToken } from "./commands/serve.ts";
import { runFiles } from "./commands/run.ts";
import { Reporter } from "./reporter.ts";
import { ClosedPipe, processTerminal, type Terminal } from "./terminal.ts";
import { mayHoldDotCommands, withDatabase } from "./texts.ts";

/** What of the library the commands use; tests give their own. */
export interface Library {
  readonly openSession: typeof openSession;
  readonly procedures: typeof procedures;
}

const shippedLibrary: Library = {
  openSession,
  get procedures() {
    return procedures;
  },
};

/** Called by bin/callsql.js. Sets the exit code and lets the process end by itself, so that output drains. */
export async function start(): Promise<void> {
  keepReportsClean();
  process.exitCode = await main(process.argv.slice(2), processTerminal());
}

/** A report that Node writes of a crash, where one asks for reports, would hold the environment, and so the key. */
function keepReportsClean(): void {
  // Since Node 22.13.
  if ("excludeEnv" in process.report) process.report.excludeEnv = true;
}

export async function main(
  args: readonly string[],
  terminal: Terminal,
  library: Library = shippedLibrary,
): Promise<number> {
  let reporter = new Reporter(terminal, { isQuiet: false, isColourWanted: !args.includes("--no-color") });
  try {
    if (args.some(holdsKey)) fail("connect/key-in-arguments", {});
    const invocation = parseCommandLine(args);
    if (invocation.kind !== "text") reporter = new Reporter(terminal, invocation.options);
    const own = await withOwnProcedures(library, invocation);
    return await execute(invocation, { terminal, reporter, openSession: own.openSession }, own);
  } catch (error) {
    if (error instanceof ClosedPipe) return 0;
    await reporter.error(error);
    return error instanceof DiagnosticError ? exitCodeOf(error) : 1;
  }
}

/** Every session and every listing has the procedures that `--procedures` names. */
async function withOwnProcedures(library: Library, invocation: Invocation): Promise<Library> {
  const procedureFiles = invocation.kind === "text" ? [] : invocation.options.procedureFiles;
  if (procedureFiles.length === 0) return library;
  if (invocation.kind === "serve-token") return library;
  if (invocation.kind === "serve") fail("cli/no-procedures-here", { command: "serve" });
  const { loadProcedures } = await import("./own-procedures.ts");
  const own = await loadProcedures(procedureFiles);
  return {
    openSession: (options) => library.openSession({ ...options, procedures: own }),
    procedures: [...library.procedures, ...own],
  };
}

async function execute(
  invocation: Invocation,
  surroundings: Surroundings,
  library: Library,
): Promise<number> {
  const { terminal } = surroundings;
  switch (invocation.kind) {
    case "query": {
      const { texts, database } = await textsOfQuery(invocation, terminal);
      const { options } = invocation;
      // Batches start faster without the prompt, and without the procedures.
      const request = () => ({ ...surroundings, database, options, procedures: library.procedures });
      if (asksForPrompt(invocation, terminal)) return (await import("./repl/repl.ts")).runRepl(request());
      if (mayHoldDotCommands(texts)) {
        const { hasDotCommands, runCommandScript } = await import("./repl/script.ts");
        if (hasDotCommands(texts)) return runCommandScript(request(), texts);
      }
      return runBatch(withDatabase(texts, database), options, surroundings);
    }
    case "run":
      return runFiles(invocation, surroundings);
    case "procedures":
      await terminal.stdout.write(proceduresText(library.procedures, invocation));
      return 0;
    case "models":
      return runModels(invocation, surroundings);
    case "detach":
      return runDetach(invocation, surroundings);
    case "offline":
      return runOffline(invocation, surroundings);
    case "retry":
      return runRetry(invocation, surroundings);
    case "runs":
      return runRuns(invocation, surroundings);
    case "completion":
      return runCompletion(invocation.shell, surroundings, library.procedures);
    case "serve":
      return runServe(invocation, surroundings);
    case "serve-token":
      return runServeToken(invocation.request, surroundings);
    case "connect": {
      const { runConnect } = await import("./commands/connect.ts");
      return runConnect(invocation, surroundings);
    }
    case "text":
      await terminal[invocation.isMistake ? "stderr" : "stdout"].write(invocation.text);
      return invocation.isMistake ? 2 : 0;
  }
}
