/** Random SELECTs and writes with calls, over small tables, with answers that their conditions are likely to meet. */
import fc from "fast-check";
import type { SqlValue } from "../../src/catalog/value.ts";
import type { Answers } from "../support/echo.ts";

export const setup: readonly string[] = [
  "CREATE TABLE t(id INTEGER PRIMARY KEY, body TEXT, k INTEGER)",
  "INSERT INTO t VALUES (1,'a',1), (2,'b',2), (3,'a',3), (4,NULL,1), (5,'c',2), (6,'d',3), (7,'yes',1)",
  "CREATE TABLE u(uid INTEGER PRIMARY KEY, tid INTEGER, v TEXT)",
  "INSERT INTO u VALUES (1,1,'x'), (2,1,'no'), (3,3,'y'), (4,5,NULL), (5,9,'z')",
  "CREATE TABLE empty(e TEXT)",
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

/** Values at the edges of their types; the echo reads integers as doubles, so none beyond 2^53. */
const odd = fc.constantFrom(
  "P(x'00ff')",
  "P('')",
  "P(9007199254740991)",
  "P(1.5)",
  "P('é' || char(0) || 'b')",
  "Q(NULL, 'y')",
);

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
      arbitrary: fc
        .tuple(condition(columns, depth - 1), inner, inner)
        .map(([when, x, y]) => `iif(${when}, P(${x}), Q(${y}))`),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(inner, fc.constantFrom("AND", "OR", "IS", "||"), inner)
        .map(([x, op, y]) => `(P(${x}) ${op} Q(${y}))`),
    },
    { weight: 1, arbitrary: fc.tuple(inner, inner).map(([x, y]) => `P(${x}, ${y})`) },
    { weight: 1, arbitrary: column.map((c) => `P(Q(P(${c})))`) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(column, fc.constantFrom("", " DESC"), fc.integer({ min: 1, max: 2 }))
        .map(([c, way, n]) => `(SELECT P(v) FROM u WHERE tid >= ${c} ORDER BY Q(v)${way}, uid LIMIT ${n})`),
    },
    {
      weight: 1,
      arbitrary: inner.map(
        (x) => `(SELECT group_concat(value) FROM json_each(json_array(P(${x}), 'a', NULL)))`,
      ),
    },
    { weight: 1, arbitrary: odd },
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
    fc
      .tuple(expression(columns, depth - 1), fc.constantFrom("", "NOT "), column, literal)
      .map(([x, not, c, y]) => `${x} ${not}IN (P(${c}), ${y}, Q(${y}))`),
    fc
      .tuple(column, expression(columns, depth - 1), fc.constantFrom("=", "<", "IS"))
      .map(([c, x, op]) => `(P(${c}), ${x}) ${op} (Q(${c}), 'a')`),
    fc
      .tuple(expression(columns, depth - 1), fc.constantFrom("", "NOT "))
      .map(([x, not]) => `P(${x}) ${not}LIKE '%a%'`),
    fc
      .tuple(column, expression(["n.R", ...columns], depth - 1), operator, literal)
      .map(([c, x, op, y]) => `EXISTS (SELECT 1 FROM S(${c}) n WHERE ${x} ${op} ${y})`),
    fc.tuple(column, expression(columns, depth - 1)).map(([c, x]) => `${c} IN (SELECT R FROM S(${x}))`),
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
  condition(["id", "body", "v"], 1).map((on) => ({
    text: `u RIGHT JOIN t ON tid = id AND ${on}`,
    columns: ["id", "body", "v"],
  })),
  fc.constantFrom("", "LEFT ", "FULL ").map((how) => ({
    text: `(SELECT id, P(body) AS r FROM t) NATURAL ${how}JOIN (SELECT tid AS id, Q(v) AS s FROM u)`,
    columns: ["id", "r", "s"],
  })),
  fc.constantFrom("=", "<>", "IS").map((op) => ({
    text: `t JOIN u ON P(body) ${op} Q(v)`,
    columns: ["id", "body", "v"],
  })),
  expression(["t.body", "u.v"], 1).map((x) => ({
    text: `t JOIN u ON tid >= id, S(${x}) s`,
    columns: ["id", "u.v", "s.R"],
  })),
  expression(["body", "k"], 1).map((x) => ({
    text: `t, json_each(json_array(${x}, P(k))) j, S(j.value) s`,
    columns: ["id", "j.value", "s.R"],
  })),
  fc.constant({
    text: "(SELECT id, body, k FROM t ORDER BY Q(body) DESC NULLS LAST, id LIMIT 4 OFFSET 1)",
    columns: ["id", "body", "k"],
  }),
  condition(["body", "k"], 1).map((c) => ({
    text: `(SELECT id, body, k FROM t WHERE ${c} UNION ALL SELECT uid, v, P(v) FROM u) m`,
    columns: ["id", "body", "k"],
  })),
  fc.constant({ text: "t JOIN empty ON true", columns: ["id", "body", "k"] }),
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
        ` ORDER BY 2 COLLATE NOCASE DESC NULLS LAST, 3 NULLS LAST, ${key}`,
        ` ORDER BY P(${key}), ${key} LIMIT 3`,
        ` ORDER BY ${key} LIMIT (SELECT length(P('b'))) OFFSET length(Q(1)) - 2`,
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
      "count(*) FILTER (WHERE P(body) = 'yes')",
      "group_concat(P(body), '/')",
      "nth_value(Q(k), 2)",
      "dense_rank()",
      "lead(body, 1, P('none'))",
    ),
    frame: fc.constantFrom(
      "",
      "",
      " ROWS BETWEEN 1 PRECEDING AND CURRENT ROW",
      " GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 FOLLOWING EXCLUDE TIES",
      " ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW",
    ),
    partition: fc.constantFrom("", "PARTITION BY P(body) ", "PARTITION BY k "),
    order: fc.constantFrom("id", "Q(body), id", "k, id DESC"),
    where: condition(columnsOfT, 1),
  })
  .map(
    ({ f, frame, partition, order, where }) =>
      `SELECT id, ${f} OVER (${partition}ORDER BY ${order}${frame}) AS x FROM t WHERE ${where} ORDER BY id`,
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

/** It goes on for as long as answers let it. */
const untilAnswered: fc.Arbitrary<string> = fc
  .record({
    start: literal,
    step: fc.constantFrom(
      "P(x)",
      "Q(x || n)",
      "coalesce(P(x), n)",
      "(SELECT max(P(v)) FROM u WHERE uid <= n)",
    ),
    go: fc.constantFrom(
      "P(x) <> 'yes'",
      "Q(n) IS NOT NULL",
      "NOT EXISTS (SELECT 1 FROM S(x) s WHERE s.R = 'a')",
    ),
    tail: fc.constantFrom("", " LIMIT 4", " ORDER BY 1 DESC"),
  })
  .map(
    ({ start, step, go, tail }) =>
      `WITH RECURSIVE r(n, x) AS (SELECT 1, ${start} UNION ALL SELECT n + 1, ${step} FROM r WHERE ${go} AND n < 9${tail}) SELECT n, x, P(x) FROM r`,
  );

/** Calls of aggregates, and aggregates of calls. */
const grouped: fc.Arbitrary<string> = fc
  .record({
    key: fc.constantFrom("k", "P(body)", "Q(k)", "P(body) || k"),
    value: fc.constantFrom(
      "P(count(*))",
      "Q(max(body))",
      "count(DISTINCT P(body))",
      "group_concat(P(body), ',' ORDER BY Q(id) DESC NULLS LAST, id)",
      "max(P(body)) FILTER (WHERE Q(k) <> 'no')",
      "json_group_array(Q(id))",
      "P(min(P(id)))",
      "rank() OVER (ORDER BY P(count(*)))",
    ),
    having: fc.constantFrom(
      "true",
      "P(count(*)) = 'yes'",
      "Q(sum(1)) IS NOT NULL",
      "P(max(body)) <> 'no'",
      "count(*) > 1 AND P(min(id)) <> 'a'",
      "P(count(*) FILTER (WHERE body IS NOT NULL)) IS NOT 'a'",
      "max(P(body)) > min(Q(body))",
      "EXISTS (SELECT 1 FROM u WHERE tid >= min(t.id) AND P(v) = 'yes')",
    ),
    where: condition(columnsOfT, 1),
    tail: fc.constantFrom("", " LIMIT 2", " LIMIT 1 OFFSET 1"),
  })
  .map(
    ({ key, value, having, where, tail }) =>
      `SELECT min(id) AS i, ${value} AS x FROM t WHERE ${where} GROUP BY ${key} HAVING ${having} ORDER BY 2 NULLS LAST, 1${tail}`,
  );

export const query: fc.Arbitrary<string> = fc.oneof(
  { weight: 1, arbitrary: windowed },
  { weight: 1, arbitrary: recursive },
  { weight: 1, arbitrary: untilAnswered },
  { weight: 1, arbitrary: grouped },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        select,
        select,
        select,
        fc.array(fc.constantFrom("UNION ALL", "UNION", "INTERSECT", "EXCEPT"), {
          minLength: 2,
          maxLength: 2,
        }),
        fc.constantFrom("", " LIMIT 3", " LIMIT 2 OFFSET 1"),
      )
      .map(
        ([a, b, c, [first, second], tail]) =>
          `SELECT x, y FROM (${a}) ${first} SELECT y, P(x) FROM (${b}) ${second} SELECT Q(y), x FROM (${c}) ORDER BY 1 COLLATE NOCASE NULLS LAST, 1, 2${tail}`,
      ),
  },
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
  "CREATE TABLE keyed(a TEXT PRIMARY KEY, b TEXT, c TEXT AS (upper(a)) STORED) WITHOUT ROWID",
  "INSERT INTO keyed(a, b) VALUES ('a', 'b'), ('no', 'yes'), ('d', NULL)",
  "CREATE TABLE firm(id INTEGER PRIMARY KEY, v TEXT NOT NULL) STRICT",
  "CREATE VIEW through AS SELECT id, body, P(body) AS r FROM t",
  "CREATE TRIGGER into_through INSTEAD OF UPDATE ON through BEGIN UPDATE t SET body = coalesce(new.body, Q(old.r)) WHERE id = old.id; END",
  "CREATE TRIGGER out_of_through INSTEAD OF DELETE ON through BEGIN INSERT INTO log VALUES (Q(old.r) || (SELECT count(*) FROM log)); END",
];
const trigger = fc.constantFrom(
  undefined,
  "CREATE TRIGGER tr AFTER INSERT ON o BEGIN INSERT INTO log VALUES (S(new.a)); END",
  "CREATE TRIGGER tr AFTER INSERT ON o WHEN new.b IS NOT NULL BEGIN SELECT 1; INSERT INTO log SELECT R FROM S(new.a || (SELECT count(*) FROM log)); END",
  `CREATE TRIGGER tr AFTER INSERT ON o BEGIN INSERT INTO log VALUES (S(new.a, Connection => '${far}') || P(new.b)); END`,
  "CREATE TRIGGER tr BEFORE UPDATE ON t WHEN new.body = 'yes' BEGIN INSERT INTO log VALUES (S(old.id)); END",
  "CREATE TRIGGER tr BEFORE DELETE ON t WHEN Q(old.body) <> 'a' BEGIN INSERT INTO log VALUES (P(old.id) || (SELECT count(*) FROM t)); END",
  "CREATE TRIGGER tr AFTER UPDATE ON t BEGIN UPDATE t SET k = k + 1 WHERE id = new.id + 1 AND P(new.body) IS NOT NULL AND k < 9; END",
  "CREATE TRIGGER tr AFTER INSERT ON o WHEN length(new.b) < 6 BEGIN INSERT INTO o(a, b) VALUES (new.a, new.b || coalesce(P(new.b), '-')); END",
  "CREATE TRIGGER tr BEFORE INSERT ON o BEGIN SELECT RAISE(IGNORE) WHERE P(new.b) = 'no'; END",
  "CREATE TRIGGER tr AFTER INSERT ON o BEGIN SELECT RAISE(ABORT, 'refused') WHERE P(new.a) = 'a'; END",
);
/** What a write stands in. */
export interface Transaction {
  readonly trigger: string | undefined;
  readonly begin: string | undefined;
  readonly finish: string | undefined;
}

