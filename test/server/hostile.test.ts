/**
 * Hostile statements and hostile clients: the security checks of docs/security.md by their numbers, as far as they concern
 * the server; bodies are in hostile-bodies.test.ts.
 */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { faults, startOpenAIServer } from "../support/openai-server.ts";
import { refusedEverywhere } from "../support/refused-sql.ts";
import { ask, startServing, type Asked, type Serving } from "./support/serving.ts";
import { shareServing } from "./support/shared.ts";

const canary = "sk-canary-0123456789";
const { api, serving, token } = await shareServing({ origins: ["https://ours.example"] });

const execute = (body: unknown, as = token): Promise<Asked> =>
  ask(serving, "/v1/execute", { token: as, body });
const sql = (command: string, parameters: object = {}): Promise<Asked> => execute({ command, parameters });
const code = ({ body }: Asked): unknown => body?.["code"];

/** Bytes as they are, and what comes back until the connection ends or `ms` have passed. */
function raw(bytes: string, ms = 15_000, { port } = serving): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    const end = (): void => {
      socket.destroy();
      resolve(text);
    };
    const timer = setTimeout(end, ms);
    socket.setEncoding("latin1");
    socket.on("data", (data: string) => (text += data));
    socket.on("close", () => {
      clearTimeout(timer);
      end();
    });
    socket.on("error", () => {});
    socket.write(bytes);
  });
}

const head = (lines: readonly string[], path = "/v1/runs", verb = "GET"): string =>
  `${[`${verb} ${path} HTTP/1.1`, ...lines, "Connection: close"].join("\r\n")}\r\n\r\n`;

describe("S1: a server nobody may use, or everybody could", () => {
  test.each([
    [{ tokenFile: "/nonexistent/tokens.json" }, "serve/no-tokens"],
    [{ host: "0.0.0.0" }, "serve/remote-refused"],
    [{ host: "::" }, "serve/remote-refused"],
    [{ host: "0.0.0.0", isOpen: true, isBehindProxy: true }, "serve/no-auth-remote"],
  ])("does not start: %j", async (options, expected) => {
    await expect(startServing(api.url, options)).rejects.toMatchObject({ code: expected });
  });

  test("starts without tokens on the loopback interface, when told to", async () => {
    await using open = await startServing(api.url, { isOpen: true });
    expect((await ask(open, "/v1/runs")).status).toBe(200);
  });
});

describe("S2: wrong tokens", () => {
  const wrong = (): string[] => [
    "",
    "Bearer",
    "Bearer ",
    `Basic ${token}`,
    token,
    `Bearer ${token}x`,
    `Bearer ${token.slice(0, -1)}`,
    `Bearer ${token.toUpperCase()}`,
    `Bearer ${token} ${token}`,
    `Bearer ${"x".repeat(5000)}`,
    "Bearer \x00",
  ];

  test("are refused alike, and not repeated", async () => {
    for (const header of wrong()) {
      const text = await raw(head(["Host: localhost", `Authorization: ${header}`]));
      expect(text.slice(9, 12), header).toMatch(/401|400/);
      expect(text).not.toContain(token.slice(0, 12));
    }
  });

  test("in the address, or two at once, are none", async () => {
    expect((await ask(serving, `/v1/runs?token=${token}&access_token=${token}`)).status).toBe(401);
    const own = `Authorization: Bearer ${token}`;
    expect(await raw(head(["Host: localhost", own, own]))).toMatch(/^HTTP\/1.1 401/);
    expect(await raw(head(["Host: localhost", own]))).toMatch(/^HTTP\/1.1 200/);
    expect(JSON.stringify(serving.log)).not.toContain(token);
  });

  test("that are revoked or expired are refused, those just made are taken", async () => {
    const fresh = serving.token("fresh");
    expect((await ask(serving, "/v1/runs", { token: fresh })).status).toBe(200);
    serving.revoke("fresh");
    await expect
      .poll(async () => (await ask(serving, "/v1/runs", { token: fresh })).status, { timeout: 30_000 })
      .toBe(401);
  });
});

