/** What SQLite is given: each call site under its private name, every other byte as the user wrote it. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { createCatalog } from "../../src/catalog/catalog.ts";
import { DiagnosticSink } from "../../src/diagnostics/diagnostic.ts";
import { parseScript } from "../../src/parser/parse.ts";
import { bindSites } from "../../src/runtime/bind.ts";
import { rewrite, type Rewritten } from "../../src/runtime/rewrite.ts";
import { echoProcedures } from "../support/echo.ts";

const catalog = createCatalog(echoProcedures);
const frozen = { last_insert_rowid: 7n, changes: 3n, total_changes: 9n };

function rewritten(sql: string): string {
  return rewriteOf(sql).text;
}

function rewriteOf(sql: string): Rewritten {
  const source = { name: "test", text: sql };
  const [statement] = parseScript(source, {
    isProcedure: (name) => catalog.find(name) !== undefined,
  }).statements;
  if (statement?.kind !== "sql") throw new Error(`not one SQL statement: ${sql}`);
  const sink = new DiagnosticSink(source);
  const sites = bindSites(statement.sites, { catalog, hasDefault: () => false }, sink);
  sink.throwIfErrors();
  return rewrite({ source, statement, sites, frozen });
}

const cases: [string, string][] = [
  ["CALL P('a')", "SELECT * FROM callsql_1_P(ifnull('a', callsql_null()))"],
  ["CALL P('a') INTO made", "CREATE TABLE made AS SELECT * FROM callsql_1_P(ifnull('a', callsql_null())) "],
  [
    "CALL P('a') INTO TEMP made",
    "CREATE TEMP TABLE made AS SELECT * FROM callsql_1_P(ifnull('a', callsql_null())) ",
  ],
  ["SELECT r.R FROM t, P(t.x) r", "SELECT r.R FROM t, callsql_1_P(ifnull(t.x, callsql_null())) r"],
  ["SELECT P(x) AS a FROM t", "SELECT callsql_1_P(x) AS a FROM t"],
  ["SELECT P(x) FROM t", 'SELECT callsql_1_P(x) AS "P(x)" FROM t'],
  ['SELECT P("a""b") FROM t', 'SELECT callsql_1_P("a""b") AS "P(""a""""b"")" FROM t'],
  ["SELECT 1 FROM t WHERE P(x) = 'a'", "SELECT 1 FROM t WHERE (SELECT callsql_1_P(x)) = 'a'"],
  [
    "SELECT 1 FROM t WHERE 'a' IN P(x)",
    `SELECT 1 FROM t WHERE 'a' IN (SELECT "R" FROM callsql_1_P(ifnull(x, callsql_null())))`,
  ],
  ["SELECT P(y => 'b', x => Q('a')) AS v", "SELECT callsql_1_P(callsql_2_Q('a'), 'b') AS v"],
  ["SELECT P(y => 'b') AS v", "SELECT callsql_1_P(NULL, 'b') AS v"],
  ["SELECT P(x, CallKey => id) AS v FROM t", "SELECT callsql_1_P(x, NULL, id) AS v FROM t"],
  ["SELECT ?, P(y => ?, x => ?) AS v, :n", "SELECT ?1, callsql_1_P(?3, ?2) AS v, :n"],
  ["SELECT P(?2) AS v, ?", "SELECT callsql_1_P(:2) AS v, :3"],
  [
    "CREATE VIEW v AS SELECT P(x) AS r, changes() AS c FROM t",
    "CREATE VIEW v AS SELECT callsql_P(x) AS r, changes() AS c FROM t",
  ],
  ["CREATE VIEW v AS SELECT P(x) AS r FROM t", "CREATE VIEW v AS SELECT callsql_P(x) AS r FROM t"],
  [
    "CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO o SELECT P(new.x) AS r, changes(); END",
    "CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO o SELECT callsql_P(new.x) AS r, changes(); END",
  ],
  [
    "INSERT INTO o SELECT P(changes() || last_insert_rowid())",
    `INSERT INTO o SELECT callsql_1_P((3 + 0) || (7 + 0)) AS "P(changes() || last_insert_rowid())"`,
  ],
];
for (const [sql, expected] of cases) test(sql, () => expect(rewritten(sql)).toBe(expected));

test("each private name comes with its site; a stored definition has none", () => {
  const sql = "SELECT P(Q('a')) AS v, P('b') AS w";
  const { names, sites } = rewriteOf(sql);
  const called = sites.map(({ span }) => sql.slice(span.start, span.end));
  expect(names.map(({ number, procedure }) => `${number} ${procedure.name}`)).toEqual(["1 P", "2 Q", "3 P"]);
  expect(called).toEqual(["P(Q('a'))", "Q('a')", "P('b')"]);
  expect(rewriteOf("CREATE VIEW v AS SELECT P(x) AS r FROM t")).toMatchObject({ names: [], sites: [] });
});

test("every byte outside a call site stays, whatever stands there", () => {
  const filler = fc.constantFrom(
    "'it''s'",
    "x'00'",
    '"é €"',
    "[a b]",
    "`c`",
    "-1.5e3",
    ":v",
    "/* P(1) */ 2",
    "'P(x)'",
    "\u{1F600}b",
    "0xFF",
    "-- P(2)\n 3",
    "'\r\n'",
  );
  fc.assert(
    fc.property(fc.array(filler, { maxLength: 6 }), fc.array(filler, { maxLength: 6 }), (before, after) => {
      const list = (items: readonly string[]): string => items.map((item) => `${item} AS n, `).join("\t ");
      const prefix = `SELECT ${list(before)}`;
      const suffix = ` AS called, ${list(after)} 1 AS last FROM t`;
      expect(rewritten(`${prefix}P( 'a' )${suffix}`)).toBe(`${prefix}callsql_1_P('a')${suffix}`);
    }),
    { numRuns: 300 },
  );
});
