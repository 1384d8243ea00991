/** Random SELECTs and writes with calls, over small tables, with answers that their conditions are likely to meet. */
import fc from "fast-check";
import type { Answers } from "../support/echo.ts";

export const setup: readonly string[] = [
  "CREATE TABLE t(id INTEGER PRIMARY KEY, body TEXT, k INTEGER)",
  "INSERT INTO t VALUES (1,'a',1), (2,'b',2), (3,'a',3), (4,NULL,1), (5,'c',2), (6,'d',3), (7,'yes',1)",
  "CREATE TABLE u(uid INTEGER PRIMARY KEY, tid INTEGER, v TEXT)",
  "INSERT INTO u VALUES (1,1,'x'), (2,1,'no'), (3,3,'y'), (4,5,NULL), (5,9,'z')",
  "CREATE VIEW w AS SELECT id, body, k, P(body) AS r FROM t",
];

/** Who answers calls that name nobody, and who answers others. */
export const [near, far] = ["near", "far"];

/** Few different answers, so that conditions on them are met; those of `far` are its own. */
export const answers: Answers = (procedure, x, _, connection) => {
  if (x === null) return procedure === "P" ? null : "no";
  let hash = procedure.charCodeAt(0) + (connection === far ? 1 : 0);
  for (const character of String(x)) hash = (hash * 31 + character.charCodeAt(0)) % 1009;
  return ["yes", "no", "a", null][hash % 4] ?? null;
};

interface From {
  readonly text: string;
  readonly columns: readonly string[];
}

const columnsOfT = ["id", "body", "k"];

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
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.constantFrom("P", "Q"), inner, naming(columns, depth - 1))
        .map(([name, x, who]) => `${name}(${x}, Connection => ${who})`),
    },
    { weight: 1, arbitrary: fc.tuple(inner, literal).map(([x, y]) => `(${x} || ${y})`) },
    { weight: 1, arbitrary: fc.tuple(inner, literal).map(([x, y]) => `coalesce(${x}, ${y})`) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(condition(columns, depth - 1), inner, inner)
        .map(([when, x, y]) => `CASE WHEN ${when} THEN ${x} ELSE ${y} END`),
    },
    { weight: 1, arbitrary: inner.map((x) => `(SELECT R FROM S(${x}))`) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(
          fc.constantFrom("max", "min", "group_concat", "count"),
          fc.constantFrom("P(v)", "Q(v)", "n.R"),
          column,
        )
        .map(([f, x, c]) => `(SELECT ${f}(${x}) FROM u, S(v) n WHERE tid = ${c})`),
    },
    { weight: 1, arbitrary: fc.tuple(inner, literal).map(([x, y]) => `nullif(${x}, ${y})`) },
    {
      weight: 1,
      arbitrary: condition(["v", "tid", ...columns], depth - 1).map(
        (c) => `(SELECT count(*) FROM u WHERE ${c})`,
      ),
    },
  );
}

/** Who is to answer a call: by a constant, or by what the row says. */
function naming(columns: readonly string[], depth: number): fc.Arbitrary<string> {
  return fc.oneof(
    fc.constantFrom(`'${far}'`, `'${far}'`, `'${near}'`, "NULL"),
    condition(columns, depth).map((c) => `CASE WHEN ${c} THEN '${far}' END`),
    condition(columns, depth).map((c) => `iif(${c}, '${near}', '${far}')`),
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
    fc
      .tuple(fc.constantFrom("", "NOT "), part)
      .map(([not, x]) => `${not}EXISTS (SELECT 1 FROM u WHERE uid < 4 AND ${x})`),
    fc.tuple(column, part).map(([x, c]) => `${x} IN (SELECT v FROM u WHERE ${c})`),
    fc
      .tuple(
        expression(columns, depth - 1),
        fc.constantFrom("", "NOT "),
        fc.constantFrom("P(v)", "v", "Q(uid)"),
      )
      .map(([x, not, y]) => `${x} ${not}IN (SELECT ${y} FROM u)`),
    fc.tuple(expression(columns, depth - 1), literal).map(([x, y]) => `${x} BETWEEN ${y} AND 'z'`),
  );
}

