/** Mistakes in a procedure's definition: each is named, all of them at once, when it is defined or given to a session. */
import { describe, expect, test } from "vitest";
import { DiagnosticError, defineProcedure, openSession, type Procedure } from "../../src/index.ts";

const good = {
  name: "Echo",
  summary: "Gives back what it gets.",
  source: "this test",
  endpoint: "responses",
  parameters: { Text: { type: "text", required: true, summary: "" } },
  primary: "Result",
  columns: { Result: { type: "text", summary: "" } },
  examples: [],
  request: () => ({}),
  row: () => ({ cells: { Result: "" } }),
} as const;

/** As JavaScript would call it. */
function define(changes: object): Procedure {
  return defineProcedure({ ...good, ...changes });
}

function messagesOf(work: () => unknown): readonly string[] {
  try {
    work();
    return [];
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    expect(new Set(error.diagnostics.map(({ code }) => code))).toEqual(new Set(["session/bad-procedure"]));
    return error.diagnostics.map(({ message }) => message);
  }
}

const many = (count: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`P${index}`, { type: "text", summary: "" }]),
  );
const text = { type: "text", summary: "" };

test("a good definition, and one with as many parameters as SQLite takes", async () => {
  expect(messagesOf(() => define({}))).toEqual([]);
  const wide = define({ name: "Wide", parameters: many(30) });
  await using session = await openSession({ procedures: [wide], env: {} });
  expect(session.prepare("CALL Wide(:P0, P29 => :x, CallKey => 1, Connection => 'c')").columns).toHaveLength(
    1 + 11 + 30,
  );
});

describe("is refused", () => {
  const cases: [string, object, RegExp][] = [
    ["a name that is no word", { name: "My Echo" }, /"My Echo" is no name in SQL/],
    ["an endpoint that is none", { endpoint: "chat" }, /there is no endpoint "chat"/],
    ["a request that is no function", { request: {} }, /"request" is no function/],
    ["31 parameters", { parameters: many(31) }, /has "31" parameters, and 30 is the most/],
    ["a parameter that is no word", { parameters: { "a-b": text } }, /parameter "a-b" has no name/],
    [
      "an alias of another parameter",
      { parameters: { A: text, B: { ...text, aliases: ["a"] } } },
      /two parameters .* "a"/,
    ],
    ["a parameter CallKey", { parameters: { callkey: text } }, /parameter "callkey" .* every call has/],
    ["a parameter Connection", { parameters: { Connection: text } }, /"Connection" .* every call has/],
    ["a parameter of no type", { parameters: { A: { type: "string" } } }, /parameter "A" has no type of/],
    [
      "a default out of range",
      { parameters: { A: { type: "integer", default: 9, max: 5, summary: "" } } },
      /default of parameter "A"/,
    ],
    ["a column that a parameter has", { parameters: { result: text } }, /two columns are named "result"/],
    [
      "a column of the common ones",
      { columns: { Result: text, status: text } },
      /two columns are named "status"|"Status"/,
    ],
    ["a column of no type", { columns: { Result: { type: "float" } } }, /column "Result" has no type of/],
    ["a primary column that is none", { primary: "Answer" }, /primary column "Answer"/],
    ["a pack by what is no parameter", { pack: { by: ["Model"] } }, /packs by "Model"/],
  ];
  test.each(cases)("%s", (_, changes, expected) => {
    const messages = messagesOf(() => define(changes));
    expect(messages).toHaveLength(1);
    expect(messages[0]).toMatch(expected);
  });

  test("everything at once", () => {
    const messages = messagesOf(() => define({ name: "1", endpoint: "", primary: "x", row: undefined }));
    expect(messages).toHaveLength(4);
  });
});

describe("a session refuses", () => {
  const cases: [string, readonly unknown[], RegExp][] = [
    ["a procedure of a shipped one's name", [define({ name: "CLASSIFYTEXT" })], /two procedures are named/],
    ["one of a function's name", [define({ name: "Upper" })], /"Upper" is a function of SQLite's/],
    ["what defineProcedure did not make", [good], /not made by defineProcedure/],
    ["nothing at all", [null], /not made by defineProcedure/],
    [
      "an overload of nothing",
      [define({ overloads: [{ when: "Text", use: "Nothing" }] })],
      /stands for "Nothing"/,
    ],
  ];
  test.each(cases)("%s", async (_, procedures, expected) => {
    const opening = openSession({ procedures: procedures as Procedure[], env: {} });
    await expect(opening).rejects.toThrow(expected);
    await expect(opening).rejects.toMatchObject({ code: "session/bad-procedure" });
  });
});
