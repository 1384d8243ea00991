/** The server's edges, over real HTTP: tagged values, tokens as files and times, a busy server, one without a key. */
import { mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { main } from "../../src/cli/main.ts";
import { TokenStore } from "../../src/server/tokens.ts";
import { usdOf } from "../../src/server/values.ts";
import { fakeTerminal } from "../cli/support/terminal.ts";
import { faults } from "../support/openai-server.ts";
import { ask, startServing, type Asked } from "./support/serving.ts";
import { shareServing } from "./support/shared.ts";

const { api, serving, token } = await shareServing();

describe("a tagged value", () => {
  test.each<readonly [string, string]>([
    ['{"type": "text", "value": "7"}', "text 7"],
    ['{"type": "integer", "value": 9007199254740993}', "integer 9007199254740993"],
    ['{"type": "integer", "value": -9223372036854775808}', "integer -9223372036854775808"],
    ['{"type": "boolean", "value": true}', "integer 1"],
    ['{"type": "json", "value": [1]}', "text [1]"],
    ['{"type": "bytes", "value": null}', "null "],
    ['{"type": "text", "value": "7", "more": 1}', 'text {"type":"text","value":"7","more":1}'],
  ])("%s is %s", async (given, wanted) => {
    const body = `{"command": "SELECT typeof(:v) || ' ' || ifnull(:v, '') AS seen", "parameters": {"v": ${given}}}`;
    const answer = await ask(serving, "/v1/execute", { token, body });
    expect(answer).toMatchObject({ status: 200, body: { rows: [{ seen: wanted }] } });
  });

  test.each<readonly [string, string]>([
    ['{"type": "text", "value": 7}', "a JSON string"],
    ['{"type": "integer", "value": 9223372036854775808}', "a whole number of 64 bits"],
    ['{"type": "integer", "value": 1.5}', "a whole number of 64 bits"],
    ['{"type": "real", "value": "1"}', "a number"],
    ['{"type": "boolean", "value": 1}', "true or false"],
    ['{"type": "bytes", "value": "?"}', "base64"],
    ['{"type": "date", "value": 1}', "type text, integer, real, boolean, bytes or json"],
  ])("%s is refused: expected %s", async (given, wanted) => {
    const answer = await ask(serving, "/v1/execute", {
      token,
      body: `{"command": "SELECT :v", "parameters": {"v": ${given}}}`,
    });
    expect(answer).toMatchObject({ status: 400, body: { code: "serve/bad-body" } });
    expect(answer.text).toContain(wanted);
  });
});

describe("tokens", () => {
  const home = mkdtempSync(join(tmpdir(), "callsql-tokens-"));
  const file = join(home, "tokens.json");
  const callsql = async (...args: string[]) => {
    const terminal = fakeTerminal({ env: { HOME: home }, stdin: "" });
    const code = await main(["serve", "token", ...args, "--tokens", file], terminal);
    return { code, out: terminal.out(), err: terminal.err() };
  };

  test("are made, listed and revoked on the command line, with limits and an end", async () => {
    const made = await callsql(
      "create",
      "ci",
      "--expires",
      "2",
      "--rate",
      "60",
      "--procedures",
      "ModerateText,GetEmbeddings",
    );
    expect(made).toMatchObject({ code: 0, err: expect.stringContaining("as a hash only") });
    expect(await callsql("create", "ci")).toMatchObject({
      code: 2,
      err: expect.stringContaining("serve/token-exists"),
    });
    expect(await callsql("create", "a b")).toMatchObject({
      code: 2,
      err: expect.stringContaining("serve/bad-token-name"),
    });
    expect((await callsql("list")).out).toMatch(
      /^ci {2}createdAt=\S+ {2}expiresAt=\S+ .*procedures=ModerateText,GetEmbeddings/,
    );
    const [listed] = JSON.parse((await callsql("list", "--json")).out) as {
      name: string;
      expiresAt: string;
    }[];
    const hours = (Date.parse(listed?.expiresAt ?? "") - Date.now()) / 3_600_000;
    expect(listed?.name).toBe("ci");
    expect(hours).toBeGreaterThan(47);
    expect(hours).toBeLessThan(49);
    const wrong = await callsql("revoke", "cj");
    expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining('did you mean "ci"?') });
    expect(await callsql("revoke", "ci")).toMatchObject({
      code: 0,
      err: expect.stringContaining('token "ci" is revoked'),
    });
    expect((await callsql("list")).out).toBe("");
  });

  test.each([
    ["{", "it is not JSON"],
    ["[]", "it does not hold tokens"],
    ['{"tokens": [{"name": "x"}]}', "it does not hold tokens"],
  ])("a file that holds %s is named, and not written over", async (content, problem) => {
    writeFileSync(file, content);
    expect(await callsql("list")).toMatchObject({ code: 2, err: expect.stringContaining(problem) });
    expect(await callsql("create", "x")).toMatchObject({ code: 2, out: "" });
  });

  test("a link in the file's place is not followed", () => {
    const link = join(home, "link.json");
    symlinkSync(join(home, "elsewhere.json"), link);
    expect(() => new TokenStore(link).create("x", {})).toThrow(/it is a symbolic link/);
  });

  test("that have ended are none", async () => {
    const store = new TokenStore(join(serving.folder, "tokens.json"));
    const [past, future] = [-1000, 60_000].map((ms) =>
      store.create(`t${ms + 1000}`, {}, new Date(Date.now() + ms)),
    );
    expect(await ask(serving, "/v1/runs", { token: past ?? "" })).toMatchObject({ status: 401 });
    expect(await ask(serving, "/v1/runs", { token: future ?? "" })).toMatchObject({ status: 200 });
  });
});