const from: fc.Arbitrary<From> = fc.oneof(
  fc.constant({ text: "t", columns: ["id", "body", "k"] }),
  fc.constant({ text: "w", columns: ["id", "body", "k", "r"] }),
  condition(["id", "body", "v"], 1).map((on) => ({
    text: `t JOIN u ON tid = id AND ${on}`,
    columns: ["id", "body", "v"],
  })),
  condition(["id", "body", "v"], 1).map((on) => ({
    text: `t LEFT JOIN u ON tid = id AND ${on}`,
    columns: ["id", "body", "v"],
  })),
  expression(["id", "body", "k"], 1).map((x) => ({ text: `t, S(${x}) s`, columns: ["id", "body", "s.R"] })),
  naming(["id", "body", "k"], 1).map((who) => ({
    text: `t, S(t.body, Connection => ${who}) s`,
    columns: ["id", "body", "s.R"],
  })),
  condition(["body", "s.R"], 1).map((on) => ({
    text: `t LEFT JOIN S(t.body) s ON ${on}`,
    columns: ["id", "body", "s.R"],
  })),
  expression(["id", "body"], 1).map((x) => ({
    text: `t, S(${x}) s, S(s.R) z`,
    columns: ["id", "s.R", "z.R"],
  })),
  condition(["id", "body", "v"], 1).map((on) => ({
    text: `t FULL JOIN u ON tid = id AND ${on}`,
    columns: ["id", "body", "v"],
  })),
  expression(["value"], 1).map((x) => ({
    text: `json_each('["a","b","a",null,"yes"]') j, S(${x}) s`,
    columns: ["j.key", "j.value", "s.R"],
  })),
  condition(["body", "k"], 1).map((c) => ({
    text: `(SELECT body, count(*) AS n, min(id) AS id FROM t WHERE ${c} GROUP BY P(body))`,
    columns: ["id", "body", "n"],
  })),
  condition(["a.r", "b.r", "a.id"], 0).map((on) => ({
    text: `w a JOIN w b ON b.id = a.id + 1 AND ${on}`,
    columns: ["a.id", "a.r", "b.r"],
  })),
);

const select: fc.Arbitrary<string> = from.chain(({ text, columns }) => {
  const [key = "id"] = columns;
  return fc
    .record({
      first: expression(columns, 2),
      second: expression(columns, 1),
      where: fc.option(condition(columns, 2), { nil: undefined }),
      tail: fc.constantFrom(
        "",
        "",
        "",
        ` ORDER BY ${key}`,
        ` ORDER BY 2, ${key}`,
        ` ORDER BY ${key} LIMIT 2`,
        ` ORDER BY 3 DESC, ${key} LIMIT 2 OFFSET 1`,
        " LIMIT 3",
      ),
      distinct: fc.constantFrom("", "", "DISTINCT "),
    })
    .map(({ first, second, where, tail, distinct }) => {
      const filter = where === undefined ? "" : ` WHERE ${where}`;
      return `SELECT ${distinct}${key}, ${first} AS x, ${second} AS y FROM ${text}${filter}${tail}`;
    });
});

/** Functions over a window, whose frames and partitions may depend on answers. */
const windowed: fc.Arbitrary<string> = fc
  .record({
    f: fc.constantFrom(
      "row_number()",
      "count(*)",
      "lag(P(body))",
      "max(Q(body))",
      "first_value(P(k))",
      "sum(k)",
    ),
    partition: fc.constantFrom("", "PARTITION BY P(body) ", "PARTITION BY k "),
    order: fc.constantFrom("id", "Q(body), id", "k, id DESC"),
    where: condition(columnsOfT, 1),
  })
  .map(
    ({ f, partition, order, where }) =>
      `SELECT id, ${f} OVER (${partition}ORDER BY ${order}) AS x FROM t WHERE ${where} ORDER BY id`,
  );

/** Each row's call needs the answer of the row before. */
const recursive: fc.Arbitrary<string> = fc
  .record({
    start: literal,
    step: expression(["x", "n"], 1),
    go: condition(["x", "n"], 1),
    union: fc.constantFrom("UNION ALL", "UNION"),
    last: expression(["x", "n"], 1),
  })
  .map(
    ({ start, step, go, union, last }) =>
      `WITH RECURSIVE r(n, x) AS (SELECT 1, ${start} ${union} SELECT n + 1, ${step} FROM r WHERE n < 4 AND ${go}) SELECT n, x, ${last} FROM r`,
  );

export const query: fc.Arbitrary<string> = fc.oneof(
  { weight: 1, arbitrary: windowed },
  { weight: 1, arbitrary: recursive },
  {
    weight: 1,
    arbitrary: fc
      .tuple(select, fc.constantFrom("UNION", "INTERSECT", "EXCEPT"), select)
      .map(([a, op, b]) => `SELECT x FROM (${a}) ${op} SELECT y FROM (${b})`),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(select, fc.constantFrom("", "MATERIALIZED", "NOT MATERIALIZED"), condition(["c.x", "d.y"], 1))
      .map(([a, how, on]) => `WITH c AS ${how} (${a}) SELECT c.x, d.y FROM c JOIN c d ON ${on}`),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(select, condition(["x"], 0))
      .map(
        ([a, c]) =>
          `SELECT x, count(*), count(*) FILTER (WHERE P(y) = 'yes') FROM (${a}) GROUP BY x HAVING ${c} OR Q(max(y)) = 'no'`,
      ),
  },
  { weight: 5, arbitrary: select },
  {
    weight: 1,
    arbitrary: fc
      .tuple(select, select)
      .map(([a, b]) => `SELECT * FROM (${a}) UNION ALL SELECT * FROM (${b})`),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(select, condition(["x", "y"], 1))
      .map(([a, c]) => `WITH c AS (${a}) SELECT x, Q(y) FROM c WHERE ${c}`),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(select, condition(["x"], 0))
      .map(([a, c]) => `SELECT max(y), P(min(x)) FROM (${a}) WHERE ${c} GROUP BY x`),
  },
);

