/**
 * `callsql run a.sql b.sql … --jobs N`: files side by side, each by a `callsql run` of its own: a process, session and run
 * identity a file, so that a file goes on after a crash as if it had been run alone. Results appear in the order of the files;
 * what the others say carries their name. Decision 0101.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { createReadStream } from "node:fs";
import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fail } from "../index.ts";
import type { Options } from "./options.ts";
import { separatorOf } from "./format/format.ts";
import { fileOutput, standardOutput, type Output } from "./output.ts";
import { count } from "./quantity.ts";
import type { Reporter } from "./reporter.ts";
import { listenForStop, type Stop } from "./stop.ts";
import type { Terminal } from "./terminal.ts";
import { known } from "./known.ts";

export interface Jobs {
  readonly files: readonly string[];
  readonly database: string | undefined;
  /** Files at work together, at most. */
  readonly jobs: number;
  readonly options: Options;
  readonly terminal: Terminal;
  readonly reporter: Reporter;
}

/** The exit code: the worst of the files'. */
export async function runJobs(jobs: Jobs): Promise<number> {
  const { options, terminal, files } = jobs;
  if (options.format === "parquet") fail("cli/one-result", { format: "parquet" });
  const output = await openOutput(jobs);
  const folder = await mkdtemp(join(tmpdir(), "callsql-jobs-"));
  const stop = listenForStop(terminal);
  const startedAt = terminal.now();
  let isWhole = false;
  try {
    const started = files.map((file, index) => ({ file, stem: join(folder, String(index)) }));
    const codes = await runAll(jobs, started, output, stop);
    const exitCode = stop.exitCode ?? worstOf(codes);
    isWhole = exitCode === 0 || exitCode === 5 || (options.isKeepGoing && stop.exitCode === undefined);
    if (options.summary !== undefined) {
      const seconds = Math.round(terminal.now() - startedAt) / 1000;
      await writeSummary(options.summary, started, { exitCode, seconds });
    }
    return exitCode;
  } finally {
    stop.release();
    await output.close(isWhole);
    await rm(folder, { recursive: true, force: true });
  }
}

interface Job {
  readonly file: string;
  /** Of the names of its files: results, summary. */
  readonly stem: string;
}

/** The exit codes of the files that ran. Without --keep-going no further file begins behind one that failed. */
async function runAll(jobs: Jobs, all: readonly Job[], output: Output, stop: Stop): Promise<number[]> {
  const codes: number[] = [];
  const waiting = [...all];
  const done = new Map<Job, PromiseWithResolvers<boolean>>(all.map((job) => [job, Promise.withResolvers()]));
  const work = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      const hasFailed = codes.some((code) => code !== 0 && code !== 5);
      const isWanted = stop.exitCode === undefined && (jobs.options.isKeepGoing || !hasFailed);
      if (isWanted) codes.push(await runFile(jobs, job, stop));
      done.get(job)?.resolve(isWanted);
    }
  };
  const written = writeInOrder(jobs, all, output, done);
  await Promise.all([written, ...Array.from({ length: Math.min(jobs.jobs, all.length) }, work)]);
  const left = all.length - codes.length;
  if (left > 0) await jobs.reporter.note("files-not-begun", { files: count(left, "file") });
  return codes;
}

async function writeInOrder(
  { options }: Jobs,
  all: readonly Job[],
  output: Output,
  done: ReadonlyMap<Job, PromiseWithResolvers<boolean>>,
): Promise<void> {
  let isWritten = false;
  for (const job of all) {
    if ((await done.get(job)?.promise) !== true) continue;
    let isBegun = false;
    for await (const piece of createReadStream(resultsOf(job))) {
      if (!isBegun && isWritten) await output.write(separatorOf(options.format));
      isBegun = true;
      await output.write(readChunk(piece));
    }
    isWritten ||= isBegun;
    await output.flush();
  }
}

async function runFile(
  { database, files, options, reporter, terminal }: Jobs,
  job: Job,
  stop: Stop,
): Promise<number> {
  const results = await open(resultsOf(job), "w", 0o600);
  try {
    const args = ["run", job.file, ...flagsOf(options, files.length), "--summary", summaryOf(job)];
    if (database !== undefined) args.push("--db", database);
    const child = spawn(process.execPath, [known(process.argv[1]), ...args], {
      // Over the channel the child hears of our end, whatever it was: see bin/callsql.js.
      stdio: ["ignore", results.fd, "pipe", "ipc"],
      env: { ...terminal.env, CALLSQL_LAUNCHER: String(process.pid) },
    });
    // Ctrl-C on a terminal has reached the child as well: it takes two in one moment for one.
    const forward = (): void => void child.kill(stop.exitCode === 130 ? "SIGINT" : "SIGTERM");
    stop.signal.addEventListener("abort", forward, { once: true });
    const said = tellLines(job, child, reporter);
    const code = await exitOf(child);
    stop.signal.removeEventListener("abort", forward);
    await said;
    return code;
  } finally {
    await results.close();
  }
}

