/**
 * Statements of SQLite, of every kind, that callsql must pass through untouched: one a line, a trigger too.
 * Tables are named after our words (call, lateral, P, Q) wherever they can be.
 */

export const schema = `
CREATE TABLE t(id INTEGER PRIMARY KEY, a, b TEXT, c REAL, d BLOB, UNIQUE (a, b));
CREATE TABLE u(id INTEGER PRIMARY KEY, t_id REFERENCES t(id), a, b);
CREATE TABLE call(call, lateral, exec, show, "set", P);
CREATE TABLE lateral(call, lateral);
CREATE TABLE P(a, b, P UNIQUE);
CREATE TABLE P_one(x);
CREATE TABLE Q(x, y);
CREATE TABLE w(k PRIMARY KEY, v) WITHOUT ROWID;
CREATE TABLE strict_one(i INTEGER, x ANY) STRICT;
CREATE VIEW v AS SELECT a, b FROM t;
CREATE INDEX t_b ON t(b);
CREATE TRIGGER old_trigger AFTER INSERT ON w BEGIN SELECT 1; END;
CREATE VIRTUAL TABLE docs USING fts5(title, body);
`;

const literals = `
SELECT 1
SELECT 1, 1.5, .5, 1., 1e3, 1.5E-3, 0xFF, 1_000, 0x1_F, 1_0.0_1
SELECT 'text', 'it''s', '', 'a;b', '--', '/* */'
SELECT x'00ff', X'', x'0A'
SELECT NULL, TRUE, FALSE, CURRENT_TIME, current_date, CURRENT_TIMESTAMP
SELECT "a", [b], \`c\` FROM t
SELECT 'a' AS "x""y", 1 AS [x y], 2 AS \`z\`\`z\`
SELECT ?, ?12, :a, @b, $c, :1
SELECT -1, +1, ~1, NOT 1, - -1, -+-1
SELECT 1 -- comment
SELECT /* a */ 1 /* b ' " ; */ + /**/ 2
SELECT 1 /* not closed
select Sum(A) From T
SELECT naïve, 表 FROM (SELECT 1 AS naïve, 2 AS 表)
SELECT 1 AS a$b, 2 AS _x
`;

const expressions = `
SELECT 1 + 2 * 3 / 4 % 5 - 6
SELECT 1 << 2 >> 1 & 3 | 4
SELECT 'a' || 'b' || 'c'
SELECT 1 = 1, 1 == 1, 1 <> 2, 1 != 2, 1 < 2, 1 <= 2, 1 > 2, 1 >= 2
SELECT 1 IS 1, 1 IS NOT 2, 1 IS NULL, 1 IS NOT NULL, 1 ISNULL, 1 NOTNULL, 1 NOT NULL
SELECT 1 IS DISTINCT FROM 2, 1 IS NOT DISTINCT FROM a FROM t
SELECT a BETWEEN 1 AND 2, a NOT BETWEEN 1 AND 2 AND b FROM t
SELECT a IN (1, 2, 3), a NOT IN (), a IN (SELECT id FROM u) FROM t
SELECT a IN P_one, a IN main.P_one FROM t
SELECT a LIKE 'x%' ESCAPE '\\', a NOT LIKE b, a GLOB '*', b NOT GLOB a FROM t
SELECT rowid FROM docs WHERE docs MATCH 'x'
SELECT a COLLATE NOCASE = b COLLATE "binary" FROM t
SELECT CAST(a AS INTEGER), CAST(b AS VARCHAR(10)), CAST(c AS DECIMAL(10, 2)), CAST(a AS P(1)) FROM t
SELECT CASE WHEN a THEN 1 ELSE 2 END, CASE a WHEN 1 THEN 2 WHEN 3 THEN 4 END x FROM t
SELECT EXISTS (SELECT 1 FROM t), NOT EXISTS (SELECT 1 FROM u)
SELECT (SELECT max(a) FROM t), (SELECT a FROM t LIMIT 1) + 1
SELECT (1, 2) = (SELECT 1, 2), (a, b) IN (SELECT a, b FROM t), (1, 2) < (3, 4) FROM t
SELECT '{"a":1}' -> '$.a', '{"a":1}' ->> 'a', '[1]' -> 0 ->> '$'
SELECT iif(1, 2, 3), coalesce(NULL, 1), nullif(1, 2), max(1, 2), likely(1)
SELECT a AND b OR NOT c AND (a OR b) FROM t
SELECT ((((1))))
SELECT t.a, main.t.b, t.*, * FROM t
SELECT left, right, cross, full, outer FROM (SELECT 1 AS "left", 2 "right", 3 "cross", 4 "full", 5 "outer")
SELECT replace('a', 'b', 'c'), glob('a', 'b'), like('a', 'b'), printf('%d', 1), format('%s', 2)
SELECT if(1, 2), date('now', '+1 day'), strftime('%Y', 'now'), unixepoch()
SELECT json_object('a', 1, 'b', json_array(1, 2)), json_extract('{"a":1}', '$.a', '$.b')
SELECT a NOT IN (SELECT 1 UNION SELECT 2) FROM t
SELECT random() % 10, randomblob(4), hex(zeroblob(2)), quote('x'), typeof(1), abs(-1), round(1.5, 1)
`;

