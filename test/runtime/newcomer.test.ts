/** What a newcomer's mistakes are told, and where. */
import { expect, test } from "vitest";
import { DiagnosticError, openSession, type Diagnostic } from "../../src/index.ts";

async function mistakeIn(sql: string): Promise<Diagnostic | undefined> {
  await using session = await openSession({ connection: "offline" });
  try {
    await (await session.execute(sql)).all();
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    return error.diagnostics[0];
  }
  return undefined;
}

function marked(sql: string, found: Diagnostic | undefined): string | undefined {
  return found?.span === undefined ? undefined : sql.slice(found.span.start, found.span.end);
}

test.each([
  ["CALL GenerateResponse('x', Temperature => 'hot')", "'hot'"],
  ["CALL GetEmbeddings(NULL)", "NULL"],
])("%s: the argument is marked", async (sql, text) => {
  expect(marked(sql, await mistakeIn(sql))).toBe(text);
});

test("a number that is none is told how numbers are written, a NULL how rows are left out", async () => {
  expect((await mistakeIn("CALL GenerateResponse('x', Temperature => 'hot')"))?.hint).toContain(
    "without quotes",
  );
  expect((await mistakeIn("CALL GetEmbeddings(NULL)"))?.hint).toMatch(/IS NOT NULL.*coalesce/);
});

test.each([
  ["SELECT 1\nSELECT 2", "SELECT"],
  ["SELECT 1\nCALL ModerateText('x')", "CALL"],
  ["SELECT 1\nSET cache = 'on'", "SET"],
  ["PRAGMA foreign_keys\nSELECT 2", "SELECT"],
  ["CREATE TABLE t(a)\ninsert INTO t VALUES (1)", "INSERT"],
])("%s: the missing semicolon is said", async (sql, word) => {
  expect((await mistakeIn(sql))?.hint).toBe(`statements end in ";": one is missing before ${word}`);
});

test.each(["SELECT 1 FROM\nSELECT 2", "SELECT 1 SELECT 2", "EXPLAIN\nSELECT 1 2"])(
  "%s: a known word is not offered in its own place",
  async (sql) => {
    const found = await mistakeIn(sql);
    expect(found?.code).toBe("sql/error");
    expect(found?.hint).toBeUndefined();
  },
);

test("variables that are numbers are values of ? and ?1; values given come first, NULL too", async () => {
  await using session = await openSession();
  session.setVariable("1", "one");
  session.setVariable("2", 2);
  const row = async (binds: readonly (string | null)[] | Record<string, string>) =>
    (await session.execute("SELECT ?1 AS a, ? AS b", binds)).first();
  expect(await row({})).toEqual({ a: "one", b: 2 });
  expect(await row([null])).toEqual({ a: null, b: 2 });
});

test("SHOW OPTIONS and sys_options say what an option may be", async () => {
  await using session = await openSession();
  for (const sql of ["SHOW OPTIONS", "SELECT * FROM sys_options"]) {
    const rows = await (await session.execute(sql)).all();
    const allowed = new Map(rows.map((row) => [row["option"], row["allowed"]]));
    expect(allowed.get("on_error")).toBe("auto, abort, row");
    expect(allowed.get("dedup")).toBe("on or off");
    expect(allowed.get("concurrency")).toBe("a whole number from 1 to 512");
    expect(allowed.get("text_model")).toBe("text");
  }
});
