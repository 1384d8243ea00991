/** What SQLite does not know, and what was perhaps meant. */
import { expect, test } from "vitest";
import { DiagnosticError } from "../../src/index.ts";
import { openEcho } from "../support/echo.ts";

test.each([
  ["SELECT * FROM review", 'did you mean "reviews"?'],
  ["SELECT bdy FROM reviews", 'did you mean "body"?'],
  ["SELECT r.bdy FROM reviews r", 'did you mean "body"?'],
  ["SELECT P(bdy) FROM reviews", 'did you mean "body"?'],
  ["SELECT P(body) FROM main.review", 'did you mean "reviews"?'],
  ["UPDATE reviews SET mod = P(body)", 'did you mean "mood"?'],
  ["INSERT INTO reveiws(body) VALUES (P('x'))", 'did you mean "reviews"?'],
  // A view's columns are columns, too; those of tables that the statement does not name are not meant.
  ["SELECT gst FROM gists", 'did you mean "gist"?'],
  ["SELECT gst FROM reviews", "a text stands in single quotes: 'gst'; a value from outside is a bind: :gst"],
  ["SELECT * FROM nothing_like_it", undefined],
  // Procedures come first.
  ["SELECT PP('x')", 'did you mean "P"?'],
])("%s", async (sql, hint) => {
  const { session, asked } = await openEcho(() => "answer");
  await session.execute("CREATE TABLE reviews(id INTEGER PRIMARY KEY, body, mood)");
  await session.execute("CREATE VIEW gists AS SELECT id, P(body) AS gist FROM reviews");
  const hintOf = (work: Promise<unknown>): Promise<string | undefined> =>
    work.then(
      () => "it works",
      (error: unknown) => (error instanceof DiagnosticError ? error.diagnostics[0]?.hint : String(error)),
    );
  expect(await hintOf(session.execute(sql))).toBe(hint);
  expect(await hintOf(session.explain(sql))).toBe(hint);
  expect(asked).toEqual([]);
  await session.close();
});

test("a view that no longer compiles is no obstacle", async () => {
  const { session } = await openEcho(() => "answer");
  await session.execute("CREATE TABLE reviews(body)");
  await session.execute("CREATE VIEW reviewed AS SELECT lost FROM reviews_of_old");
  await expect(session.execute("SELECT bdy FROM reviews, reviewed")).rejects.toThrow(/no such/);
  await session.close();
});
