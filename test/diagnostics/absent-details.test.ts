/** What messages say where a detail is not known: whole sentences, without a gap where it would have stood. */
import { describe, expect, test } from "vitest";
import { diagnostic } from "../../src/diagnostics/diagnostic.ts";
import { errorText } from "../../src/diagnostics/error-text.ts";
import { failureTexts, secretTexts } from "../../src/diagnostics/messages/connect.ts";
import { callError } from "../../src/catalog/problem.ts";

describe("why a key could not be had", () => {
  test.each([
    [
      secretTexts.loginEnded({ name: "work" }),
      "the login has expired or was revoked: callsql connect login work",
    ],
    [
      secretTexts.loginEnded({ name: "work", description: "unused for a year" }),
      "the login has expired or was revoked (unused for a year): callsql connect login work",
    ],
    [secretTexts.loginRefused({ code: "access_denied" }), "the provider answered access_denied"],
    [
      secretTexts.notKept({ place: "store", account: "work" }),
      "the file that callsql keeps it in is not there; callsql connect add work --replace asks for it",
    ],
  ])("%s", (said, whole) => {
    expect(said).toBe(whole);
  });
});

test("a profile that is wrong as a whole names its file alone", () => {
  const file = "/home/me/connections.toml";
  const { message } = diagnostic("connect/bad-profiles", { file, problem: "is not TOML" });
  expect(message).toBe(`${file} is not TOML`);
});

test("an answer without a content type says so", () => {
  expect(failureTexts.notJson({ contentType: "", start: "<html>" })).toBe(
    "the answer is not JSON (no content type): <html>",
  );
});

test("a number with one bound is told that bound", () => {
  const said = (bounds: { min?: number; max?: number }): string =>
    callError("call/out-of-range", { parameter: "Temperature", found: "9", ...bounds }).message;
  expect(
    [said({ max: 2 }), said({ min: 0 }), said({ min: 0, max: 2 })].map(
      (text) => /[<>]= \d|between.*/.exec(text)?.[0],
    ),
  ).toEqual(["<= 2", ">= 0", expect.stringMatching(/^between 0 and 2/)]);
});

test("two databases that look like SQL are told where SQL goes", () => {
  const hintOf = (databases: string[]) => diagnostic("cli/two-databases", { databases }).hint;
  expect(hintOf(["a.db", "SELECT 1"])).toBe("SQL text and dot-commands go behind -c");
  expect(hintOf(["a.db", ".tables"])).toBe("SQL text and dot-commands go behind -c");
  expect(hintOf(["a.db", "b.db"])).toMatch(/ATTACH/);
});

test("what is thrown and is no Error is told as text", () => {
  expect([errorText(new Error("full")), errorText("full"), errorText(undefined)]).toEqual([
    "full",
    "full",
    "undefined",
  ]);
});
