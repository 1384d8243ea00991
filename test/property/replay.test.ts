/**
 * Random SELECTs with calls, against plain SQLite whose functions answer at once. The rows must be equal; the calls
 * bought must be exactly those SQLite needs, but for a statement that can stop early: there at most one window more.
 * Set CALLSQL_SEED and CALLSQL_RUNS to repeat or lengthen a run.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { openEcho, type Answers } from "../support/echo.ts";
import { Oracle } from "../support/oracle.ts";

const setup = [
  "CREATE TABLE t(id INTEGER PRIMARY KEY, body TEXT, k INTEGER)",
  "INSERT INTO t VALUES (1,'a',1), (2,'b',2), (3,'a',3), (4,NULL,1), (5,'c',2), (6,'d',3), (7,'yes',1)",
  "CREATE TABLE u(uid INTEGER PRIMARY KEY, tid INTEGER, v TEXT)",
  "INSERT INTO u VALUES (1,1,'x'), (2,1,'no'), (3,3,'y'), (4,5,NULL), (5,9,'z')",
  "CREATE VIEW w AS SELECT id, body, k, P(body) AS r FROM t",
];

/** Few different answers, so that conditions on them are met. */
const answers: Answers = (procedure, x) => {
  if (x === null) return procedure === "P" ? null : "no";
  let hash = procedure.charCodeAt(0);
  for (const character of String(x)) hash = (hash * 31 + character.charCodeAt(0)) % 1009;
  return ["yes", "no", "a", null][hash % 4] ?? null;
};

interface From {
  readonly text: string;
  readonly columns: readonly string[];
}

const literal = fc.constantFrom("'yes'", "'no'", "'a'", "'b'", "NULL", "1", "2");
const operator = fc.constantFrom("=", "<>", "IS", "IS NOT", "<");

function expression(columns: readonly string[], depth: number): fc.Arbitrary<string> {
  const column = fc.constantFrom(...columns);
  if (depth <= 0) return fc.oneof(column, literal);
  const inner = expression(columns, depth - 1);
  return fc.oneof(
    { weight: 3, arbitrary: column },
    { weight: 1, arbitrary: literal },
    { weight: 4, arbitrary: fc.tuple(fc.constantFrom("P", "Q"), inner).map(([name, x]) => `${name}(${x})`) },
    { weight: 1, arbitrary: fc.tuple(inner, literal).map(([x, y]) => `(${x} || ${y})`) },
    { weight: 1, arbitrary: fc.tuple(inner, literal).map(([x, y]) => `coalesce(${x}, ${y})`) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(condition(columns, depth - 1), inner, inner)
        .map(([when, x, y]) => `CASE WHEN ${when} THEN ${x} ELSE ${y} END`),
    },
    { weight: 1, arbitrary: inner.map((x) => `(SELECT R FROM S(${x}))`) },
    { weight: 1, arbitrary: condition(["v", "tid", ...columns], depth - 1).map((c) => `(SELECT count(*) FROM u WHERE ${c})`) },
  );
}

function condition(columns: readonly string[], depth: number): fc.Arbitrary<string> {
  const column = fc.constantFrom(...columns);
  const simple = fc.tuple(column, operator, literal).map(([x, op, y]) => `${x} ${op} ${y}`);
  if (depth <= 0) return simple;
  const part = condition(columns, depth - 1);
  return fc.oneof(
    simple,
    fc.tuple(expression(columns, depth), operator, literal).map(([x, op, y]) => `${x} ${op} ${y}`),
    fc.tuple(part, fc.constantFrom("AND", "OR"), part).map(([x, op, y]) => `(${x} ${op} ${y})`),
    part.map((x) => `NOT (${x})`),
    fc.tuple(fc.constantFrom("", "NOT "), part).map(([not, x]) => `${not}EXISTS (SELECT 1 FROM u WHERE uid < 4 AND ${x})`),
    fc.tuple(column, part).map(([x, c]) => `${x} IN (SELECT v FROM u WHERE ${c})`),
  );
}

