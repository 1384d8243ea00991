/**
 * Calls anywhere SQLite's grammar takes an expression or a table: the rows are those of plain SQLite over the same text, and the
 * calls made are those that are needed, each once. The shapes that random statements (test/property) do not reach.
 */
import { describe, expect, test } from "vitest";
import { compareStatement } from "../property/against-oracle.ts";
import { answers as few, setup, targets } from "../property/random-sql.ts";
import type { Answers } from "../support/echo.ts";

const echo: Answers = (_, x, y) => (x === null && y === null ? null : `<${String(x)}>`);

/** Under answers that are all different, under a few that conditions are likely to meet, and where some calls fail. */
async function compare(
  sql: string,
  setups: readonly string[] = [],
  reads: readonly string[] = [],
): Promise<string[]> {
  const common = { setups: [...setup, ...targets, ...setups], reads, bad: [] };
  return [
    await compareStatement(sql, { ...common, answers: echo, concurrency: 8 }),
    await compareStatement(sql, { ...common, answers: few, concurrency: 1 }),
    await compareStatement(sql, { ...common, answers: few, concurrency: 3, bad: ["a", 1] }),
  ];
}

const queries: readonly string[] = [
  "SELECT k FROM t GROUP BY k HAVING P(count(*)) = '<3>'",
  "SELECT k, count(*) FROM t GROUP BY k HAVING P(count(*)) IS NOT NULL AND P(count()) = '<2>'",
  "SELECT k FROM t GROUP BY k HAVING P(sum(1)) = '<3>'",
  "SELECT k FROM t GROUP BY k HAVING P(group_concat('x')) = '<x,x>'",
  "SELECT k FROM t GROUP BY k HAVING P(max(body)) = '<c>'",
  "SELECT k FROM t GROUP BY k HAVING P(count(*) FILTER (WHERE body IS NOT NULL)) = '<2>'",
  "SELECT k FROM t GROUP BY k HAVING P('x', count(*)) IS NOT NULL",
  "SELECT count(*) FROM t HAVING P(count(*)) = '<7>'",
  "SELECT P(body) p, count(*) FROM t GROUP BY 1 ORDER BY 1",
  "SELECT P(body) p, count(*) FROM t GROUP BY P(body) ORDER BY P(body)",
  "SELECT P(body) p, count(*) FROM t GROUP BY p HAVING p <> '<a>' ORDER BY p",
  "SELECT count(*), P(body) FROM t GROUP BY P(body) HAVING P(body) IS NOT NULL ORDER BY 1, 2",
  "SELECT id FROM t ORDER BY P(body) COLLATE NOCASE DESC NULLS LAST, id",
  "SELECT id FROM t ORDER BY P(body) NULLS FIRST, Q(body) DESC, id LIMIT 3 OFFSET 1",
  "SELECT id, P(body) AS x FROM t ORDER BY x COLLATE BINARY NULLS LAST, id",
  "SELECT P(body) FROM t WHERE id < 3 UNION SELECT Q(v) FROM u ORDER BY 1 LIMIT 3 OFFSET 1",
  "SELECT P(body) FROM t WHERE id < 3 UNION ALL SELECT Q(v) FROM u INTERSECT SELECT P(body) FROM t EXCEPT SELECT S(v) FROM u ORDER BY 1",
  "SELECT id, P(body) x FROM t EXCEPT SELECT id, P(body) FROM t WHERE k = 1 ORDER BY x DESC, id",
  "SELECT id, sum(k) FILTER (WHERE P(body) = '<a>') OVER (ORDER BY id) FROM t",
  "SELECT id, count(*) FILTER (WHERE P(body) = '<a>') FROM t",
  "SELECT count(DISTINCT P(body)), group_concat(P(body) ORDER BY id DESC), group_concat(DISTINCT Q(k)) FROM t",
  "SELECT group_concat(body, ',' ORDER BY P(body) DESC, id) FROM t",
  "SELECT id, group_concat(P(body)) OVER (PARTITION BY k ORDER BY P(body), id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW) FROM t ORDER BY id",
  "SELECT id, sum(k) OVER win FROM t WINDOW win AS (PARTITION BY P(body) ORDER BY id) ORDER BY id",
  "SELECT id, P(row_number() OVER (ORDER BY id)) FROM t ORDER BY id",
  "SELECT id, lag(id, 1, P('dflt')) OVER (ORDER BY id) FROM t",
  "SELECT id, ntile(length(P('a'))) OVER (ORDER BY id) FROM t",
  "SELECT id FROM t WHERE EXISTS (SELECT 1 FROM u WHERE tid = t.id AND P(v) = '<x>')",
  "SELECT id FROM t WHERE P(body) IN (SELECT P(v) FROM u UNION SELECT '<a>')",
  "SELECT id FROM t WHERE (P(body), Q(k)) IN (SELECT P(body), Q(k) FROM t WHERE id < 3)",
  "SELECT id FROM t WHERE (P(body), k) = ('<a>', 1)",
  "SELECT (SELECT P(v) FROM u WHERE tid = t.id ORDER BY uid DESC LIMIT 1) FROM t",
  "SELECT id FROM t WHERE (SELECT P(max(v)) FROM u WHERE tid = t.id) IS NOT NULL",
  "SELECT t.id, u.uid FROM t LEFT JOIN u ON P(t.body) = P(u.v) ORDER BY 1, 2",
  "SELECT t.id, u.uid FROM t RIGHT JOIN u ON t.id = u.tid AND P(t.body) = '<a>' ORDER BY 1, 2",
  "SELECT t.id, u.uid FROM t FULL JOIN u ON t.id = u.tid AND P(t.body) = '<a>' ORDER BY 1, 2",
  "SELECT coalesce(P(body), Q(k), 'x') FROM t",
  "SELECT iif(P(body) = '<a>', Q(id), S(id)) FROM t",
  "SELECT id FROM t WHERE P(body) = '<a>' AND Q(id) = '<1>' OR S(k) = '<2>'",
  "SELECT CASE P(body) WHEN '<a>' THEN Q('A') WHEN Q('b') THEN 'B' ELSE S(body) END FROM t",
  "SELECT P(body) AND Q(body), P(body) OR Q(body) FROM t",
  "SELECT P(Q(S(body))) FROM t",
  "SELECT P(body) || P(body), P(body) = P(body) FROM t",
  "SELECT P(body) FROM t WHERE 0",
  "SELECT max(P(body)) FROM t WHERE 0",
  "SELECT P(max(body)) FROM t WHERE 0",
  "SELECT P(count(*)) FROM t WHERE 0 GROUP BY k",
  'SELECT value, P(value) FROM json_each(\'[1,2.5,null,"x",true,[1],{"a":1}]\')',
  "SELECT value FROM t, json_each(json_array(P(body), Q(k)))",
  "SELECT j.value FROM t, json_each('[\"' || coalesce(P(body),'-') || '\"]') j WHERE Q(j.value) IS NOT NULL",
  "WITH RECURSIVE r(n, x) AS (SELECT 1, 'a' UNION ALL SELECT n + 1, P(x) FROM r WHERE P(x) <> '<<<<a>>>>') SELECT * FROM r",
  "WITH RECURSIVE r(n, x) AS (SELECT 1, 'a' UNION SELECT n + 1, P(x) FROM r WHERE n < 5 ORDER BY 1 DESC LIMIT 3) SELECT * FROM r",
  "WITH RECURSIVE r(x) AS (SELECT body FROM t WHERE id=1 UNION SELECT v FROM u, r WHERE P(r.x) = '<a>') SELECT x, Q(x) FROM r ORDER BY 1",
  "WITH m AS MATERIALIZED (SELECT id, P(body) p FROM t) SELECT a.p, b.p FROM m a JOIN m b ON a.id + 1 = b.id WHERE Q(a.p) IS NOT NULL",
  "WITH m AS NOT MATERIALIZED (SELECT id, P(body) p FROM t) SELECT a.p, b.p FROM m a, m b WHERE a.id = 1 AND b.id = 2",
  "SELECT id, P(id) FROM t GROUP BY id % 2 HAVING max(P(id))",
  "SELECT DISTINCT P(k) FROM t ORDER BY 1",
  "SELECT DISTINCT k, P(k) FROM t ORDER BY P(k) DESC",
  "SELECT t.*, P(t.body) FROM t NATURAL JOIN (SELECT id, P(body) AS pp FROM t) ORDER BY id",
  "SELECT a.id FROM w a NATURAL JOIN w b ORDER BY 1",
  "SELECT id FROM w JOIN w AS x USING (id, r) ORDER BY 1",
  "SELECT body FROM t WHERE body LIKE P('a') OR body GLOB Q('b') OR P(body) LIKE '<_>' ESCAPE '\\'",
  "SELECT P(body) COLLATE NOCASE = '<A>' FROM t",
  "SELECT CAST(P(k) AS INTEGER), typeof(P(k)), quote(P(x'00ff')), hex(P('é')) FROM t",
  "SELECT P(body) IS NULL, P(body) ISNULL, P(body) NOTNULL, NOT P(body), -P(k), ~P(k) FROM t",
  "SELECT P(body) -> '$.a' FROM t WHERE 0",
  "SELECT id FROM t WHERE P(body) BETWEEN Q('a') AND Q('z')",
  "SELECT id FROM t LIMIT length(P('ab')) OFFSET length(Q(''))",
  "SELECT id FROM t ORDER BY id LIMIT (SELECT length(P('')) )",
  "VALUES (P('a'), Q('b')), (P('c'), Q(P('a')))",
  "SELECT * FROM (VALUES (P('a')), (P('b'))) ORDER BY 1 DESC",
  "SELECT P(rowid), P(_rowid_), P(oid) FROM t",
  "SELECT P(t.body) FROM main.t",
  "SELECT k, (SELECT P(count(*)) FROM u WHERE uid <= k) FROM t",
  "SELECT (SELECT count(*) FROM u WHERE P(sum(t.k)) = '<13>') FROM t",
  "SELECT k FROM t GROUP BY k HAVING P((SELECT count(*) FROM u)) = '<5>'",
  "SELECT k FROM t GROUP BY k ORDER BY P(count(*)) DESC, k",
  "SELECT k, rank() OVER (ORDER BY P(count(*))) FROM t GROUP BY k ORDER BY k",
  "SELECT sum(P(k) = '<1>') FROM t HAVING sum(P(k) = '<1>') > 2 AND P(count(*)) = '<7>'",
  "SELECT id FROM t WHERE id = length(P('a'))",
  "SELECT id FROM t WHERE id BETWEEN length(P('')) AND length(Q('aaa'))",
  "SELECT id FROM t WHERE P(body) = Q(body) OR (P(k) IS NULL AND Q(k) IS NOT NULL)",
  "SELECT random() IS NOT NULL, P(body) FROM t",
  "SELECT datetime('2020-01-01'), P(date('2020-01-02')), CURRENT_DATE = date('now') FROM t LIMIT 1",
  "SELECT j.key, P(j.value) FROM t, json_each(json_array(t.id, t.k)) j WHERE t.id < 3 AND Q(j.key) IS NOT NULL",
  "SELECT j.value FROM json_each(json_array(P('a'), Q('b'))) j ORDER BY P(j.value)",
  "SELECT t.id, s.R, z.R FROM t, u, S(t.id || u.uid) s, P(s.R) z WHERE t.id = u.tid",
  "SELECT t.id, s.R FROM t LEFT JOIN S(t.id) s ON s.R <> 'no' AND t.k = 1 ORDER BY 1",
  "SELECT t.id, s.R FROM S('a') s LEFT JOIN t ON t.body = s.R",
  "SELECT s.R, t.id FROM t RIGHT JOIN (SELECT * FROM S('a')) s ON t.body = s.R",
  "SELECT * FROM S('a') NATURAL JOIN P('a')",
  "SELECT * FROM S('a') JOIN P('a') USING (X)",
  "SELECT (SELECT R FROM S(t.id) WHERE R = P(t.body)) FROM t",
  "SELECT id FROM t WHERE id IN (SELECT X FROM S(t.id))",
  "SELECT id FROM t WHERE EXISTS (SELECT 1 FROM S(t.id) s, P(s.R) p WHERE p.R = 'yes' OR Q(p.R) = 'a')",
  "SELECT id FROM t ORDER BY (SELECT R FROM S(t.id)) DESC, id LIMIT 2",
  "SELECT k, count(*) AS n FROM t GROUP BY k HAVING P(n) = '<3>'",
  "SELECT k, sum(1) AS n, max(body) AS m FROM t GROUP BY k HAVING P(n) IS NOT NULL AND Q(m) <> 'no' ORDER BY k",
  "SELECT k, count(*) AS n FROM t GROUP BY k HAVING P('n' || n) = '<n3>'",
  "SELECT id, body || '!' AS b2 FROM t WHERE P(b2) = '<a!>' ORDER BY id",
  "SELECT id, P(body) AS r FROM t WHERE Q(r) IS NOT NULL ORDER BY id",
  "SELECT k, P(count(*)) AS n FROM t GROUP BY k HAVING n = '<3>'",
  "SELECT k, P(count(*)) AS n FROM t GROUP BY k HAVING Q(n) IS NOT NULL ORDER BY n, k",
  "SELECT k AS body, count(*) FROM t GROUP BY 1 HAVING P(body) IS NOT NULL ORDER BY 1",
  "SELECT t.id AS n FROM t JOIN u ON P(n) = 'x'",
  "SELECT k, count(*) AS n FROM t GROUP BY k HAVING EXISTS (SELECT 1 FROM u WHERE P(n) = '<3>')",
  "SELECT max(id) AS m FROM t HAVING P(m) = '<7>'",
  "SELECT k, total(k) FROM t GROUP BY k HAVING P(total(k)) <> P(count(DISTINCT body)) ORDER BY k",
  "SELECT k FROM t GROUP BY k HAVING P(Q(count(*))) IS NOT NULL ORDER BY k",
  "SELECT k FROM t GROUP BY k HAVING P(max(1, 2)) IS NOT NULL ORDER BY k",
  "SELECT k FROM t GROUP BY k HAVING P(iif(k > 1, count(*), 'few')) <> '<few>' ORDER BY k",
  "SELECT k FROM t GROUP BY k HAVING (P(count(*)) = '<2>') IS NOT TRUE ORDER BY k",
  "SELECT k FROM t GROUP BY k HAVING '<2>' IN (P(count(*)), P('x')) ORDER BY k",
  "SELECT k FROM t GROUP BY k HAVING CASE WHEN P(count(*)) = '<2>' THEN Q(count(id)) END IS NOT NULL ORDER BY k",
  "SELECT id FROM t WHERE id IN (SELECT count(*) FROM u GROUP BY tid HAVING P(count(*)) IS NOT NULL)",
  "SELECT k FROM t GROUP BY k HAVING P(\"count\"(*)) = '<3>' OR Q([Sum](1)) = '<2>' ORDER BY k",
  "SELECT t.id FROM t JOIN u ON u.tid = t.id WHERE P(t.body) = (SELECT P(max(body)) FROM t) OR u.v = Q('x') ORDER BY t.id",
  "SELECT t.id, u2.r FROM t LEFT JOIN (SELECT tid, P(v) AS r FROM u WHERE Q(v) IS NOT NULL) u2 ON u2.tid = t.id WHERE u2.r IS NULL OR u2.r > 'a' ORDER BY 1, 2",
  "SELECT a.id, b.id FROM t a JOIN t b ON P(a.body) = P(b.body) AND a.id < b.id ORDER BY 1, 2",
  "SELECT a.id, c.uid FROM t a LEFT JOIN t b ON b.id = a.id + 1 AND P(b.body) IS NOT NULL LEFT JOIN u c ON c.tid = b.id AND Q(c.v) <> P(a.body) ORDER BY 1, 2",
  "SELECT * FROM (SELECT P(body) AS r, count(*) OVER (PARTITION BY P(body)) AS n FROM t) WHERE n > 1 ORDER BY 1",
  "SELECT * FROM (SELECT id, row_number() OVER (PARTITION BY P(body) ORDER BY Q(k), id) AS rn FROM t) WHERE rn = 1 ORDER BY id",
  "SELECT * FROM (SELECT id, rank() OVER (ORDER BY P(body)) AS rk FROM t) WHERE rk <= 2 ORDER BY id",
];