async function tellLines({ file }: Job, { stderr }: ChildProcess, reporter: Reporter): Promise<void> {
  if (stderr === null) return;
  for await (const line of createInterface({ input: stderr })) await reporter.line(`${file} | ${line}`);
}

function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}

/** From none to the one that most wants somebody to look; a signal's is the worst. */
const byWeight = [0, 5, 3, 4, 1, 2, 6];

function worstOf(codes: readonly number[]): number {
  const weight = (code: number): number =>
    byWeight.includes(code) ? byWeight.indexOf(code) : byWeight.length;
  return codes.reduce((worst, code) => (weight(code) > weight(worst) ? code : worst), 0);
}

/** What the command line said, for a file alone. Caps are for all files: each gets its part. */
function flagsOf(options: Options, files: number): string[] {
  const switches = {
    "--fresh": options.isFresh,
    "--append": options.isAppending,
    "--dry-run": options.isDryRun,
    "--csv-safe": options.isCsvSafe,
    "--with-statement": options.hasStatementNumbers,
    "--keep-going": options.isKeepGoing,
    "--quiet": options.isQuiet,
    "--no-color": !options.isColourWanted,
    "--readonly": options.isReadonly,
    "--no-ledger": options.ledger === ":memory:",
  };
  const values: readonly (readonly [string, string | undefined])[] = [
    ["--connection", options.connection],
    ["--models", options.models],
    ["--ledger", options.ledger === ":memory:" ? undefined : options.ledger],
    ["--save-media", options.mediaFolder],
    ["--format", options.format],
    ...options.procedureFiles.map((file) => ["--procedures", file] as const),
    ...options.imports.map(({ table, file }) => ["--import", `${table}=${file}`] as const),
    ...options.settings.map((setting) => ["--set", shareOf(setting, files)] as const),
    ...options.parameters.map((source) =>
      source.kind === "file" ? (["--params", source.file] as const) : (["--param", source.text] as const),
    ),
  ];
  return [
    ...Object.entries(switches).flatMap(([flag, isSet]) => (isSet ? [flag] : [])),
    ...values.flatMap(([flag, value]) => (value === undefined ? [] : [flag, value])),
  ];
}

/** `max_cost=6` over three files: `max_cost=2`. What cannot be counted, or divided, is passed on as it is. */
function shareOf(setting: string, files: number): string {
  const [, name = "", value = ""] =
    /^\s*(max_calls|max_tokens|max_cost)\s*=\s*(\d+(?:\.\d*)?)\s*$/i.exec(setting) ?? [];
  if (name === "") return setting;
  const share = Number(value) / files;
  return `${name}=${name.toLowerCase() === "max_cost" ? share : Math.floor(share)}`;
}

async function writeSummary(
  path: string,
  jobs: readonly Job[],
  { exitCode, seconds }: { readonly exitCode: number; readonly seconds: number },
): Promise<void> {
  const files: Record<string, unknown> = {};
  const total: Record<string, number> = {};
  for (const job of jobs) {
    const summary = await readSummary(job);
    if (summary === undefined) continue;
    files[job.file] = summary;
    for (const [name, value] of Object.entries(summary)) total[name] = (total[name] ?? 0) + value;
  }
  const output = await fileOutput(path);
  const content = { ...total, exit_code: exitCode, seconds, files };
  await output.write(`${JSON.stringify(content, undefined, 2)}\n`);
  await output.close(true);
}

/** None of a file that was not begun, or did not come so far. */
async function readSummary(job: Job): Promise<Readonly<Record<string, number>> | undefined> {
  const text = await readFile(summaryOf(job), "utf8").catch(() => undefined);
  return text === undefined ? undefined : parseSummary(text);
}

function parseSummary(text: string): Readonly<Record<string, number>> {
  return JSON.parse(text) as Readonly<Record<string, number>>;
}

function resultsOf({ stem }: Job): string {
  return `${stem}.out`;
}

function summaryOf({ stem }: Job): string {
  return `${stem}.json`;
}

function openOutput({ options, terminal, reporter }: Jobs): Promise<Output> | Output {
  if (options.output !== undefined) return fileOutput(options.output);
  return standardOutput(terminal.stdout, () => reporter.progress.hide());
}

function readChunk(piece: unknown): Uint8Array {
  return piece as Uint8Array;
}
