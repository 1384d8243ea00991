/**
 * Random statements with calls, against plain SQLite whose functions answer at once (against-oracle.ts). Set CALLSQL_SEED
 * and CALLSQL_RUNS (a seed) to repeat or lengthen a run; `npm run fuzz` goes on for as long as it is told.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { compareQuery, compareWrite } from "./against-oracle.ts";
import {
  circumstances,
  query,
  transaction,
  write,
  type Circumstances,
  type Transaction,
} from "./random-sql.ts";

const given = process.env["CALLSQL_SEED"];
const seeds = given === undefined ? [20_261_122, 1_224_943_081, -963_229_371, 397_069_811] : [Number(given)];
const numRuns = Number(process.env["CALLSQL_RUNS"] ?? 100);
const timeout = 1_800_000;

/** Statements that a call too many was bought for. */
const onceWrong: [Circumstances, string][] = [
  [
    alone(1),
    "SELECT id, coalesce(P('b'), 'yes') AS x FROM w WHERE EXISTS (SELECT 1 FROM u WHERE uid < 4 AND (r <> 'yes' OR id = 2)) ORDER BY id LIMIT 2",
  ],
  [
    alone(2),
    "SELECT a.id, P((SELECT count(*) FROM u WHERE v = 'yes')) AS x FROM w a JOIN w b ON b.id = a.id + 1 AND b.r = 'no' WHERE CASE WHEN a.r < 'yes' THEN Q('yes') ELSE b.r END < 'yes'",
  ],
  [alone(2), "SELECT min(id) FROM t WHERE P(body) IS NOT NULL"],
  [alone(4), "SELECT id FROM t WHERE P(id) < 'yes' INTERSECT SELECT tid FROM u WHERE tid < 3"],
  [alone(1), "SELECT id FROM t JOIN empty ON true WHERE 'no' IN (P(id), 'yes', Q('yes'))"],
];

function alone(concurrency: number): Circumstances {
  return { around: [], concurrency, bad: [] };
}

const onceWrongWrites: [Circumstances, Transaction, string][] = [
  [
    { around: ["PRAGMA reverse_unordered_selects = ON"], concurrency: 1, bad: [] },
    { trigger: undefined, begin: undefined, finish: undefined },
    "INSERT INTO o(a, b) SELECT 'k' || id, (SELECT group_concat(value) FROM json_each(json_array(P('no'), 'a', NULL))) FROM t WHERE true ON CONFLICT (b) DO UPDATE SET a = excluded.a, b = Q(o.b) WHERE P(excluded.a) <> 'yes' RETURNING a, P(b)",
  ],
];

test.each(seeds)("rows and calls are those of plain SQLite, seed %i", { timeout }, async (seed) => {
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(circumstances, query, async (under, sql) => {
      const outcome = await compareQuery(under, sql);
      fc.pre(outcome !== undefined);
      compared++;
    }),
    { seed, numRuns, examples: onceWrong },
  );
  expect(compared).toBeGreaterThan(0);
});

test.each(seeds)(
  "writes and their calls are those of plain SQLite, and a refused write changes nothing, seed %i",
  { timeout },
  async (seed) => {
    const seen = { same: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(circumstances, transaction, write, async (under, within, sql) => {
        seen[await compareWrite(under, within, sql)]++;
      }),
      { seed, numRuns, examples: onceWrongWrites },
    );
    expect(Math.min(seen.same, seen.refused)).toBeGreaterThan(0);
  },
);