test.each([
  "evil.example",
  "127.0.0.1.evil.example",
  "localhost.evil.example",
  "169.254.169.254",
  "localhost@evil.example",
  "[::2]",
  "",
])("S3: the Host %j is none of ours", async (host) => {
  const text = await raw(head([`Host: ${host}`, `Authorization: Bearer ${token}`]));
  expect(text.slice(9, 12)).toMatch(/421|400/);
});

describe("S4: web pages", () => {
  test.each([
    { origin: "https://evil.example" },
    { origin: "null" },
    { origin: "http://localhost" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
  ])("of other origins get nothing: %j", async (headers) => {
    for (const method of ["POST", "OPTIONS"]) {
      const answer = await ask(serving, "/v1/execute", { token, headers, method });
      expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([403, null]);
    }
  });

  test("of an origin that is let in are answered, errors too", async () => {
    const headers = { origin: "https://ours.example" };
    const preflight = await ask(serving, "/v1/execute", { method: "OPTIONS", headers });
    expect([preflight.status, preflight.headers.get("access-control-allow-origin")]).toEqual([
      204,
      "https://ours.example",
    ]);
    const answer = await ask(serving, "/v1/execute", { token, headers, body: { command: "SELEC" } });
    expect(answer.headers.get("access-control-allow-origin")).toBe("https://ours.example");
  });
});

test.each([
  "text/plain",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
  "application/x-ndjson",
  "",
])("S5: the content type %j is not taken", async (type) => {
  const { status } = await ask(serving, "/v1/execute", {
    token,
    body: `{"command":"SELECT 1"}`,
    headers: { "content-type": type },
  });
  expect(status).toBe(415);
});

test("S7: half requests hold nobody up, and malformed ones are refused", async () => {
  await using hasty = await startServing(api.url, { limits: { arrivalMs: 2000 } });
  const bearer = `Authorization: Bearer ${hasty.token("first")}`;
  const own = [`Host: localhost`, bearer, "Content-Type: application/json"];
  const half = Array.from({ length: 200 }, () => connect(hasty.port, "127.0.0.1"));
  for (const socket of half) {
    socket.on("error", () => {});
    socket.write("POST /v1/execute HTTP/1.1\r\nHost: loc");
  }
  const slow = Array.from({ length: 50 }, () =>
    raw(`${head([...own, "Content-Length: 50"], "/v1/execute", "POST")}{"command"`, 60_000, hasty),
  );
  const body = { command: "SELECT 1 AS one" };
  expect((await ask(hasty, "/v1/execute", { token: hasty.token("first"), body })).body).toMatchObject({
    rows: [{ one: 1 }],
  });
  for (const text of await Promise.all(slow)) expect(text).toMatch(/^HTTP\/1.1 408/);
  expect(await raw(head([`Host: localhost`, `X-Large: ${"x".repeat(100_000)}`]))).toMatch(/^HTTP\/1.1 431/);
  const both = [...own, "Content-Length: 3", "Transfer-Encoding: chunked"];
  expect(await raw(`${head(both, "/v1/execute", "POST")}0\r\n\r\n`)).toMatch(/^HTTP\/1.1 400/);
  for (const socket of half) socket.destroy();
});

describe("S8: statements that reach out of the database", () => {
  const owned = join(tmpdir(), `callsql-owned-${process.pid}`);
  const mine = [...refusedEverywhere(owned), ["DROP TABLE t", "serve/read-only DROP"]] as const;

  test.each(mine)(
    "are refused where they are wrong, and the next request works: %s",
    async (command, expected) => {
      const refusal = async (path: string): Promise<string> => {
        const { status, body } = await ask(serving, path, { token, body: { command } });
        const { start, end } = (body?.["span"] ?? {}) as { readonly start?: number; readonly end?: number };
        return `${status} ${String(body?.["code"])} ${command.slice(start, end)}`;
      };
      // An empty command is no request.
      const [refused] = command === "" ? ["serve/bad-body "] : [expected];
      const status = refused.startsWith("serve/") && !isMistake.test(refused) ? 403 : 400;
      expect(await refusal("/v1/execute")).toBe(`${status} ${refused}`);
      // EXPLAIN of EXPLAIN and of what is not planned is a mistake of another kind.
      expect(await refusal("/v1/explain")).toMatch(/^40[03] /);
      expect((await sql("SELECT count(*) AS n FROM t")).body).toMatchObject({ rows: [{ n: 2 }] });
      expect(existsSync(owned)).toBe(false);
    },
  );
});

/** Codes of the server that say what is wrong with a command, not what is forbidden. */
const isMistake = /^serve\/(too-|bad-body)/;

test("S9: the key is nowhere but in the requests to the service", async () => {
  api.script(faults.unauthorized(canary));
  const answers = [
    await sql("CALL GenerateResponse('x')"),
    await sql("SELECT GenerateResponse('y') AS r"),
    await sql("SELECT * FROM sys_options"),
    await sql("SELECT * FROM sys_calls"),
    await ask(serving, "/metrics", { token }),
    await ask(serving, "/v1/runs", { token }),
  ];
  expect(answers[0]?.status).toBe(502);
  expect(answers.map(({ text }) => text).join("\n")).not.toContain(canary);
  expect(JSON.stringify(serving.log)).not.toContain(canary);
  for (const file of readdirSync(serving.folder)) {
    expect(readFileSync(join(serving.folder, file)).includes(canary), file).toBe(false);
  }
});

describe("S10: statements without an end", () => {
  let impatient: Serving;
  beforeAll(async () => {
    const sqlLimits = { ms: 1000, memoryMax: 400 * 2 ** 20 };
    impatient = await startServing(api.url, { sql: sqlLimits });
  });
  afterAll(() => impatient.close());
  const run = (command: string): Promise<Asked> =>
    ask(impatient, "/v1/execute", { token: impatient.token("first"), body: { command } });
  const endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)";

  test("are ended at the limit, while others are served", async () => {
    let isEnded = false;
    const running = run(`${endless} SELECT count(*) FROM n`).finally(() => (isEnded = true));
    expect((await ask(impatient, "/healthz")).status).toBe(200);
    // The bar is a second, which is the time the statement has.
    expect(isEnded).toBe(false);
    expect((await run("SELECT 1 AS one")).body).toMatchObject({ rows: [{ one: 1 }] });
    expect(code(await running)).toBe("serve/statement-timeout");
    expect((await run("SELECT 2 AS two")).body).toMatchObject({ rows: [{ two: 2 }] });
  });

  test("are ended as streams too, and with more of them than processes", async () => {
    const answers = await Promise.all(
      Array.from({ length: 4 }, () =>
        ask(impatient, "/v1/execute", {
          token: impatient.token("first"),
          body: { command: `${endless} SELECT max(i) FROM n` },
          headers: { accept: "application/x-ndjson" },
        }),
      ),
    );
    expect(answers.map(code)).toEqual(Array.from({ length: 4 }, () => "serve/statement-timeout"));
    expect((await run("SELECT 3 AS three")).body).toMatchObject({ rows: [{ three: 3 }] });
  });

  test.each([
    "SELECT hex(zeroblob(200000000))",
    "SELECT hex(zeroblob(400000000))",
    "SELECT length(printf('%.*c', 900000000, 'x') || hex(randomblob(400000000)))",
  ])("that fill the memory end alone: %s", async (command) => {
    const before = process.memoryUsage.rss();
    const answer = await run(command);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(process.memoryUsage.rss() - before).toBeLessThan(400 * 2 ** 20);
    expect((await run("SELECT 4 AS four")).body).toMatchObject({ rows: [{ four: 4 }] });
  });

  test("with rows without end give what is allowed, and say so", async () => {
    const { body } = await execute({ command: `${endless} SELECT i FROM n`, pageSize: 5000 });
    expect(body).toMatchObject({ isTruncated: true, rows: { length: 5000 } });
    // The most the server gives; a stream says so, too.
    const many = `${endless} SELECT i FROM n LIMIT 10000000`;
    expect((await sql(many)).body).toMatchObject({ isTruncated: true, rows: { length: 100_000 } });
    const { text } = await ask(serving, "/v1/execute", {
      token,
      body: { command: many },
      headers: { accept: "application/x-ndjson" },
    });
    expect(text.match(/\n/g)).toHaveLength(100_002);
    expect(text.slice(-300)).toContain('"isTruncated":true');
  });

  test("that nobody waits for any more are ended", async () => {
    const own = impatient.token("first");
    const leaving = new AbortController();
    const body = { command: `${endless} SELECT count(*) FROM n` };
    const asked = ask(impatient, "/v1/execute", { token: own, body, signal: leaving.signal });
    await sleep(100);
    leaving.abort();
    await expect(asked).rejects.toThrow();
    await expect
      .poll(async () => (await ask(impatient, "/metrics", { token: own })).text, { timeout: 30_000 })
      .toContain('callsql_sql_processes{state="busy"} 0');
  });

  test("keep to the time their request gave them, calls included", async () => {
    api.script(faults.delay(5000));
    const answer = await execute({ command: "CALL GenerateResponse('slow')", timeoutMs: 200 });
    expect([answer.status, code(answer)]).toEqual([504, "serve/request-timeout"]);
  });
});