test("more requests at once than are allowed are asked to come again, and health is answered all the same", async () => {
  await using busy = await startServing(api.url, { limits: { requestsMax: 1 } });
  const as = busy.token("first");
  api.script(faults.delay(1500));
  const slow = ask(busy, "/v1/execute", { token: as, body: { command: "CALL ModerateText('x')" } });
  await vi.waitFor(() => expect(api.inFlight).toBe(1), { timeout: 30_000 });
  expect(await ask(busy, "/v1/runs", { token: as })).toMatchObject({
    status: 503,
    body: { code: "serve/busy" },
  });
  expect(await ask(busy, "/healthz")).toMatchObject({ status: 200 });
  expect(await slow).toMatchObject({ status: 200 });
});

describe("a server without a key", () => {
  test.each([
    [[], "connect/none", 503],
    [[{ option: "connection", value: "openai" }], "connect/no-key", 502],
  ])(
    "with settings %j runs statements that call nothing, and says what others lack",
    async (settings, code, status) => {
      await using bare = await startServing(api.url, { env: {}, hasConnection: false, settings });
      const as = bare.token("first");
      const run = (command: string): Promise<Asked> =>
        ask(bare, "/v1/execute", { token: as, body: { command } });
      expect(await run("SELECT count(*) AS n FROM t")).toMatchObject({
        status: 200,
        body: { rows: [{ n: 2 }] },
      });
      const call = await run("SELECT ModerateText(body) FROM t");
      expect(call).toMatchObject({ status, body: { code } });
    },
  );

  test("does not start where it is told that calls go to one that wants a key", async () => {
    await expect(startServing(api.url, { env: {} })).rejects.toThrow(/connect\/no-key/);
  });
});

test("a server with models of one's own knows them, in its processes too", async () => {
  const models = join(mkdtempSync(join(tmpdir(), "callsql-models-")), "models.json");
  writeFileSync(
    models,
    '{"asOf": "2026-11-22", "models": [{"id": "house-1", "pattern": "^house-1$", "endpoints": ["responses"], "prices": []}]}',
  );
  await using own = await startServing(api.url, { models });
  const body = { command: "SELECT model FROM sys_models WHERE model = 'house-1'" };
  const asked = await ask(own, "/v1/execute", { token: own.token("first"), body });
  expect(asked).toMatchObject({ status: 200, body: { rows: [{ model: "house-1" }] } });
});

test("an address that is taken is named", async () => {
  await expect(startServing(api.url, { port: serving.port })).rejects.toThrow(
    /serve\/cannot-listen.*EADDRINUSE/,
  );
});

test.each([
  [0.000012000000000000002, 0.000012],
  [0.1 + 0.2, 0.3],
  [0, 0],
  [1e-12, 1e-12],
])("costs are told without what adding leaves: %d", (sum, told) => {
  expect(usdOf(sum)).toBe(told);
});
