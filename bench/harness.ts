/**
 * What all benchmarks share. Machines are noisy, so nothing is compared across runs: the cases of one race take turns, the
 * best round of each counts, and what is published is ratios. A bench prints its table and leaves it in bench/results as
 * JSON, from which `npm run bench` writes docs/performance.md.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";

/** One line of the report: we divided by somebody else, in one run. */
export interface Finding {
  readonly what: string;
  /** What we are compared with, such as `node-sql-parser 5.4`. */
  readonly against: string;
  readonly ratio: number;
  /** Of the ratio; absent where the line only informs. */
  readonly goal?: { readonly atLeast: number } | { readonly atMost: number };
  /** The two numbers with their units. */
  readonly detail: string;
}

export type Case = () => unknown;

/** Nanoseconds a turn of each case: the best of the rounds, for noise only ever adds. */
export async function race<Name extends string>(
  cases: Readonly<Record<Name, Case>>,
  { rounds = 7, roundMs = 150 }: { readonly rounds?: number; readonly roundMs?: number } = {},
): Promise<Record<Name, number>> {
  const names = Object.keys(cases) as Name[];
  const best = Object.fromEntries(names.map((name) => [name, Infinity])) as Record<Name, number>;
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) best[name] = Math.min(best[name], await turnNs(cases[name], roundMs));
  }
  return best;
}

async function turnNs(run: Case, roundMs: number): Promise<number> {
  const startedAt = process.hrtime.bigint();
  const until = startedAt + BigInt(roundMs) * 1_000_000n;
  let turns = 0;
  let now = startedAt;
  // The clock is read once in a batch, so that it does not count where a turn takes a microsecond.
  for (let batch = 1; now < until; batch = Math.min(batch * 2, 256)) {
    for (let turn = 0; turn < batch; turn += 1) {
      const pending = run();
      if (pending instanceof Promise) await pending;
    }
    turns += batch;
    now = process.hrtime.bigint();
    if (Number(now - startedAt) / turns > 1_000_000) batch = 1;
  }
  return Number(now - startedAt) / turns;
}

/** How long the event loop is held, 99th percentile, milliseconds. */
export interface LoopDelay {
  /** By this thread's own computing between two ticks: what a bound can be put on. */
  readonly computedMs: number;
  /** As timers feel it, with what other processes take of the machine. */
  readonly feltMs: number;
}

/** Watches the event loop until what it gives back is called. */
export function watchEventLoop(): () => LoopDelay {
  const computed: number[] = [];
  let before = threadMs();
  const timer = setInterval(() => {
    const now = threadMs();
    computed.push(now - before);
    before = now;
  }, 5);
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  return () => {
    delay.disable();
    clearInterval(timer);
    const sorted = computed.toSorted((left, right) => left - right);
    const computedMs = sorted[Math.floor(sorted.length * 0.99)] ?? 0;
    return { computedMs, feltMs: delay.percentile(99) / 1e6 };
  };
}

/** Processor time of this thread. */
function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

export function isMet({ ratio, goal }: Finding): boolean | undefined {
  if (goal === undefined) return undefined;
  return "atLeast" in goal ? ratio >= goal.atLeast : ratio <= goal.atMost;
}

export function table(findings: readonly Finding[]): string {
  const rows = findings.map((finding) => {
    const met = isMet(finding);
    const sign = met === undefined ? "" : met ? " (reached)" : " (**not reached**)";
    return `| ${finding.what} | ${finding.against} | ${format(finding.ratio)} | ${goalText(finding)}${sign} | ${finding.detail} |`;
  });
  return ["| what | against | ratio | goal | measured |", "| --- | --- | --- | --- | --- |", ...rows].join(
    "\n",
  );
}

function goalText({ goal }: Finding): string {
  if (goal === undefined) return "";
  return "atLeast" in goal ? `at least ${goal.atLeast}` : `at most ${goal.atMost}`;
}

/** Three digits that count. */
export function format(number: number): string {
  return number >= 100 ? Math.round(number).toString() : Number(number.toPrecision(3)).toString();
}

export interface Report {
  readonly bench: string;
  readonly title: string;
  readonly node: string;
  readonly machine: string;
  readonly findings: readonly Finding[];
}

export const resultsFolder = join(import.meta.dirname, "results");

/** Prints the table, and keeps it for docs/performance.md. A goal that is not reached makes the exit code 1. */
export function publish(bench: string, title: string, findings: readonly Finding[]): void {
  const [processor] = cpus();
  const machine = `${cpus().length} cores, ${processor?.model ?? "unknown"}`;
  const report: Report = { bench, title, node: process.version, machine, findings };
  mkdirSync(resultsFolder, { recursive: true });
  writeFileSync(join(resultsFolder, `${bench}.json`), `${JSON.stringify(report, undefined, 2)}\n`);
  console.log(`${title}\n\n${table(findings)}\n`);
  if (findings.some((finding) => isMet(finding) === false)) process.exitCode = 1;
}