test("S13: a request cannot choose where calls go, with which key, or what is recorded", async () => {
  for (const extra of ["baseUrl", "apiKey", "organization", "ledger", "database", "env"]) {
    expect(code(await execute({ command: "SELECT 1", [extra]: "x" })), extra).toBe("serve/bad-body");
  }
  for (const command of ["SET connection = 'offline'", "SET max_cost = 9", "RESET ALL"]) {
    expect(code(await sql(command))).toBe("serve/statement-refused");
  }
  expect(code(await execute({ command: "CALL GenerateResponse('x')", connection: "offline" }))).toBe(
    "serve/connection-refused",
  );
});

test("S14: redirects of the service are not followed", async () => {
  await using other = await startOpenAIServer();
  for (const status of [301, 302, 303, 307, 308]) {
    api.reset();
    api.script(faults.redirect(`${other.url}/responses`, {}, status));
    expect((await sql("CALL GenerateResponse('secret')")).status).toBe(502);
  }
  expect(other.requests).toEqual([]);
});

test("S18: keys that JavaScript knows pollute nothing", async () => {
  const body = `{"command": "SELECT :a AS a", "parameters": {"a": 1, "__proto__": {"polluted": 1}, "constructor": 2}}`;
  expect((await ask(serving, "/v1/execute", { token, body })).body).toMatchObject({ rows: [{ a: 1 }] });
  const rows = `{"command": "SELECT :a AS x"}\n{"a": 1, "__proto__": {"polluted": 1}, "constructor": {"prototype": 1}}\n`;
  const { text } = await ask(serving, "/v1/execute-each", {
    token,
    body: rows,
    headers: { "content-type": "application/x-ndjson" },
  });
  expect(text).toContain('"row":{"a":1,"__proto__":{"polluted":1},"constructor":{"prototype":1},"x":1}');
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
});

