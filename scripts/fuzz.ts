/**
 * Random texts and statements for a given time: `npm run fuzz -- [--minutes 5] [--seed=N]`. Prints the seed of each round; a
 * round that fails prints the smallest example found and ends the run with 1. A round that crashes or hangs fails too: each
 * is a process of its own.
 */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import fc from "fast-check";
import { compareQuery, compareWrite } from "../test/property/against-oracle.ts";
import { circumstances, query, transaction, write } from "../test/property/random-sql.ts";
import { checkText, text } from "../test/property/texts.ts";

interface Round {
  readonly numRuns: number;
  readonly property: fc.IAsyncProperty<unknown[]> | fc.IProperty<unknown[]>;
}

/** No round takes a tenth of it. */
const roundMsMax = 300_000;

const rounds: Readonly<Record<string, Round>> = {
  texts: { numRuns: 3000, property: fc.property(text, checkText) },
  queries: {
    numRuns: 200,
    property: fc.asyncProperty(circumstances, query, async (under, sql) => {
      fc.pre((await compareQuery(under, sql)) !== undefined);
    }),
  },
  writes: {
    numRuns: 200,
    property: fc.asyncProperty(circumstances, transaction, write, async (under, within, sql) => {
      await compareWrite(under, within, sql);
    }),
  },
};

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "5" },
    seed: { type: "string", default: String(Date.now() | 0) },
    round: { type: "string" },
  },
});
const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
if (!(minutes > 0) || !Number.isInteger(seed)) throw new Error("--minutes above 0, --seed a whole number");
const round = values.round === undefined ? undefined : rounds[values.round];
if (round === undefined) fuzz();
else await runRound(round);

function fuzz(): void {
  const endAt = performance.now() + minutes * 60_000;
  let done = 0;
  for (let next = seed; performance.now() < endAt; next = (next + 1) | 0) {
    for (const name of Object.keys(rounds)) {
      console.log(`--round ${name} --seed=${next}`);
      const args = [...process.execArgv, import.meta.filename, "--round", name, `--seed=${next}`];
      const { status, signal } = spawnSync(process.execPath, args, { stdio: "inherit", timeout: roundMsMax });
      done++;
      if (status === 0) continue;
      console.error(
        signal === null ? "failed" : `did not end in ${roundMsMax / 1000} s, or crashed: ${signal}`,
      );
      process.exitCode = 1;
      return;
    }
  }
  console.log(`${done} rounds, none failed`);
}

async function runRound({ numRuns, property }: Round): Promise<void> {
  const found = await fc.check(property, { seed, numRuns });
  if (!found.failed) return;
  console.error(fc.defaultReportMessage(found));
  process.exitCode = 1;
}