const names = `
SELECT call FROM lateral
SELECT call, lateral, exec, show, "set", P FROM call
SELECT call.call, lateral.lateral FROM call, lateral
SELECT call AS lateral, lateral exec FROM lateral AS call
SELECT call call FROM call call
SELECT * FROM call P, lateral AS Q, P exec
SELECT * FROM (call P JOIN lateral)
SELECT * FROM (call JOIN (lateral JOIN P))
SELECT (call), (call) + 1, -call, NOT call, call IN (1, 2), call LIKE ('x'), call GLOB ('x') FROM call
SELECT call IN (SELECT call FROM lateral) FROM call
SELECT exec, show FROM call WHERE exec = show GROUP BY exec HAVING show ORDER BY exec LIMIT 1
SELECT P FROM P WHERE P = P.P AND P.a > 1 ORDER BY P
SELECT P.* FROM P JOIN Q ON P.a = Q.x
SELECT * FROM P JOIN P AS other USING (P)
SELECT a AS P, b P FROM t
SELECT describe, retry, failed, options, calls FROM (SELECT 1 describe, 2 retry, 3 failed, 4 options, 5 calls)
SELECT reset, of, run, defaults, variables FROM (SELECT 1 AS reset, 2 AS of, 3 run, 4 defaults, 5 variables)
SELECT over, filter, window, begin, end, replace, with, values_ FROM (SELECT 1 over, 2 filter, 3 window, 4 begin, 5 AS end, 6 replace, 7 AS with, 8 values_)
SELECT temp, temporary, key, by, do, row, rows, range, first, last, if FROM (SELECT 1 temp, 2 temporary, 3 AS key, 4 AS by, 5 AS do, 6 row, 7 rows, 8 range, 9 first, 10 last, 11 if)
WITH P(a) AS (SELECT 1) SELECT * FROM P
WITH P AS (SELECT 1 AS a), Q(call) AS (SELECT a FROM P) SELECT call FROM Q, P
WITH call(x) AS (SELECT 1), lateral AS (SELECT x FROM call) SELECT * FROM call, lateral
WITH RECURSIVE P(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM P WHERE n < 3) SELECT n FROM P
WITH exec AS MATERIALIZED (SELECT 1), show AS NOT MATERIALIZED (SELECT 2) SELECT * FROM exec, show
INSERT INTO P(a) VALUES (1)
INSERT INTO P VALUES (1, 2, 3)
INSERT INTO P (a, b) SELECT x, y FROM Q
INSERT INTO main.P(a) SELECT 1
INSERT INTO call(call, lateral) VALUES (1, 2)
INSERT INTO call DEFAULT VALUES
INSERT INTO lateral AS call(call) VALUES (1) ON CONFLICT DO NOTHING
REPLACE INTO P(P) VALUES (1)
UPDATE P SET P = 1 WHERE P.P = 2
UPDATE call SET call = lateral, exec = (SELECT P FROM P)
UPDATE call AS lateral SET call = 1
DELETE FROM P WHERE P
DELETE FROM call WHERE call = exec
DELETE FROM lateral AS call WHERE call.call
CREATE TABLE exec(call, show)
CREATE TABLE main.generateresponse(P, Q)
CREATE TABLE IF NOT EXISTS P(x)
CREATE TEMP TABLE P(x, y)
CREATE TABLE calls(a call, b exec(10), c lateral VARCHAR(10), P P(10, 2))
CREATE TABLE x(a REFERENCES P(P), FOREIGN KEY (a) REFERENCES Q(x) ON DELETE CASCADE ON UPDATE SET NULL)
CREATE VIEW exec AS SELECT call FROM call
CREATE VIEW generateresponse(P, call) AS SELECT 1, 2
CREATE INDEX exec ON P(a, b)
CREATE UNIQUE INDEX IF NOT EXISTS show ON Q(x DESC, y COLLATE nocase)
CREATE TRIGGER call AFTER UPDATE OF P ON P BEGIN UPDATE P SET a = new.P; END
ALTER TABLE call RENAME TO exec
ALTER TABLE call RENAME COLUMN call TO called
ALTER TABLE P RENAME P TO R
ALTER TABLE P ADD COLUMN call P(10) REFERENCES Q(x)
ALTER TABLE P DROP COLUMN b
DROP TABLE P
DROP TABLE IF EXISTS main.call
SAVEPOINT P
SAVEPOINT call
PRAGMA table_info(P)
PRAGMA main.table_info(call)
PRAGMA P(1)
PRAGMA call = exec
ANALYZE P
REINDEX P
`;