export const transaction: fc.Arbitrary<Transaction> = fc
  .tuple(
    trigger,
    fc.constantFrom<readonly string[]>(
      [],
      [],
      ["BEGIN", "COMMIT"],
      ["BEGIN IMMEDIATE", "ROLLBACK"],
      ["SAVEPOINT s", "ROLLBACK TO s"],
      ["SAVEPOINT s", "RELEASE s"],
    ),
  )
  .map(([made, [begin, finish]]) => ({ trigger: made, begin, finish }));

/** What a statement is run under. */
export interface Circumstances {
  /** Run before it. */
  readonly around: readonly string[];
  readonly concurrency: number;
  /** First arguments for which the service refuses a call. */
  readonly bad: readonly SqlValue[];
}

/** Settings and indexes that change how SQLite goes about it, and not what comes out. */
const surroundings = fc.subarray([
  "PRAGMA recursive_triggers = ON",
  "PRAGMA reverse_unordered_selects = ON",
  "CREATE INDEX body_of_t ON t(body, k)",
  "CREATE INDEX few_of_t ON t(k) WHERE body > 'a'",
  "CREATE INDEX tid_of_u ON u(tid)",
]);
export const circumstances: fc.Arbitrary<Circumstances> = fc.record({
  around: surroundings,
  concurrency: fc.integer({ min: 1, max: 8 }),
  bad: fc.constantFrom<readonly SqlValue[]>([], [], [], ["a"], [1, "yes"], [null], ["x", "b", 3]),
});
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
  fc
    .tuple(
      expression(columnsOfT, 1),
      fc.constantFrom(
        "DO NOTHING",
        "(b) DO NOTHING",
        "(b) DO UPDATE SET a = excluded.a, b = Q(o.b) WHERE P(excluded.a) <> 'yes'",
      ),
    )
    .map(
      ([x, then]) =>
        `INSERT INTO o(a, b) SELECT 'k' || id, ${x} FROM t WHERE true ON CONFLICT ${then} RETURNING a, P(b)`,
    ),
  fc
    .tuple(conflict, expression(columnsOfT, 1), condition(columnsOfT, 1))
    .map(([or, x, c]) => `INSERT ${or}INTO keyed(a, b) SELECT ${x}, P(k) FROM t WHERE ${c}`),
  fc
    .tuple(conflict, expression(["a", "b"], 1), condition(["a", "b", "c"], 1))
    .map(([or, x, c]) => `UPDATE ${or}keyed SET a = ${x} WHERE ${c} RETURNING a, c, Q(b)`),
  fc
    .tuple(conflict, expression(columnsOfT, 1), condition(columnsOfT, 1))
    .map(([or, x, c]) => `INSERT ${or}INTO firm SELECT id, ${x} FROM t WHERE ${c} RETURNING *`),
  fc
    .tuple(expression(["id", "body", "r"], 1), condition(["body", "r"], 1))
    .map(([x, c]) => `UPDATE through SET body = ${x} WHERE ${c}`),
  condition(["id", "body", "r"], 1).map((c) => `DELETE FROM through WHERE ${c}`),
  condition(["s.r", "s.v", "body"], 1).map(
    (c) => `UPDATE t SET body = s.r FROM (SELECT tid, v, P(v) AS r FROM u) s WHERE s.tid = t.id AND ${c}`,
  ),
  condition(["v", "tid"], 1).map(
    (c) => `DELETE FROM t WHERE id IN (SELECT tid FROM u WHERE ${c}) OR P(body) = 'a'`,
  ),
  expression(columnsOfT, 2).map((x) => `CREATE TABLE made AS SELECT id, ${x} AS x FROM t`),
);