test("S20: what the server keeps is its owner's alone", async () => {
  const before = process.umask(0);
  try {
    await using own = await startServing(api.url);
    await ask(own, "/v1/execute", {
      token: own.token("first"),
      body: { command: "CALL GenerateResponse('x')" },
    });
    for (const file of ["tokens.json", "ledger.db"]) {
      expect((statSync(join(own.folder, file)).mode & 0o777).toString(8), file).toBe("600");
    }
  } finally {
    process.umask(before);
  }
});

test("S22: what one token was given is not another's", async () => {
  const other = serving.token("s22");
  const given = await execute({ command: "CALL GenerateResponse('mine')" });
  const [row] = (given.body?.["rows"] ?? []) as Record<string, unknown>[];
  const turn = {
    command: "CALL GenerateResponse('go on', PreviousResponseId => :p)",
    parameters: { p: row?.["Response_Id"] },
  };
  const inSql = { ...turn, command: "SELECT GenerateResponse('go on', PreviousResponseId => :p) AS r" };
  expect((await execute(turn)).status).toBe(200);
  expect((await execute(inSql)).status).toBe(200);
  for (const body of [turn, inSql]) {
    const answer = await execute(body, other);
    expect([answer.status, code(answer)]).toEqual([403, "serve/foreign-response"]);
  }
  for (const table of ["sys_calls", "sys_runs"]) {
    expect((await execute({ command: `SELECT count(*) AS n FROM ${table}` }, other)).body).toMatchObject({
      rows: [{ n: 0 }],
    });
  }
  expect((await ask(serving, "/v1/runs", { token: other })).text).not.toContain('"succeeded":1');
  // Not even the answer to an equal question.
  const again = await execute({ command: "CALL GenerateResponse('mine')", cache: "run" }, other);
  expect(again.body).toMatchObject({ counts: { made: 1, cached: 0 } });
});