const queries = `
SELECT DISTINCT a, b FROM t
SELECT ALL a FROM t
SELECT a FROM t WHERE b = 'x' GROUP BY a, b HAVING count(*) > 1 ORDER BY a DESC NULLS LAST, b ASC LIMIT 10 OFFSET 5
SELECT a FROM t ORDER BY a COLLATE nocase ASC NULLS FIRST LIMIT 5, 10
SELECT max(a) FROM t HAVING max(a) > 1
SELECT * FROM t, u
SELECT * FROM t JOIN u ON t.id = u.t_id
SELECT * FROM t INNER JOIN u USING (id)
SELECT * FROM t LEFT JOIN u ON t.id = u.t_id AND u.a > 1
SELECT * FROM t LEFT OUTER JOIN u USING (id, a)
SELECT * FROM t RIGHT JOIN u ON t.id = u.id
SELECT * FROM t FULL OUTER JOIN u ON t.id = u.id
SELECT * FROM t CROSS JOIN u
SELECT * FROM t NATURAL JOIN u
SELECT * FROM t NATURAL LEFT OUTER JOIN u
SELECT * FROM t JOIN u ON t.id = u.id, call
SELECT * FROM t JOIN (u JOIN call ON u.a = call.call) ON t.id = u.id
SELECT * FROM ((t JOIN u USING (id)) JOIN v)
SELECT * FROM (SELECT * FROM t) AS x, (SELECT 1) y
SELECT * FROM ((SELECT 1 UNION SELECT 2) x JOIN t)
SELECT * FROM t AS x INDEXED BY t_b WHERE b = 'x'
SELECT * FROM t NOT INDEXED WHERE b = 'x'
SELECT * FROM json_each('[1]'), json_tree('[2]') AS j
SELECT * FROM t, json_each(t.b) e WHERE e.value > 1
SELECT * FROM t JOIN json_each(t.b) ON true
SELECT * FROM pragma_table_info('t') WHERE name = 'a'
SELECT * FROM main.t AS x, temp.sqlite_master
VALUES (1, 2), (3, 4)
VALUES (1) UNION ALL VALUES (2)
SELECT 1 UNION SELECT 2 UNION ALL SELECT 3 INTERSECT SELECT 4 EXCEPT SELECT 5 ORDER BY 1 LIMIT 1
SELECT a FROM t UNION SELECT b FROM t ORDER BY a COLLATE nocase
WITH x AS (SELECT 1) SELECT * FROM x
WITH x(a, b) AS (VALUES (1, 2)), y AS (SELECT * FROM x) SELECT * FROM y
WITH RECURSIVE c(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM c LIMIT 10) SELECT sum(n) FROM c
SELECT * FROM (WITH x AS (SELECT 1) SELECT * FROM x)
SELECT (WITH x AS (SELECT 1) SELECT * FROM x)
SELECT count(*), count(DISTINCT a), sum(a) FILTER (WHERE b = 'x'), group_concat(a, ',') FROM t
SELECT group_concat(a, ',' ORDER BY b DESC), total(a), avg(a) FROM t GROUP BY b
SELECT row_number() OVER (), rank() OVER (PARTITION BY a ORDER BY b) FROM t
SELECT sum(a) OVER (ORDER BY b ROWS BETWEEN 1 PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE TIES) FROM t
SELECT sum(a) OVER (ORDER BY c RANGE BETWEEN CURRENT ROW AND 1 FOLLOWING) FROM t
SELECT sum(a) OVER (ORDER BY c GROUPS 2 PRECEDING EXCLUDE CURRENT ROW) FROM t
SELECT sum(a) FILTER (WHERE a > 1) OVER w, lag(a, 1, 0) OVER (w ORDER BY b) FROM t WINDOW w AS (PARTITION BY a), w2 AS (ORDER BY b)
SELECT first_value(a) OVER w FROM t WINDOW w AS (ORDER BY b) ORDER BY a LIMIT 1
SELECT a FROM t WHERE a IN (SELECT a FROM u WHERE u.id = t.id) AND EXISTS (SELECT 1 FROM u WHERE u.a = t.a)
SELECT * FROM t WHERE (a, b) IN (VALUES (1, 'x'), (2, 'y'))
SELECT * FROM v WHERE a > (SELECT avg(a) FROM v)
SELECT * FROM docs('x')
SELECT highlight(docs, 0, '<', '>') FROM docs WHERE docs MATCH 'a AND b' ORDER BY rank
SELECT rowid, _rowid_, oid FROM t
SELECT * FROM sqlite_schema WHERE type = 'table'
SELECT max(a), b FROM t
SELECT 1 WHERE 0
SELECT * FROM (t) x, (u)
SELECT count(*) OVER w2 FROM t WINDOW w1 AS (PARTITION BY id), w2 AS (w1 ORDER BY a)
SELECT sum(DISTINCT a) FILTER (WHERE a > 1), string_agg(b, ','), percentile(a, 50) FROM t
SELECT a FROM t WHERE a IS NOT TRUE AND b IS FALSE ORDER BY a COLLATE binary DESC NULLS FIRST
SELECT likelihood(1, 0.5), concat_ws(',', 1, 2), unistr('\\u0041'), jsonb('[1]')
SELECT a FROM t GROUP BY 1 ORDER BY 1
SELECT a, b FROM t LIMIT -1 OFFSET (SELECT 1)
`;

