/** Statements of strangers that stop halfway: refused by what is there, never a failure of ours. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { DiagnosticError, openSession, type Session } from "../../src/index.ts";

let session: Session;
beforeAll(async () => {
  session = await openSession({ database: ":memory:", confined: { isWritable: true }, env: {} });
});
afterAll(() => session.close());

test.each([
  ["PRAGMA", "serve/pragma-refused"],
  ["PRAGMA main.", "serve/pragma-refused"],
  ["EXPLAIN", "serve/statement-refused"],
  ["EXPLAIN QUERY PLAN", "serve/statement-refused"],
  ["CREATE TEMP TABLE x AS CALL ModerateText('a')", "serve/temporary-refused"],
  ["CALL ModerateText('a') INTO TEMP x", "serve/temporary-refused"],
  ["CREATE VIRTUAL TABLE x USING", "sql/error"],
])("%s: %s", async (sql, code) => {
  const error: unknown = await session.execute(sql).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DiagnosticError);
  expect(error instanceof DiagnosticError ? error.code : error).toBe(code);
});