describe("S23: limits of a token", () => {
  test("on requests: none, one, and many at once", async () => {
    const none = serving.token("rate-0", { rate: 0 });
    const refused = await ask(serving, "/v1/runs", { token: none });
    expect([refused.status, Number(refused.headers.get("retry-after")) > 0]).toEqual([429, true]);
    const one = serving.token("rate-1", { rate: 1 });
    const statuses = [];
    for (let time = 0; time < 3; time++)
      statuses.push((await ask(serving, "/v1/runs", { token: one })).status);
    expect(statuses).toEqual([200, 429, 429]);
    const ten = serving.token("rate-100", { rate: 100 });
    const startedAt = performance.now();
    const many = await Promise.all(
      Array.from({ length: 50 }, () => ask(serving, "/v1/runs", { token: ten })),
    );
    const taken = many.filter(({ status }) => status === 200).length;
    // A busy machine takes a while, in which more are allowed.
    const later = Math.ceil(((performance.now() - startedAt) / 60_000) * 100);
    expect(taken).toBeGreaterThanOrEqual(10);
    expect(taken).toBeLessThanOrEqual(10 + later);
  });

  test("on cost: none, and never passed by requests at once", async () => {
    const none = serving.token("cost-0", { maxCost: 0 });
    const refused = await execute({ command: "CALL GenerateResponse('x')" }, none);
    expect([refused.status, code(refused)]).toEqual([402, "call/budget-reached"]);
    const little = serving.token("cost-little", { maxCost: 0.0001 });
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, id) =>
        execute({ command: `CALL GenerateResponse('budget ${id}', MaxOutputTokens => 16)` }, little),
      ),
    );
    const statuses = answers.map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([200, 402]));
    const { body } = await ask(serving, "/v1/runs", { token: little });
    const [run] = (body?.["runs"] ?? []) as Record<string, number>[];
    expect(run?.["cost_usd"]).toBeLessThanOrEqual(0.0001);
  });

  test("on rows", async () => {
    const few = serving.token("rows", { maxRows: 1 });
    expect((await execute({ command: "SELECT * FROM t", pageSize: 10 }, few)).body).toMatchObject({
      rows: { length: 1 },
      isTruncated: true,
    });
  });

  test("on connections", async () => {
    const allowed = serving.token("offline", { connections: ["offline"] });
    const body = { command: "CALL ModerateText('hello')", connection: "offline" };
    expect((await execute(body, allowed)).status).toBe(200);
    expect(api.requests).toEqual([]);
  });

  test("on connections that calls name, alone, in SQL and for each of many rows", async () => {
    const allowed = serving.token("offline-named", { connections: ["offline"] });
    const flagged = "ModerateText('hello', Connection => 'offline')";
    for (const command of [`CALL ${flagged}`, `SELECT ${flagged} AS Flagged FROM t LIMIT 1`]) {
      expect((await execute({ command }, allowed)).body).toMatchObject({ rows: [{ Flagged: 0 }] });
      const refused = await execute({ command });
      expect([refused.status, code(refused)]).toEqual([403, "serve/connection-refused"]);
      expect(command.slice(...Object.values(refused.body?.["span"] as object))).toBe("'offline'");
      const explained = await ask(serving, "/v1/explain", { token: allowed, body: { command } });
      expect(explained.body).toMatchObject({
        sites: [{ procedure: "ModerateText", connections: ["offline"] }],
      });
      expect(code(await ask(serving, "/v1/explain", { token, body: { command } }))).toBe(
        "serve/connection-refused",
      );
    }
    const column = "SELECT r.Error_Code AS code FROM t, ModerateText(body, Connection => lower('OFFLINE')) r";
    expect((await execute({ command: column, pageSize: 1 })).body).toMatchObject({
      rows: [{ code: "serve/connection-refused" }],
    });
    expect(
      (await execute({ command: "CALL ModerateText('x', Connection => 'nowhere')" }, allowed)).status,
    ).toBe(403);
    expect(api.requests).toEqual([]);
    expect((await execute({ command: "CALL ModerateText('x', Connection => 'openai')" })).status).toBe(200);
    expect(api.requests).toHaveLength(1);
  });
});