const changes = `
INSERT INTO t VALUES (1, 2, 'x', 1.5, x'00')
INSERT INTO t(a, b) VALUES (1, 2), (3, 4)
INSERT INTO t(a) SELECT a FROM u WHERE a > 1
INSERT INTO t DEFAULT VALUES
INSERT INTO t(a) VALUES (1) RETURNING id, a + 1 AS x, *
INSERT OR IGNORE INTO t(a) VALUES (1)
INSERT OR REPLACE INTO t(a) VALUES (1)
INSERT OR ROLLBACK INTO main.t(a) VALUES (1)
INSERT OR ABORT INTO t(a) VALUES (1)
INSERT OR FAIL INTO t(a) VALUES (1)
REPLACE INTO t(id, a) VALUES (1, 2)
INSERT INTO t AS x (a, b) VALUES (1, 2) ON CONFLICT (a, b) DO UPDATE SET c = excluded.c WHERE x.c > 1
INSERT INTO t(a) VALUES (1) ON CONFLICT DO NOTHING
INSERT INTO t(a) VALUES (1) ON CONFLICT (id) DO NOTHING ON CONFLICT (a, b) DO UPDATE SET a = 1, (b, c) = (1, 2)
INSERT INTO t(a) SELECT a FROM u WHERE true ON CONFLICT (a, b) DO UPDATE SET b = excluded.b RETURNING *
INSERT INTO t(a) SELECT u.a FROM u JOIN v ON u.a = v.a ON CONFLICT DO UPDATE SET a = 1
INSERT INTO t(a) WITH x AS (SELECT 1) SELECT * FROM x
WITH x AS (SELECT 1) INSERT INTO t(a) SELECT * FROM x
WITH replace AS (SELECT 1) REPLACE INTO t(a) SELECT * FROM replace
WITH x AS (SELECT 1 AS a) UPDATE t SET b = 1 WHERE a IN (SELECT a FROM x)
WITH x AS (SELECT 1 AS a) DELETE FROM t WHERE a IN x
UPDATE t SET a = 1
UPDATE t SET a = a + 1, b = (SELECT b FROM u WHERE u.id = t.id) WHERE id = 1
UPDATE t SET (a, b) = (1, 2)
UPDATE t SET (a, b) = (SELECT a, b FROM u LIMIT 1) WHERE c IS NOT NULL
UPDATE OR REPLACE t SET a = 1
UPDATE OR IGNORE main.t AS x SET a = 1 WHERE x.a = 2
UPDATE t INDEXED BY t_b SET a = 1 WHERE b = 'x'
UPDATE t SET a = u.a FROM u WHERE u.id = t.id
UPDATE t SET a = x.a FROM u AS x JOIN call ON x.a = call.call WHERE x.id = t.id RETURNING t.a, b
UPDATE w SET v = 1 WHERE k = 'x'
DELETE FROM t
DELETE FROM t WHERE a = 1
DELETE FROM main.t AS x NOT INDEXED WHERE x.a = 1 RETURNING id
DELETE FROM t WHERE id IN (SELECT id FROM u) RETURNING *
UPDATE t SET a = 1 WHERE b = 'x' ORDER BY id DESC LIMIT 2
UPDATE OR IGNORE t SET a = 1 LIMIT 1 OFFSET 1
DELETE FROM t WHERE a > 1 ORDER BY id LIMIT 2
DELETE FROM t ORDER BY a, b DESC LIMIT 1, 2
INSERT INTO docs(docs) VALUES ('rebuild')
INSERT INTO strict_one VALUES (1, 'x')
`;

