/** What a client is told when something ends out of turn: mistakes of ours, requests of one id, a pipe that stops. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { diagnostic, DiagnosticError, warning } from "../../src/index.ts";
import { problemOf } from "../../src/server/problem.ts";
import { startOpenAIServer, type OpenAIServer } from "../support/openai-server.ts";
import { sayToPipe } from "./support/piping.ts";

let api: OpenAIServer;
beforeAll(async () => {
  api = await startOpenAIServer();
});
afterAll(() => api.close());

describe("a problem", () => {
  test.each<readonly [string, unknown]>([
    ["a mistake of ours", new TypeError("/home/secret is undefined")],
    ["what is no Error", "/home/secret"],
    [
      "a ledger that is damaged",
      new DiagnosticError([diagnostic("ledger/damaged", { file: "/home/secret", reason: "rot" })]),
    ],
  ])("hides %s", (_, error) => {
    const problem = problemOf(error);
    expect(problem).toMatchObject({ code: "internal/bug", status: 500 });
    expect(JSON.stringify(problem)).not.toContain("secret");
  });

  test("of a call that is not recorded is the client's to know", () => {
    const error = new DiagnosticError([diagnostic("ledger/not-recorded", { procedure: "P" })]);
    expect(problemOf(error)).toMatchObject({
      code: "ledger/not-recorded",
      title: expect.stringContaining("P") as string,
    });
  });

  test("is called after its first error, and tells the warnings beside it", () => {
    const error = new DiagnosticError([
      warning("cli/open-transaction", {}),
      diagnostic("call/cancelled", {}),
    ]);
    expect(problemOf(error)).toMatchObject({
      code: "call/cancelled",
      diagnostics: [{ severity: "warning" }, { severity: "error" }],
    });
  });
});

describe("a pipe", () => {
  const say = async (lines: readonly object[], signal?: AbortSignal): Promise<Record<string, unknown>[]> =>
    sayToPipe(api.url, lines, { rowsMax: 9, requestsMax: 9, ...(signal === undefined ? {} : { signal }) });
  const select = { route: "/v1/execute", body: { command: "SELECT 1 AS one" } };

  test("refuses a second request with the id of one that runs; the first is answered", async () => {
    const said = await say([
      { id: 1, ...select },
      { id: 1, ...select },
    ]);
    expect(new Set(said.map(({ status }) => status))).toEqual(new Set([200, 400]));
    expect(JSON.stringify(said)).toContain("has the id of a request that is running");
  });

  test("takes no notice of rows, an end and a cancel for an id that nobody asked under", async () => {
    const said = await say([
      { id: 7, row: { a: 1 } },
      { id: 7, end: true },
      { id: 7, cancel: true },
      { id: 8, ...select },
    ]);
    expect(said).toMatchObject([{ id: 8, status: 200 }]);
  });

  test("gives metrics, which are no JSON, as one text", async () => {
    const [said] = await say([{ id: 1, route: "/metrics" }]);
    expect(said).toMatchObject({ id: 1, status: 200, body: expect.stringContaining("callsql_") as string });
  });

  test("that is to stop reads no further line", async () => {
    const said = await say(
      [
        { id: 1, ...select },
        { id: 2, ...select },
      ],
      AbortSignal.abort(),
    );
    expect(said.map(({ id }) => id)).toEqual([1]);
    expect(said[0]).toMatchObject({ body: { code: "call/cancelled" } });
  });
});