const from: fc.Arbitrary<From> = fc.oneof(
  fc.constant({ text: "t", columns: ["id", "body", "k"] }),
  fc.constant({ text: "w", columns: ["id", "body", "k", "r"] }),
  condition(["id", "body", "v"], 1).map((on) => ({ text: `t JOIN u ON tid = id AND ${on}`, columns: ["id", "body", "v"] })),
  condition(["id", "body", "v"], 1).map((on) => ({ text: `t LEFT JOIN u ON tid = id AND ${on}`, columns: ["id", "body", "v"] })),
  expression(["id", "body", "k"], 1).map((x) => ({ text: `t, S(${x}) s`, columns: ["id", "body", "s.R"] })),
  condition(["body", "s.R"], 1).map((on) => ({ text: `t LEFT JOIN S(t.body) s ON ${on}`, columns: ["id", "body", "s.R"] })),
  condition(["a.r", "b.r", "a.id"], 0).map((on) => ({ text: `w a JOIN w b ON b.id = a.id + 1 AND ${on}`, columns: ["a.id", "a.r", "b.r"] })),
);

const select: fc.Arbitrary<string> = from.chain(({ text, columns }) => {
  const [key = "id"] = columns;
  return fc
    .record({
      first: expression(columns, 2),
      second: expression(columns, 1),
      where: fc.option(condition(columns, 2), { nil: undefined }),
      tail: fc.constantFrom("", "", "", ` ORDER BY ${key}`, ` ORDER BY 2, ${key}`, ` ORDER BY ${key} LIMIT 2`, " LIMIT 3"),
      distinct: fc.constantFrom("", "", "DISTINCT "),
    })
    .map(({ first, second, where, tail, distinct }) => {
      const filter = where === undefined ? "" : ` WHERE ${where}`;
      return `SELECT ${distinct}${key}, ${first} AS x, ${second} AS y FROM ${text}${filter}${tail}`;
    });
});

const query: fc.Arbitrary<string> = fc.oneof(
  { weight: 5, arbitrary: select },
  { weight: 1, arbitrary: fc.tuple(select, select).map(([a, b]) => `SELECT * FROM (${a}) UNION ALL SELECT * FROM (${b})`) },
  { weight: 1, arbitrary: fc.tuple(select, condition(["x", "y"], 1)).map(([a, c]) => `WITH c AS (${a}) SELECT x, Q(y) FROM c WHERE ${c}`) },
  { weight: 1, arbitrary: fc.tuple(select, condition(["x"], 0)).map(([a, c]) => `SELECT max(y), P(min(x)) FROM (${a}) WHERE ${c} GROUP BY x`) },
);

/** LIMIT and EXISTS, and what SQLite turns into them: IN, scalar subqueries, min() and max(). */
const stopsEarly = /LIMIT|EXISTS| IN \(|\(SELECT|min\(|max\(|DISTINCT/;

test("rows and calls are those of plain SQLite", { timeout: 240_000 }, async () => {
  const seed = process.env["CALLSQL_SEED"] === undefined ? {} : { seed: Number(process.env["CALLSQL_SEED"]) };
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(query, fc.integer({ min: 1, max: 20 }), async (sql, concurrency) => {
      const oracle = new Oracle(answers);
      const { session, asked, rows } = await openEcho(answers);
      try {
        for (const statement of setup) {
          oracle.run(statement);
          await session.execute(statement);
        }
        const expected = oracle.run(sql);
        fc.pre(expected.error === undefined);
        await session.execute(`SET concurrency = ${concurrency}`);
        expect(await rows(sql)).toEqual(expected.rows);
        expect(new Set(asked).size, "no call twice").toBe(asked.length);
        expect(expected.calls.filter((call) => !asked.includes(call)), "missing calls").toEqual([]);
        const extra = asked.filter((call) => !expected.calls.includes(call));
        if (stopsEarly.test(sql)) expect(extra.length, `beyond the window: ${extra.join()}`).toBeLessThanOrEqual(concurrency);
        else expect(extra, "made-up calls").toEqual([]);
        compared++;
      } finally {
        oracle.db.close();
        await session.close();
      }
    }),
    { numRuns: Number(process.env["CALLSQL_RUNS"] ?? 300), ...seed },
  );
  expect(compared).toBeGreaterThan(0);
});