test("S24: a token that may call some procedures calls no others, by whatever name or view", async () => {
  const some = serving.token("some", { procedures: ["moderatetext"] });
  expect((await execute({ command: "CALL ModerateText('x')" }, some)).status).toBe(200);
  for (const command of [
    "CALL GenerateResponse('x')",
    "SELECT ModerateText(GenerateResponse('x')) AS r",
    "SELECT (SELECT GenerateResponse(body)) AS r FROM t",
    "EXPLAIN CALLS SELECT GenerateResponse('x')",
  ]) {
    const answer = await execute({ command }, some);
    expect([answer.status, code(answer)], command).toEqual([403, "serve/procedure-refused"]);
    expect(command.slice(...Object.values(answer.body?.["span"] as object))).toBe("GenerateResponse");
  }
  const { body } = await ask(serving, "/v1/procedures", { token: some });
  expect(body?.["procedures"]).toHaveLength(1);
});

test("S24: a view or a trigger that calls is refused by name to a token that may not", async () => {
  await using own = await startServing(api.url, { isWritable: true });
  const run = (command: string, as: string): Promise<Asked> =>
    ask(own, "/v1/execute", { token: as, body: { command } });
  const owner = own.token("first");
  const some = own.token("some", { procedures: ["ModerateText"] });
  for (const command of [
    "CREATE VIEW replies AS SELECT id, GenerateResponse(body) AS reply FROM t",
    "CREATE TABLE log(reply)",
    "CREATE TRIGGER answers AFTER INSERT ON t BEGIN INSERT INTO log SELECT GenerateResponse(new.body); END",
  ])
    expect((await run(command, owner)).text, command).toContain("affectedRows");
  // The text does not name it: it is refused when it is called, before anything is sent.
  for (const command of [
    "SELECT * FROM replies",
    "SELECT count(reply) FROM replies WHERE id = 1",
    "INSERT INTO t VALUES (3, 'three')",
  ]) {
    const { status, body } = await run(command, some);
    expect([status, body?.["code"]], command).toEqual([403, "serve/procedure-refused"]);
    expect(body?.["title"]).toContain('"GenerateResponse"');
  }
  expect(api.requests).toEqual([]);
  expect((await run("SELECT id FROM replies", some)).body).toMatchObject({ rows: { length: 2 } });
  expect((await run("SELECT * FROM replies", owner)).body).toMatchObject({ rows: { length: 2 } });
});

