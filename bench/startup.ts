/**
 * Starting, against Node's own start: `node bench/startup.ts`, on a built dist. Each command is started in turns, and the
 * processor time of the process and its threads counts, for the clock of a busy machine says little.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { format, publish, type Finding } from "./harness.ts";

const rounds = 15;
const folder = mkdtempSync(join(tmpdir(), "callsql-bench-"));
const env = {
  ...process.env,
  XDG_STATE_HOME: folder,
  XDG_CONFIG_HOME: folder,
  NODE_COMPILE_CACHE: join(folder, "code"),
};
const bin = join(import.meta.dirname, "..", "bin", "callsql.js");
const commands = {
  "node -e 0": ["-e", "0"],
  'callsql -c "select 1"': [bin, "-c", "select 1"],
  "callsql --version": [bin, "--version"],
  "callsql --help": [bin, "--help"],
} as const;

/** Seconds of the clock, and of the processor. */
interface Spent {
  readonly clock: number;
  readonly cpu: number;
}

/** `time` of bash: what a child of ours used cannot be asked of Node. */
function start(args: readonly string[]): Spent {
  const script = 'TIMEFORMAT="%R %U %S"; time "$@" >/dev/null';
  const { stderr, status } = spawnSync("bash", ["-c", script, "bash", process.execPath, ...args], { env });
  if (status !== 0) throw new Error(stderr.toString());
  const [clock = NaN, user = NaN, system = NaN] = (stderr.toString().trim().split("\n").at(-1) ?? "")
    .split(" ")
    .map(Number);
  return { clock, cpu: user + system };
}

const best = new Map<string, Spent>();
for (let round = 0; round < rounds; round += 1) {
  for (const [name, args] of Object.entries(commands)) {
    const { clock, cpu } = start(args);
    const known = best.get(name) ?? { clock: Infinity, cpu: Infinity };
    best.set(name, { clock: Math.min(known.clock, clock), cpu: Math.min(known.cpu, cpu) });
  }
}
rmSync(folder, { recursive: true });

const goals: Readonly<Record<string, number>> = { 'callsql -c "select 1"': 2.2, "callsql --version": 1.2 };
const node = best.get("node -e 0") ?? { clock: NaN, cpu: NaN };
const findings = [...best].slice(1).map(([name, { clock, cpu }]): Finding => {
  const atMost = goals[name];
  return {
    what: `${name}, processor time`,
    against: "node -e 0",
    ratio: cpu / node.cpu,
    detail: `${format(cpu * 1000)} and ${format(node.cpu * 1000)} ms; by the clock ${format(clock * 1000)} and ${format(node.clock * 1000)} ms`,
    ...(atMost === undefined ? {} : { goal: { atMost } }),
  };
});
publish("startup", "Start-up", findings);
