import { expect, test } from "vitest";
import { isComplete } from "../../src/parser/complete.ts";
import { cut, parse } from "./support.ts";

function split(text: string): string[] {
  return parse(text).statements.map((item) => cut(text, item.span));
}

test("statements end at semicolons, and empty ones are dropped", () => {
  expect(split("SELECT 1; ;; SELECT 2 ; ")).toEqual(["SELECT 1", "SELECT 2"]);
  expect(split("")).toEqual([]);
  expect(split(" -- nothing\n;/* here */")).toEqual([]);
});

test("a semicolon in a text, a quoted name or a comment ends nothing", () => {
  expect(split("SELECT ';', \";\", [;], `;` -- ;\n /* ; */ + 1; SELECT 2")).toHaveLength(2);
});

const trigger =
  "CREATE TRIGGER t AFTER INSERT ON u BEGIN SELECT 1; UPDATE u SET a = CASE WHEN 1 THEN 2 END; END";

test.each([
  trigger,
  trigger.replace("CREATE", "CREATE TEMP"),
  trigger.replace("CREATE", "create temporary"),
  trigger.replace("CREATE", "EXPLAIN CREATE"),
  trigger.replace("CREATE", "EXPLAIN QUERY PLAN CREATE"),
  trigger.replace("CREATE", "CREATE /* ; */"),
])("a trigger is one statement: %s", (text) => {
  expect(split(`${text}; SELECT 2`)).toEqual([text, "SELECT 2"]);
});

test("a trigger without its END takes in the rest, as in sqlite3", () => {
  expect(split("CREATE TRIGGER t AFTER INSERT ON u BEGIN SELECT 1; SELECT 2; SELECT 3")).toHaveLength(1);
});

test("END in front of no semicolon does not end a trigger", () => {
  expect(split("CREATE TRIGGER t AFTER INSERT ON u BEGIN SELECT 1; END x; END; SELECT 2")).toHaveLength(2);
});

test("BEGIN and END of a transaction are statements of their own", () => {
  expect(split("BEGIN; SELECT 1; END; CREATE TABLE trigger(a); SELECT 2")).toHaveLength(5);
});

test.each(["SELECT 1;", "SELECT 1; -- x", "SELECT 1; /* x */", ";", `${trigger};`, "SELECT ';';"])(
  "%s is complete",
  (text) => expect(isComplete(text)).toBe(true),
);

test.each([
  "",
  " ",
  "-- x",
  "SELECT 1",
  "SELECT 1; SELECT",
  "SELECT ';",
  "SELECT 1; /* x",
  'SELECT 1; "',
  trigger,
  "CREATE TRIGGER t AFTER INSERT ON u BEGIN SELECT 1;",
  "CALL P('a",
])("%s is not complete", (text) => {
  expect(isComplete(text)).toBe(false);
});