const refused: readonly string[] = [
  "SELECT id, P(body) OVER () FROM t",
  "SELECT id FROM t JOIN u ON P(count(*)) = 'x'",
  "SELECT id FROM t WHERE P(count(*)) = 'x'",
  "SELECT id FROM t WHERE P(sum(1)) = 'x'",
  "SELECT id FROM t WHERE P(row_number() OVER ()) = 'x'",
  "SELECT k FROM t GROUP BY k HAVING P(row_number() OVER ()) = 'x'",
];

describe("queries", () => {
  test.each(queries)("%s", async (sql) => {
    expect(await compare(sql)).toContain("same");
  });

  test.each(refused)("refused in SQLite's words: %s", async (sql) => {
    expect(await compare(sql)).toEqual(["refused", "refused", "refused"]);
  });
});

interface Prepared {
  readonly sql: string;
  readonly setups: readonly string[];
}

const prepared: readonly Prepared[] = [
  { sql: "SELECT id FROM t WHERE body = P('a') OR body = Q('b')", setups: ["CREATE INDEX ib ON t(body)"] },
  { sql: "SELECT id FROM t WHERE body IN (P('a'), Q('b'), 'a')", setups: ["CREATE INDEX ib ON t(body)"] },
  { sql: "SELECT id FROM t WHERE k = 1 AND body > P('a')", setups: ["CREATE INDEX ib ON t(k, body)"] },
  {
    sql: "SELECT id FROM t WHERE body = P('a') ORDER BY k DESC LIMIT 1",
    setups: ["CREATE INDEX ib ON t(body, k)"],
  },
  {
    sql: "SELECT id, r2 FROM vv WHERE r2 <> 'no' ORDER BY id",
    setups: ["CREATE VIEW vv AS SELECT id, r, Q(r) AS r2 FROM w"],
  },
  {
    sql: "SELECT a.r2, b.r2 FROM vv a JOIN vv b ON a.id = b.id + 1 WHERE a.r2 = b.r2",
    setups: ["CREATE VIEW vv AS SELECT id, r, Q(r) AS r2 FROM w"],
  },
  {
    sql: "SELECT count(*), max(r2), group_concat(DISTINCT r) FROM vv",
    setups: ["CREATE VIEW vv AS SELECT id, r, Q(r) AS r2 FROM w UNION ALL SELECT uid, v, P(v) FROM u"],
  },
  {
    sql: "SELECT id FROM t WHERE P(body) = '<a>' ORDER BY id",
    setups: ["PRAGMA reverse_unordered_selects = ON"],
  },
  { sql: "SELECT P(body) FROM t", setups: ["PRAGMA reverse_unordered_selects = ON"] },
  { sql: "SELECT P(body) FROM t WHERE id > 1 LIMIT 2", setups: ["PRAGMA reverse_unordered_selects = ON"] },
  {
    sql: "SELECT fts.x, P(fts.x) FROM fts WHERE fts MATCH P('hello') ORDER BY rank",
    setups: [
      "CREATE VIRTUAL TABLE fts USING fts5(x)",
      "INSERT INTO fts VALUES ('hello'),('world'),('yes'),('no a')",
    ],
  },
  {
    sql: "SELECT r.id, P(r.id) FROM rt r WHERE r.x1 > 0",
    setups: ["CREATE VIRTUAL TABLE rt USING rtree(id,x1,x2)", "INSERT INTO rt VALUES (1,1,2),(2,3,4)"],
  },
  {
    sql: "SELECT * FROM hv ORDER BY k",
    setups: [
      "CREATE VIEW hv AS SELECT k, count(*) AS n FROM t GROUP BY k HAVING P(count(*)) <> 'zz' AND Q(max(body)) IS NOT NULL",
    ],
  },
  {
    sql: "SELECT * FROM g WHERE P(b) = '<A>' OR c = length(Q(a))",
    setups: [
      "CREATE TABLE g(a TEXT, b TEXT AS (upper(a)) VIRTUAL, c INTEGER AS (length(a)) STORED)",
      "CREATE INDEX gi ON g(c)",
      "INSERT INTO g(a) VALUES ('a'),('bb'),('ccc')",
    ],
  },
];