const definitions = `
CREATE TABLE x(a)
CREATE TABLE x(a INTEGER PRIMARY KEY AUTOINCREMENT, b TEXT NOT NULL DEFAULT 'x', c REAL DEFAULT (1 + 2), d DEFAULT -1)
CREATE TABLE x(a UNIQUE ON CONFLICT REPLACE, b CHECK (b > 0) COLLATE nocase, c CONSTRAINT n NOT NULL)
CREATE TABLE x(a, b, c GENERATED ALWAYS AS (a + b) STORED, d AS (a * 2) VIRTUAL)
CREATE TABLE x(a, b, PRIMARY KEY (a, b), UNIQUE (b), CHECK (a < b), CONSTRAINT f FOREIGN KEY (a) REFERENCES t(id) DEFERRABLE INITIALLY DEFERRED)
CREATE TABLE x(a PRIMARY KEY, b) WITHOUT ROWID
CREATE TABLE x(a INTEGER, b TEXT) STRICT
CREATE TABLE x(a ANY PRIMARY KEY) STRICT, WITHOUT ROWID
CREATE TABLE x(a DEFAULT CURRENT_TIMESTAMP, b DEFAULT NULL, c DEFAULT TRUE, d DEFAULT x'00')
CREATE TABLE x(a VARCHAR(10), b UNSIGNED BIG INT, c DECIMAL(10, 5), "d e" "my type")
CREATE TABLE IF NOT EXISTS main.x(a REFERENCES t ON DELETE SET DEFAULT ON UPDATE CASCADE MATCH FULL)
CREATE TEMP TABLE x(a)
CREATE TEMPORARY TABLE x AS SELECT 1 AS a
CREATE TABLE x AS SELECT * FROM t
CREATE TABLE x AS WITH y AS (SELECT 1) SELECT * FROM y
CREATE TABLE x AS VALUES (1), (2)
CREATE TABLE IF NOT EXISTS main.x AS SELECT 1 UNION SELECT 2
CREATE VIEW x AS SELECT 1
CREATE VIEW x(a, b) AS SELECT 1, 2
CREATE TEMP VIEW IF NOT EXISTS x AS WITH y AS (SELECT 1) SELECT * FROM y UNION SELECT 2
CREATE INDEX x ON t(a)
CREATE UNIQUE INDEX IF NOT EXISTS main.x ON t(a DESC, lower(b), (c + 1)) WHERE a > 1 AND b IS NOT NULL
CREATE INDEX x ON t(a COLLATE nocase ASC)
CREATE VIRTUAL TABLE x USING fts5(a, b, tokenize = 'porter')
CREATE VIRTUAL TABLE IF NOT EXISTS main.x USING rtree(id, x0, x1)
CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; END
CREATE TRIGGER IF NOT EXISTS main.x BEFORE DELETE ON t FOR EACH ROW WHEN old.a > 1 BEGIN DELETE FROM u WHERE t_id = old.id; INSERT INTO u(a) VALUES (old.a); END
CREATE TEMP TRIGGER x AFTER UPDATE OF a, b ON t WHEN new.a IS NOT old.a BEGIN UPDATE u SET a = CASE WHEN 1 THEN 2 END; END
CREATE TRIGGER x INSTEAD OF INSERT ON v BEGIN INSERT INTO t(a) VALUES (new.a); SELECT RAISE(ABORT, 'no'); END
CREATE TRIGGER x AFTER INSERT ON t BEGIN INSERT INTO u(id) VALUES (1) ON CONFLICT DO UPDATE SET a = 1; SELECT RAISE(IGNORE); END
CREATE TRIGGER x AFTER INSERT ON t WHEN (SELECT count(*) FROM u) BEGIN REPLACE INTO u(id) SELECT 1; END
CREATE TRIGGER x BEFORE UPDATE ON t BEGIN SELECT RAISE(ABORT, 'not ' || new.a) WHERE new.b IS NULL; END
CREATE TRIGGER begin AFTER INSERT ON t BEGIN SELECT 1 AS begin; SELECT 2 AS end; END
ALTER TABLE t RENAME TO t2
ALTER TABLE t RENAME COLUMN a TO z
ALTER TABLE t RENAME a TO z
ALTER TABLE t ADD COLUMN z INTEGER NOT NULL DEFAULT 0 CHECK (z >= 0)
ALTER TABLE t ADD z AS (a + 1)
ALTER TABLE t DROP COLUMN c
ALTER TABLE t ALTER COLUMN a SET NOT NULL
ALTER TABLE t ALTER a DROP NOT NULL
ALTER TABLE t ADD CONSTRAINT n CHECK (a > 0)
ALTER TABLE t ADD CHECK (a <> 'x')
ALTER TABLE t DROP CONSTRAINT n
DROP TABLE t
DROP TABLE IF EXISTS nothing_here
DROP VIEW v
DROP INDEX t_b
DROP TRIGGER IF EXISTS main.old_trigger
`;