test("S25: every answer says how it may be used, and nothing about the server", async () => {
  const answers = [
    await ask(serving, "/healthz"),
    await ask(serving, "/nowhere"),
    await sql("SELECT 1"),
    await sql("SELECT nope"),
    await ask(serving, "/v1/execute", {
      token,
      body: { command: "SELECT 1" },
      headers: { accept: "application/x-ndjson" },
    }),
  ];
  for (const { headers, text } of answers) {
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
    expect([headers.get("server"), headers.get("x-powered-by")]).toEqual([null, null]);
    expect(text).not.toMatch(/\/(home|tmp|usr|work)\/|node_modules|\.[jt]s:\d+|callsql-serve-/);
  }
});

test("S25: what concerns the server's own files is told to its log alone", async () => {
  await using own = await startServing(api.url);
  const asking = own.token("first");
  writeFileSync(join(own.folder, "tokens.json"), "broken");
  await expect
    .poll(async () => (await ask(own, "/v1/runs", { token: asking })).status, { timeout: 30_000 })
    .toBe(500);
  const { text } = await ask(own, "/v1/runs", { token: asking });
  expect(text).not.toContain("tokens.json");
  expect(JSON.stringify(own.log.at(-1))).toContain("tokens.json");
});

test.each([
  "//evil.example",
  "/\\evil",
  "/%2e%2e/%2e%2e/etc/passwd",
  "/.env",
  "/ledger.db",
  "/v1/../tokens.json",
  "/v1/procedures/%2e%2e%2fx",
  "/v1/execute/",
])("S26: %s is nothing", async (path) => {
  const text = await raw(head(["Host: localhost", `Authorization: Bearer ${token}`], path));
  expect(text).toMatch(/^HTTP\/1.1 (404|400)/);
  expect(text.toLowerCase()).not.toContain("\r\nlocation:");
});

test("1,000 requests at once are all answered", async () => {
  const answers = await Promise.all(
    Array.from({ length: 1000 }, (_, id) =>
      id % 10 === 0
        ? sql("SELECT :id AS id", { id })
        : sql("CALL GenerateResponse(:m)", { m: `parallel ${id}` }),
    ),
  );
  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  expect(api.requests).toHaveLength(900);
}, 120_000);

test("a server that is asked to stop answers what it has, and takes nothing new", async () => {
  const own = await startServing(api.url);
  const asking = own.token("first");
  api.script(faults.delay(500));
  const running = ask(own, "/v1/execute", {
    token: asking,
    body: { command: "CALL GenerateResponse('last')" },
  });
  await expect.poll(() => api.inFlight, { timeout: 30_000 }).toBe(1);
  const closed = own.close();
  expect((await running).body).toMatchObject({ rows: [{ Status: "completed" }] });
  await closed;
  await expect(ask(own, "/healthz")).rejects.toThrow();
});

test("a server that is asked to stop does not wait for ever", async () => {
  const own = await startServing(api.url, { drainMs: 100, settings: [{ option: "drain", value: "0" }] });
  const asking = own.token("first");
  api.script(faults.delay(20_000));
  const running = ask(own, "/v1/execute", {
    token: asking,
    body: { command: "SELECT GenerateResponse('late') AS r" },
  });
  await expect.poll(() => api.inFlight, { timeout: 30_000 }).toBe(1);
  await own.close();
  expect(code(await running)).toBe("serve/shutting-down");
});

test("an address that is taken is said so", async () => {
  const options = { port: serving.port };
  await expect(startServing(api.url, options)).rejects.toMatchObject({ code: "serve/cannot-listen" });
});