describe("queries over indexes, views and settings", () => {
  test.each(prepared)("$sql", async ({ sql, setups }) => {
    expect(await compare(sql, setups)).toContain("same");
  });
});

interface Write extends Prepared {
  readonly read: string;
}

const writes: readonly Write[] = [
  {
    sql: "INSERT INTO t(id, body) VALUES (10, P('a')), (11, Q('b')) RETURNING id, P(body), Q(id)",
    setups: [],
    read: "SELECT * FROM t",
  },
  {
    sql: "INSERT INTO o(a, b) SELECT coalesce(P(body), 'x'), Q(id) FROM t WHERE true ON CONFLICT(b) DO UPDATE SET a = P(excluded.a), n = n + 1 WHERE Q(o.a) <> 'yes' RETURNING a, b, P(n)",
    setups: [],
    read: "SELECT * FROM o",
  },
  {
    sql: "INSERT INTO o(a, b) SELECT coalesce(P(body), 'x'), body FROM t WHERE true ON CONFLICT(b) DO NOTHING",
    setups: [],
    read: "SELECT * FROM o",
  },
  {
    sql: "INSERT INTO o(a, b) VALUES (P('a'), P('b')), (Q('c'), P('b')) ON CONFLICT DO NOTHING",
    setups: [],
    read: "SELECT * FROM o",
  },
  {
    sql: "INSERT INTO o(a, b) VALUES ('a', 'k') ON CONFLICT(b) DO UPDATE SET (a, n) = (P(o.a), length(Q(excluded.b)))",
    setups: ["INSERT INTO o(a, b) VALUES ('z', 'k')"],
    read: "SELECT * FROM o",
  },
  {
    sql: "INSERT INTO o(a, b) VALUES ('a', 'k') ON CONFLICT(b) DO UPDATE SET a = (SELECT P(max(body)) FROM t) WHERE (SELECT count(*) FROM t WHERE P(body) IS NOT NULL) > 2",
    setups: ["INSERT INTO o(a, b) VALUES ('z', 'k')"],
    read: "SELECT * FROM o",
  },
  {
    sql: "UPDATE t SET body = s.r FROM (SELECT id AS i, P(body) AS r FROM t) s WHERE s.i = t.id",
    setups: [],
    read: "SELECT * FROM t",
  },
  { sql: "UPDATE t SET body = s.R FROM P('x') s WHERE k = 1", setups: [], read: "SELECT * FROM t" },
  {
    sql: "UPDATE t SET (body, k) = (SELECT P(v), Q(uid) FROM u WHERE tid = t.id LIMIT 1) WHERE id < 4",
    setups: [],
    read: "SELECT * FROM t",
  },
  {
    sql: "UPDATE t SET body = P(body), k = (SELECT count(*) FROM t x WHERE x.body = t.body) WHERE Q(k) IS NOT NULL",
    setups: [],
    read: "SELECT * FROM t",
  },
  {
    sql: "DELETE FROM t WHERE id IN (SELECT tid FROM u WHERE P(v) = '<x>')",
    setups: [],
    read: "SELECT * FROM t",
  },
  {
    sql: "DELETE FROM t WHERE P(body) = (SELECT P(body) FROM t x WHERE x.id = t.id + 2)",
    setups: [],
    read: "SELECT * FROM t",
  },
  {
    sql: "DELETE FROM t WHERE EXISTS (SELECT 1 FROM t x WHERE x.id < t.id AND P(x.body) = P(t.body)) RETURNING id",
    setups: [],
    read: "SELECT * FROM t",
  },
  {
    sql: "INSERT INTO v2(a) VALUES (P('q')), ('b')",
    setups: [
      "CREATE TABLE real(a TEXT, b TEXT)",
      "CREATE VIEW v2 AS SELECT a, P(a) AS pa FROM real",
      "CREATE TRIGGER ins INSTEAD OF INSERT ON v2 BEGIN INSERT INTO real VALUES (new.a, Q(new.a || (SELECT count(*) FROM real))); END",
    ],
    read: "SELECT * FROM real",
  },
  {
    sql: "UPDATE v2 SET a = P(a) WHERE pa IS NOT NULL",
    setups: [
      "CREATE TABLE real(a TEXT, b TEXT)",
      "INSERT INTO real VALUES ('x','y'),('a','b')",
      "CREATE VIEW v2 AS SELECT rowid AS i, a, P(a) AS pa FROM real",
      "CREATE TRIGGER upd INSTEAD OF UPDATE ON v2 BEGIN UPDATE real SET a = new.a, b = Q(old.pa) WHERE rowid = old.i; END",
    ],
    read: "SELECT * FROM real",
  },
  {
    sql: "DELETE FROM v2 WHERE pa = '<a>' OR pa = 'yes'",
    setups: [
      "CREATE TABLE real(a TEXT, b TEXT)",
      "INSERT INTO real VALUES ('x','y'),('a','b')",
      "CREATE VIEW v2 AS SELECT rowid AS i, a, P(a) AS pa FROM real",
      "CREATE TRIGGER del INSTEAD OF DELETE ON v2 BEGIN DELETE FROM real WHERE rowid = old.i; INSERT INTO log VALUES (P(old.a)); END",
    ],
    read: "SELECT * FROM real",
  },
  {
    sql: "INSERT INTO g(a) VALUES (P('a')), (P('b'))",
    setups: ["CREATE TABLE g(a TEXT, b TEXT AS (upper(a)) STORED, c INTEGER AS (length(a)) VIRTUAL)"],
    read: "SELECT *, P(b), Q(c) FROM g",
  },
  {
    sql: "UPDATE g SET a = P(b) || Q(c)",
    setups: [
      "CREATE TABLE g(a TEXT, b TEXT AS (upper(a)) STORED, c INTEGER AS (length(a)) VIRTUAL)",
      "INSERT INTO g VALUES ('x'),('yy')",
    ],
    read: "SELECT * FROM g",
  },
  {
    sql: "INSERT INTO s(id, a) SELECT id, P(body) FROM t",
    setups: ["CREATE TABLE s(id INTEGER PRIMARY KEY, a TEXT) STRICT"],
    read: "SELECT * FROM s",
  },
  {
    sql: "INSERT INTO s(id, a) SELECT P(body), id FROM t",
    setups: ["CREATE TABLE s(id INT, a TEXT) STRICT"],
    read: "SELECT * FROM s",
  },
  {
    sql: "INSERT OR REPLACE INTO wr SELECT coalesce(P(body),'-'), Q(id) FROM t",
    setups: ["CREATE TABLE wr(a TEXT PRIMARY KEY, b TEXT) WITHOUT ROWID"],
    read: "SELECT * FROM wr",
  },
  {
    sql: "UPDATE wr SET a = P(a) WHERE Q(b) IS NOT NULL",
    setups: [
      "CREATE TABLE wr(a TEXT PRIMARY KEY, b TEXT) WITHOUT ROWID",
      "INSERT INTO wr VALUES ('a','b'),('b','c'),('c','d')",
    ],
    read: "SELECT * FROM wr",
  },
  {
    sql: "UPDATE wr SET a = P(a) WHERE a > 'a'",
    setups: [
      "CREATE TABLE wr(a TEXT PRIMARY KEY, b TEXT) WITHOUT ROWID",
      "INSERT INTO wr VALUES ('a','b'),('b','c'),('c','d')",
    ],
    read: "SELECT * FROM wr",
  },
  {
    sql: "UPDATE t SET body = P(body) WHERE body > 'a'",
    setups: ["CREATE INDEX ib ON t(body) WHERE body > 'a'"],
    read: "SELECT * FROM t",
  },
  {
    sql: "UPDATE t SET k = length(P(k)) WHERE k >= 1",
    setups: ["CREATE INDEX ik ON t(k)"],
    read: "SELECT * FROM t",
  },
  {
    sql: "INSERT INTO t(id, body) SELECT id + 10, P(body) FROM t WHERE id < 3",
    setups: [
      "PRAGMA recursive_triggers = ON",
      "CREATE TRIGGER tr AFTER INSERT ON t WHEN new.id < 40 BEGIN INSERT INTO t(id, body) VALUES (new.id + 10, Q(new.body)); END",
    ],
    read: "SELECT * FROM t",
  },
  {
    sql: "UPDATE t SET body = P(body) WHERE id < 4",
    setups: [
      "CREATE TRIGGER tr AFTER UPDATE OF body ON t BEGIN INSERT INTO log SELECT P(old.body) || Q(new.body) || (SELECT count(*) FROM t WHERE body = new.body); END",
    ],
    read: "SELECT * FROM log",
  },
  {
    sql: "DELETE FROM t WHERE P(body) = '<a>' OR P(body) = 'a'",
    setups: [
      "CREATE TRIGGER tr BEFORE DELETE ON t BEGIN INSERT INTO log SELECT Q(old.id) WHERE P(old.body) IS NOT NULL; END",
    ],
    read: "SELECT * FROM log",
  },
  {
    sql: "INSERT INTO t(id, body) VALUES (20, 'n')",
    setups: [
      "CREATE TRIGGER tr AFTER INSERT ON t BEGIN UPDATE t SET body = P(new.body) WHERE id = new.id; UPDATE t SET k = length(Q((SELECT body FROM t WHERE id = new.id))) WHERE id = new.id; END",
    ],
    read: "SELECT * FROM t",
  },
  {
    sql: "INSERT INTO t(id, body) VALUES (20, 'n')",
    setups: [
      "CREATE TRIGGER tr BEFORE INSERT ON t WHEN P(new.body) IS NOT NULL BEGIN SELECT RAISE(IGNORE) WHERE Q(new.body) = 'no'; INSERT INTO log VALUES (new.body); END",
    ],
    read: "SELECT *, (SELECT count(*) FROM log) FROM t",
  },
  {
    sql: "INSERT INTO t(id, body) VALUES (20, 'n'), (21, 'm')",
    setups: [
      "CREATE TRIGGER tr BEFORE INSERT ON t BEGIN SELECT RAISE(ABORT, 'bad') WHERE P(new.body) = 'zzz'; END",
    ],
    read: "SELECT * FROM t",
  },
  {
    sql: "INSERT INTO t(id, body) VALUES (20, 'n'), (21, 'm')",
    setups: [
      "CREATE TRIGGER tr BEFORE INSERT ON t BEGIN SELECT RAISE(ABORT, 'bad') WHERE P(new.body) IS NOT NULL; END",
    ],
    read: "SELECT * FROM t",
  },
  {
    sql: "CREATE TABLE made AS SELECT P(body) AS p, count(*) AS n FROM t GROUP BY P(body) ORDER BY 1",
    setups: [],
    read: "SELECT * FROM made",
  },
  {
    sql: "CREATE TEMP TABLE made AS WITH c AS (SELECT P(body) AS p FROM t) SELECT p, Q(p) AS q FROM c",
    setups: [],
    read: "SELECT * FROM made",
  },
  {
    sql: "REPLACE INTO o(a, b) SELECT coalesce(P(body), 'x'), Q(id) FROM t",
    setups: [],
    read: "SELECT * FROM o",
  },
  {
    sql: "INSERT INTO t2 SELECT P(body), id FROM t",
    setups: [
      "ATTACH ':memory:' AS aux",
      "CREATE TABLE aux.t2(a TEXT NOT NULL DEFAULT 'd', b INT)",
      "DELETE FROM t WHERE body IS NULL",
    ],
    read: "SELECT * FROM aux.t2",
  },
  {
    sql: "INSERT INTO aux.t SELECT id, P(body) FROM main.t",
    setups: [
      "ATTACH ':memory:' AS aux",
      "CREATE TABLE aux.t(id INTEGER, b TEXT NOT NULL ON CONFLICT IGNORE)",
    ],
    read: "SELECT * FROM aux.t",
  },
  {
    sql: "UPDATE aux.t SET b = (SELECT P(body) FROM main.t m WHERE m.id = aux.t.id) WHERE Q(id) IS NOT NULL",
    setups: [
      "ATTACH ':memory:' AS aux",
      "CREATE TABLE aux.t(id INTEGER, b TEXT)",
      "INSERT INTO aux.t VALUES (1,'p'),(3,'q'),(9,'r')",
    ],
    read: "SELECT * FROM aux.t",
  },
  { sql: "INSERT INTO t(id, body) SELECT 1, P('dup')", setups: [], read: "SELECT * FROM t" },
  { sql: "INSERT OR FAIL INTO o(a, b) SELECT 'x', P(body) FROM t", setups: [], read: "SELECT * FROM o" },
  { sql: "INSERT OR ABORT INTO o(a, b) SELECT P(body), id FROM t", setups: [], read: "SELECT * FROM o" },
  {
    sql: "UPDATE OR REPLACE o SET b = P(n)",
    setups: ["INSERT INTO o(a,b,n) VALUES ('1','1',1),('2','2',2),('3','3',1)"],
    read: "SELECT * FROM o",
  },
  {
    sql: "UPDATE OR IGNORE o SET b = P(n)",
    setups: ["INSERT INTO o(a,b,n) VALUES ('1','1',1),('2','2',2),('3','3',1)"],
    read: "SELECT * FROM o",
  },
  {
    sql: "UPDATE OR FAIL o SET b = P(n) RETURNING a, b, Q(b)",
    setups: ["INSERT INTO o(a,b,n) VALUES ('1','1',1),('2','2',2),('3','3',1)"],
    read: "SELECT * FROM o",
  },
  {
    sql: "DELETE FROM p WHERE P(id) IS NOT NULL",
    setups: [
      "PRAGMA foreign_keys = ON",
      "CREATE TABLE p(id INTEGER PRIMARY KEY)",
      "CREATE TABLE c(id INTEGER PRIMARY KEY, pid INTEGER REFERENCES p ON DELETE CASCADE)",
      "CREATE TRIGGER tc AFTER DELETE ON c BEGIN INSERT INTO log VALUES (Q(old.id)); END",
      "INSERT INTO p VALUES (1),(2)",
      "INSERT INTO c VALUES (1,1),(2,1),(3,2)",
    ],
    read: "SELECT * FROM log",
  },
  {
    sql: "DELETE FROM t",
    setups: [
      "CREATE TRIGGER tr AFTER DELETE ON t BEGIN INSERT INTO log VALUES (P(old.body) || (SELECT count(*) FROM t)); END",
    ],
    read: "SELECT * FROM log",
  },
  {
    sql: "INSERT INTO fts SELECT P(body) FROM t",
    setups: ["CREATE VIRTUAL TABLE fts USING fts5(x)"],
    read: "SELECT x FROM fts",
  },
  {
    sql: "INSERT INTO log VALUES ('z')",
    setups: [
      "CREATE TRIGGER tr AFTER INSERT ON log WHEN P(new.v) IS NOT NULL BEGIN INSERT INTO o(a, b) SELECT P(count(*)), k FROM t GROUP BY k HAVING P(count(*)) IS NOT NULL ORDER BY k; END",
    ],
    read: "SELECT * FROM o",
  },
  {
    sql: "UPDATE t SET body = 'n' WHERE k IN (SELECT k FROM t GROUP BY k HAVING P(count(*)) <> 'zz')",
    setups: [],
    read: "SELECT * FROM t",
  },
  {
    sql: "DELETE FROM t WHERE k = (SELECT k FROM t GROUP BY k HAVING P(count(*)) IS NOT NULL ORDER BY k LIMIT 1)",
    setups: [],
    read: "SELECT * FROM t",
  },
  {
    sql: "INSERT INTO t(id, body) SELECT id + 100, P(body) FROM t WHERE id < 4 RETURNING (SELECT count(*) FROM t WHERE P(body) = '<a>'), Q(body)",
    setups: [],
    read: "SELECT * FROM t",
  },
  {
    sql: "UPDATE t SET body = Q(body) WHERE id < 3 RETURNING id, P(body) || (SELECT max(P(v)) FROM u WHERE tid = t.id)",
    setups: [],
    read: "SELECT * FROM t",
  },
  {
    sql: "WITH d AS (SELECT id, P(body) AS r FROM t) DELETE FROM t WHERE id IN (SELECT id FROM d WHERE r = '<a>' OR r = 'a') RETURNING id, body",
    setups: [],
    read: "SELECT * FROM t",
  },
  {
    sql: "WITH d AS (SELECT id, P(body) AS r FROM t) UPDATE t SET body = (SELECT r FROM d WHERE d.id = t.id) WHERE id % 2",
    setups: [],
    read: "SELECT * FROM t",
  },
  {
    sql: "WITH s AS (SELECT P(v) AS r, tid FROM u), q AS MATERIALIZED (SELECT Q(r) AS z, tid FROM s) INSERT INTO o(a, b) SELECT coalesce(z, 'none'), tid FROM q WHERE true ON CONFLICT DO UPDATE SET n = o.n + 1, a = P(excluded.a || o.a)",
    setups: [],
    read: "SELECT * FROM o",
  },
  {
    sql: "INSERT INTO t(id, body) VALUES ((SELECT max(id) + 1 FROM t), P('n')), ((SELECT max(id) + 2 FROM t), Q((SELECT max(body) FROM t)))",
    setups: [],
    read: "SELECT * FROM t",
  },
  {
    sql: "INSERT INTO keyed(a, b) SELECT P(body), id FROM t WHERE body IS NOT NULL AND id IN (1, 2, 5) ON CONFLICT(a) DO UPDATE SET b = keyed.b || Q(excluded.b)",
    setups: [],
    read: "SELECT * FROM keyed",
  },
  {
    sql: "UPDATE OR REPLACE keyed SET a = P(b)",
    setups: ["INSERT INTO keyed(a, b) VALUES ('c', 'b'), ('<b>', 'd')"],
    read: "SELECT * FROM keyed",
  },
  {
    sql: "UPDATE nt SET v = P(v) WHERE Q(id) IS NOT NULL RETURNING *",
    setups: [
      "CREATE TABLE nt(id INTEGER PRIMARY KEY, v TEXT, CHECK (length(v) < 30)) STRICT",
      "INSERT INTO nt VALUES (1,'a'),(2,NULL),(3,'c')",
    ],
    read: "SELECT * FROM nt",
  },
];

describe("writes", () => {
  test.each(writes)("$sql", async ({ sql, setups, read }) => {
    expect(await compare(sql, setups, [read])).toHaveLength(3);
  });
});
