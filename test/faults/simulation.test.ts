/**
 * Many histories of crashes and faults, each from a seed (reference reliability.md, F21): support/simulation.ts says what
 * must hold. One alone, again: CALLSQL_SEED=17 npx vitest run test/faults/simulation.test.ts
 */
import { expect, test } from "vitest";
import { simulate } from "./support/simulation.ts";
import { times } from "./support/soak.ts";

const replayed = process.env["CALLSQL_SEED"];
const seeds =
  replayed === undefined
    ? Array.from({ length: times(300, 5000) }, (_, index) => index + 1)
    : [Number(replayed)];

test(
  `${seeds.length} histories end with every answer, none lost and none bought twice`,
  { timeout: 600_000 },
  async () => {
    let crashes = 0;
    let unknown = 0;
    for (const seed of seeds) {
      const history = await simulate(seed).catch((error: unknown) => {
        const again = `CALLSQL_SEED=${seed} npx vitest run test/faults/simulation.test.ts`;
        throw new Error(`seed ${seed}: ${String(error)}; again: ${again}`, { cause: error });
      });
      crashes += history.crashes;
      unknown += history.unknown;
    }
    if (replayed !== undefined) return;
    // They are worth something: there is a crash in most, and most crashes find calls on their way.
    expect(crashes).toBeGreaterThan(seeds.length / 2);
    expect(unknown).toBeGreaterThan(crashes / 2);
  },
);

test("a seed is one history", async () => {
  expect(await simulate(17)).toEqual(await simulate(17));
});