const others = `
BEGIN
BEGIN TRANSACTION
BEGIN DEFERRED
BEGIN IMMEDIATE TRANSACTION
BEGIN EXCLUSIVE
COMMIT
COMMIT TRANSACTION
END
END TRANSACTION
ROLLBACK
ROLLBACK TRANSACTION
ROLLBACK TO x
ROLLBACK TRANSACTION TO SAVEPOINT x
SAVEPOINT x
RELEASE x
RELEASE SAVEPOINT x
ATTACH ':memory:' AS aux
ATTACH DATABASE 'a' || 'b' AS x
DETACH aux
DETACH DATABASE aux
PRAGMA user_version
PRAGMA user_version = 5
PRAGMA main.cache_size = -2000
PRAGMA journal_mode(wal)
PRAGMA foreign_keys = ON
PRAGMA table_xinfo('t')
VACUUM
VACUUM main
VACUUM INTO 'file'
VACUUM main INTO :file
ANALYZE
ANALYZE main.t
REINDEX
REINDEX nocase
REINDEX EXPRESSIONS
PRAGMA optimize
REINDEX main.t
EXPLAIN SELECT 1
EXPLAIN QUERY PLAN SELECT * FROM t WHERE a = 1
EXPLAIN INSERT INTO t(a) VALUES (1)
EXPLAIN QUERY PLAN WITH x AS (SELECT 1) SELECT * FROM x
EXPLAIN CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; SELECT 2; END
EXPLAIN CREATE TABLE x(a)
EXPLAIN BEGIN
`;

export const statements: readonly string[] = [
  literals,
  expressions,
  names,
  queries,
  changes,
  definitions,
  others,
]
  .flatMap((group) => group.split("\n"))
  .filter((line) => line !== "");
