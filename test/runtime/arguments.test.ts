/** What plain JavaScript may hand to the public functions: a coded error at once, never a TypeError from deep inside. */
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as callsql from "../../src/index.ts";
import { DiagnosticError, openSession, type Session } from "../../src/index.ts";

const wrong = [undefined, null, 1, 10n, "x", true, [], {}, Symbol("s"), () => {}, Number.NaN];

let session: Session;
beforeAll(async () => {
  session = await openSession({ env: {}, connection: "offline" });
});
afterAll(() => session.close());

/** What JavaScript can do and the types cannot. */
function untyped(target: object): Record<string, (...values: unknown[]) => unknown> {
  return target as Record<string, (...values: unknown[]) => unknown>;
}

/** Calls with each wrong value at one place: what was thrown that has no code. */
async function uncoded(call: (value: unknown) => unknown): Promise<string[]> {
  const found: string[] = [];
  for (const value of wrong) {
    try {
      await call(value);
    } catch (error) {
      if (!(error instanceof DiagnosticError) || error.code === "internal/bug")
        found.push(`${inspect(value)}: ${inspect(error)}`);
    }
  }
  return found;
}

const statement = "SELECT :a AS a";
/** Of each method: arguments that are right. */
const methods: Readonly<Record<string, readonly unknown[]>> = {
  parse: [statement],
  execute: [statement, { a: 1 }, {}],
  readStatement: [statement],
  prepare: [statement],
  explain: [statement, { a: 1 }, {}],
  importRows: ["imported", ["a"], [[1]], {}],
  beginRun: [{ name: "run", identity: "none" }],
  refreshModels: [{}],
  pruneRuns: [1],
  callAlone: [statement, { a: 1 }, {}],
  isCallAlone: [statement],
  connectionFacts: ["offline"],
  buyCalls: [[], {}],
  recordedAnswers: [[], {}],
  setOption: ["cache", "off"],
  setVariable: ["a", 1],
};
const places = Object.entries(methods).flatMap(([name, right]) => right.map((_, at) => [name, at] as const));

test.each(places)("session.%s refuses a wrong argument %d", async (name, at) => {
  const right = methods[name] ?? [];
  expect(await uncoded((value) => untyped(session)[name]?.(...right.with(at, value)))).toEqual([]);
});

test.each([0, 1, 2])("session.executeForEach refuses a wrong argument %d", async (at) => {
  const right: readonly unknown[] = [statement, [{ a: 1 }], {}];
  const run = async (value: unknown): Promise<unknown> =>
    Array.fromAsync(untyped(session)["executeForEach"]?.(...right.with(at, value)) as AsyncIterable<unknown>);
  expect(await uncoded(run)).toEqual([]);
});

test.each(["database", "readonly", "connection", "connections", "env", "ledger", "models", "procedures"])(
  "openSession refuses a wrong %s",
  async (option) => {
    const open = async (value: unknown): Promise<void> => {
      // A text is the name of a file, which would be made.
      if (value === "x") return;
      await using opened = await openSession({ env: {}, [option]: value });
      await opened.execute("SELECT 1");
    };
    expect(await uncoded(open)).toEqual([]);
  },
);

test("openSession refuses options that are none", async () => {
  await expect(untyped(callsql)["openSession"]?.(null)).rejects.toMatchObject({
    code: "session/bad-argument",
  });
});

test("a session that is closed says so, whatever it is asked", async () => {
  const closed = await openSession({ env: {}, connection: "offline" });
  await closed.close();
  const silent = new Set([
    "parse",
    "readStatement",
    "prepare",
    "isCallAlone",
    "connectionFacts",
    "setOption",
    "setVariable",
  ]);
  for (const [name, right] of Object.entries(methods).filter(([each]) => !silent.has(each)))
    await expect((async () => untyped(closed)[name]?.(...right))(), name).rejects.toMatchObject({
      code: "session/closed",
    });
  expect(() => closed.executeForEach(statement, [{ a: 1 }])).toThrow("session/closed");
});

test("statements of our own are no calls that run alone", () => {
  expect(session.callAlone("SET cache = off")).toBeUndefined();
  const [own] = session.parse("SHOW OPTIONS").statements;
  expect(own && session.isCallAlone(own)).toBe(false);
});

test.each([
  "isComplete",
  "highlight",
  "listConnections",
  "describeConnection",
  "removeConnection",
  "setDefaultConnection",
  "logoutConnection",
])("%s refuses a wrong argument", async (name) => {
  const env = { XDG_CONFIG_HOME: "/nonexistent" };
  expect(await uncoded((value) => untyped(callsql)[name]?.(value, { env }))).toEqual([]);
});

describe("defineProcedure", () => {
  const right = {
    name: "Own",
    summary: "s",
    source: "in-house",
    endpoint: "responses",
    parameters: { Text: { type: "text", summary: "s" } },
    primary: "A",
    columns: { A: { type: "text", summary: "s" } },
    examples: [],
    request: () => ({}),
    row: () => ({ cells: {} }),
  };
  const define = (definition: unknown): unknown => untyped(callsql)["defineProcedure"]?.(definition);

  test("takes what is right", () => {
    expect(define(right)).toMatchObject({ name: "Own" });
  });

  test("refuses what is no definition", async () => {
    expect(await uncoded(define)).toEqual([]);
    expect(() => define(undefined)).toThrow("defineProcedure's definition is a value of type undefined");
  });

  test.each(Object.keys(right))("refuses a wrong %s", async (part) => {
    expect(await uncoded((value) => define({ ...right, [part]: value }))).toEqual([]);
  });

  test("says of all parts that are missing which they are", () => {
    expect(() => define({ name: "Own", columns: { A: null } })).toThrow(
      expect.objectContaining({
        diagnostics: [
          expect.objectContaining({ message: 'procedure "Own": "parameters" is no object' }),
          expect.objectContaining({ message: 'procedure "Own": "columns.A" is no object' }),
        ],
      }),
    );
  });
});