/** Writes, with constraints that a placeholder would break and triggers that call. */
export const targets: readonly string[] = [
  "CREATE TABLE o(a TEXT NOT NULL CHECK (a <> 'never'), b TEXT UNIQUE, n INTEGER DEFAULT 7)",
  "CREATE TABLE log(v TEXT)",
];
export const trigger = fc.constantFrom(
  undefined,
  "CREATE TRIGGER tr AFTER INSERT ON o BEGIN INSERT INTO log VALUES (S(new.a)); END",
  "CREATE TRIGGER tr AFTER INSERT ON o WHEN new.b IS NOT NULL BEGIN SELECT 1; INSERT INTO log SELECT R FROM S(new.a || (SELECT count(*) FROM log)); END",
  `CREATE TRIGGER tr AFTER INSERT ON o BEGIN INSERT INTO log VALUES (S(new.a, Connection => '${far}') || P(new.b)); END`,
  "CREATE TRIGGER tr BEFORE UPDATE ON t WHEN new.body = 'yes' BEGIN INSERT INTO log VALUES (S(old.id)); END",
);
const conflict = fc.constantFrom("", "", "OR IGNORE ", "OR REPLACE ", "OR FAIL ", "OR ROLLBACK ");

export const write: fc.Arbitrary<string> = fc.oneof(
  fc
    .tuple(conflict, from, fc.integer({ min: 1, max: 2 }), fc.constantFrom("", " RETURNING a, P(b)"))
    .chain(([or, { text, columns }, depth, returning]) =>
      fc
        .tuple(expression(columns, depth), expression(columns, 1), condition(columns, 1))
        .map(([a, b, c]) => `INSERT ${or}INTO o(a, b) SELECT ${a}, ${b} FROM ${text} WHERE ${c}${returning}`),
    ),
  fc
    .tuple(conflict, expression(columnsOfT, 2), condition(columnsOfT, 1))
    .map(([or, x, c]) => `UPDATE ${or}t SET body = ${x} WHERE ${c}`),
  expression(columnsOfT, 1).map(
    (x) => `UPDATE t SET body = P(coalesce((SELECT body FROM t b WHERE b.id = t.id - 1), ${x}))`,
  ),
  condition(columnsOfT, 2).map((c) => `DELETE FROM t WHERE ${c}`),
  fc
    .tuple(condition(columnsOfT, 1), fc.constantFrom("id", "id DESC", "P(body), id"))
    .map(([c, order]) => `DELETE FROM t WHERE ${c} ORDER BY ${order} LIMIT 2`),
  fc
    .tuple(expression(columnsOfT, 1), condition(columnsOfT, 1), fc.constantFrom("id", "k DESC, id"))
    .map(([x, c, order]) => `UPDATE t SET body = ${x} WHERE ${c} ORDER BY ${order} LIMIT 2`),
  condition(columnsOfT, 1).map((c) => `DELETE FROM t WHERE ${c} RETURNING id, P(body) AS x`),
  fc
    .tuple(expression(["t.id", "body", "v"], 1), condition(["body", "v"], 1))
    .map(([x, c]) => `UPDATE t SET body = ${x} FROM u WHERE tid = t.id AND ${c}`),
  fc
    .tuple(expression(columnsOfT, 1), condition(columnsOfT, 1))
    .map(([x, c]) => `UPDATE t SET body = ${x}, k = k + 1 WHERE ${c} RETURNING id, body, Q(body)`),
  fc
    .tuple(conflict, select)
    .map(([or, a]) => `WITH c AS (${a}) INSERT ${or}INTO o(a, b) SELECT coalesce(x, P(y)), y FROM c`),
  expression(columnsOfT, 1).map(
    (x) =>
      `INSERT INTO o(a, b) SELECT 'k', ${x} FROM t WHERE true ON CONFLICT(b) DO UPDATE SET a = P(o.a || excluded.a), n = n + 1`,
  ),
  expression(columnsOfT, 2).map((x) => `CREATE TABLE made AS SELECT id, ${x} AS x FROM t`),
);
