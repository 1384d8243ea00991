/** executeForEach: what becomes of each input row, in which order, at what cost, and how a run ends. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  DiagnosticError,
  openSession,
  type ForEachOptions,
  type ForEachOutput,
  type ForEachProgress,
} from "../../src/index.ts";
import { EchoFailure, echoConnection, echoProcedures, openEcho, type Answers } from "../support/echo.ts";
import { faults, startOpenAIServer, type OpenAIServer } from "../support/openai-server.ts";

const echo: Answers = (_, x) => (x === null ? null : `<${String(x)}>`);
const failing: Answers = (_, x) => {
  if (x === "bad") throw new EchoFailure(400, "content_policy_violation");
  if (x === "refused") throw new EchoFailure(401, "invalid_api_key");
  return `<${String(x)}>`;
};

async function withPeople(answers: Answers = echo) {
  const opened = await openEcho(answers);
  await opened.session.execute("CREATE TABLE people(id INTEGER, name TEXT)");
  await opened.session.execute("INSERT INTO people VALUES (1, 'Ann'), (2, 'Bob'), (2, 'Bea')");
  return { ...opened, [Symbol.asyncDispose]: () => opened.session.close() };
}

async function errorOf(work: Promise<unknown>): Promise<DiagnosticError> {
  const error: unknown = await work.catch((reason: unknown) => reason);
  if (error instanceof DiagnosticError) return error;
  throw new Error(`no DiagnosticError: ${String(error)}`);
}

function* numbered(count: number, text = (index: number): string => `text ${index}`) {
  for (let id = 0; id < count; id++) yield { id, a: text(id) };
}

/** `[output, row or code]` of each. */
function brief(outputs: readonly ForEachOutput<object, unknown>[]): unknown[] {
  return outputs.map((out) => [out.output, out.output === "error" ? out.error.code : out.row]);
}

describe("a behaviour says which rows are taken", () => {
  const none = { name: null };
  const cases = [
    ["FirstOrDefault", ["matched", { name: "Ann" }], ["matched", { name: "Bob" }], ["unmatched", none]],
    ["First", ["matched", { name: "Ann" }], ["matched", { name: "Bob" }], ["error", "session/no-row"]],
    ["SingleOrDefault", ["matched", { name: "Ann" }], ["error", "session/several-rows"], ["unmatched", none]],
    ["Single", ["matched", { name: "Ann" }], ["error", "session/several-rows"], ["error", "session/no-row"]],
  ] as const;
  const command = "SELECT name FROM people WHERE id = :id ORDER BY rowid";
  const rows = [{ id: 1 }, { id: 2 }, { id: 3 }];

  for (const [behavior, ...expected] of cases) {
    test(behavior, async () => {
      await using opened = await withPeople();
      const outputs = await Array.fromAsync(opened.session.executeForEach(command, rows, { behavior }));
      expect(outputs.map(({ index, input }) => [index, input])).toEqual([...rows.entries()]);
      const joined = expected.map(([output, row], index) => [
        output,
        typeof row === "string" ? row : { ...rows[index], ...row },
      ]);
      expect(brief(outputs)).toEqual(joined);
    });

    test(`${behavior}, into a property`, async () => {
      await using opened = await withPeople();
      const options = { behavior, property: "person" };
      const outputs = await Array.fromAsync(opened.session.executeForEach(command, rows, options));
      const joined = expected.map(([output, row], index) => [
        output,
        typeof row === "string" ? row : { ...rows[index], person: row },
      ]);
      expect(brief(outputs)).toEqual(joined);
    });
  }

  test("Array takes them all, into a property", async () => {
    await using opened = await withPeople();
    const options = { behavior: "Array", property: "people" } as const;
    const run = opened.session.executeForEach(command, rows, options);
    expect(brief(await Array.fromAsync(run))).toEqual([
      ["matched", { id: 1, people: [{ name: "Ann" }] }],
      ["matched", { id: 2, people: [{ name: "Bob" }, { name: "Bea" }] }],
      ["unmatched", { id: 3, people: [] }],
    ]);
    expect(run.counts).toMatchObject({ rows: 3, matched: 2, unmatched: 1, errors: 0 });
    const narrow = opened.session.executeForEach(command, rows, { ...options, rowsMax: 1 });
    expect(brief(await Array.fromAsync(narrow))[1]).toEqual(["error", "session/too-many-rows"]);
  });

  test("a call by itself gives one row, whatever the behaviour", async () => {
    await using opened = await withPeople();
    for (const behavior of ["FirstOrDefault", "First", "SingleOrDefault", "Single"] as const) {
      const [out] = await Array.fromAsync(
        opened.session.executeForEach("CALL P(:a)", [{ a: "x" }], { behavior }),
      );
      expect(out).toEqual({
        output: "matched",
        index: 0,
        input: { a: "x" },
        row: { a: "x", R: "<x>", Error_Code: null, X: "x" },
      });
    }
    const options = { behavior: "Array", property: "p" } as const;
    const [out] = await Array.fromAsync(opened.session.executeForEach("CALL P(:a)", [{ a: "x" }], options));
    expect(out).toMatchObject({ row: { a: "x", p: [{ R: "<x>", Error_Code: null, X: "x" }] } });
  });

  test("a write without RETURNING matches once it has run", async () => {
    await using opened = await withPeople();
    const insert = "INSERT INTO people VALUES (:id, P(:name))";
    const people = [
      { id: 7, name: "Cid" },
      { id: 8, name: "Dee" },
    ];
    const outputs = await Array.fromAsync(
      opened.session.executeForEach(insert, people, { behavior: "Single" }),
    );
    expect(brief(outputs)).toEqual(people.map((row) => ["matched", row]));
    expect(await opened.rows("SELECT name FROM people WHERE id > 6")).toEqual([["<Cid>"], ["<Dee>"]]);
  });

  test("statements of callsql's own run, too", async () => {
    await using opened = await withPeople();
    const run = opened.session.executeForEach("SET :last = :id", [{ id: 1 }, { id: 5 }]);
    expect(brief(await Array.fromAsync(run))).toEqual([
      ["matched", { id: 1 }],
      ["matched", { id: 5 }],
    ]);
    expect(await opened.rows("SELECT :last")).toEqual([[5]]);
  });
});

describe("columns", () => {
  test("of one name in any case: the input keeps it", async () => {
    await using opened = await withPeople();
    const rows = [{ r: "mine", X: 1, x_2: 2, a: "t" }, { a: "u" }];
    const outputs = await Array.fromAsync(opened.session.executeForEach("CALL P(:a)", rows));
    expect(outputs.map((out) => out.output === "matched" && out.row)).toEqual([
      { r: "mine", X: 1, x_2: 2, a: "t", R_2: "<t>", Error_Code: null, X_3: "t" },
      { a: "u", R: "<u>", Error_Code: null, X: "u" },
    ]);
    const options = { property: "A" };
    const [out] = await Array.fromAsync(opened.session.executeForEach("CALL P(:a)", [{ a: "t" }], options));
    expect(out).toMatchObject({ row: { a: "t", A_2: { R: "<t>" } } });
  });

  test("and parameters are described before anything is pulled or called", async () => {
    await using opened = await withPeople();
    const rows = {
      [Symbol.iterator]: (): never => {
        throw new Error("pulled");
      },
    };
    const run = opened.session.executeForEach("CALL P(:a, y => @b)", rows);
    expect(run.columns.map(({ name }) => name)).toEqual(["R", "Error_Code", "X"]);
    expect(run.parameters.map(({ text, parameter }) => [text, parameter?.name])).toEqual([
      [":a", "x"],
      ["@b", "y"],
    ]);
    expect(opened.asked).toEqual([]);
  });

  test("a lone call and the same call through SQLite give the same rows", async () => {
    const values = ["text", "", 1, 1.5, 2 ** 60, 2n ** 62n, true, new Uint8Array([1, 2]), new Date(0), "bad"];
    const rows = values.map((a) => ({ a }));
    await using lone = await withPeople(failing);
    await using through = await withPeople(failing);
    for (const session of [lone.session, through.session]) await session.execute("SET on_error = 'row'");
    const one = await Array.fromAsync(
      lone.session.executeForEach("CALL P(:a, 1 + ?2, CallKey => 'k')", rows, {
        bind: ({ a }) => ({ a, 2: 1 }),
      }),
    );
    // A subquery needs a pass.
    const other = await Array.fromAsync(
      through.session.executeForEach("CALL P(:a, (SELECT 2), CallKey => 'k')", rows),
    );
    expect(one).toEqual(other);
    expect(lone.asked.toSorted()).toEqual(through.asked.toSorted());
    // 1 and true are one value in SQL, and one call.
    expect(lone.asked).toHaveLength(rows.length - 1);
  });
});

describe("binds", () => {
  test("come from the row, from bind, and from session variables", async () => {
    await using opened = await withPeople();
    opened.session.setVariable("suffix", "!");
    const rows = [{ word: "hi", other: { nested: true } }];
    const options: ForEachOptions<{ word: string }> = {
      bind: ({ word }, index) => ({ a: `${word}${index}` }),
    };
    await Array.fromAsync(opened.session.executeForEach("CALL P(:a || :suffix)", rows, options));
    await Array.fromAsync(opened.session.executeForEach("CALL P(?)", rows, { bind: ({ word }) => [word] }));
    expect(opened.asked).toEqual(["P(hi0!)", "P(hi)"]);
  });

  test("that are missing or unusable, and rows that are none, are errors of their row", async () => {
    await using opened = await withPeople();
    const rows: object[] = [{ a: "one" }, { b: 1 }, { a: { no: "value" } }, ["a"], { a: "two" }];
    for (const command of ["CALL P(:a)", "SELECT P(:a) AS R"]) {
      const outputs = await Array.fromAsync(opened.session.executeForEach(command, rows));
      expect(outputs.map((out) => (out.output === "error" ? out.error.code : out.row.R))).toEqual([
        "<one>",
        "bind/missing-bind",
        "bind/unusable-bind-value",
        "session/bad-input-row",
        "<two>",
      ]);
      expect(outputs[1]).toMatchObject({
        input: { b: 1 },
        error: { message: expect.stringContaining(":a") },
      });
    }
  });
});

describe("mistakes of the caller are said at once", () => {
  const bad: [string, object][] = [
    ["an unknown behaviour", { behavior: "Fist" }],
    ["Array without a property", { behavior: "Array" }],
    ["an empty property", { property: "" }],
    ["rowsMax of nothing", { behavior: "Array", property: "p", rowsMax: 0 }],
  ];
  for (const [name, options] of bad) {
    test(name, async () => {
      await using opened = await withPeople();
      expect(() => opened.session.executeForEach("CALL P(:a)", [], options)).toThrow(/session\/bad-for-each/);
    });
  }

  test("rows that are no rows, a command that is wrong, a closed session", async () => {
    const opened = await withPeople();
    const rows = "text" as unknown as [];
    expect(() => opened.session.executeForEach("CALL P(:a)", rows)).toThrow(/session\/bad-for-each/);
    expect(() => opened.session.executeForEach("CALL P()", [])).not.toThrow();
    expect(() => opened.session.executeForEach("CALL Nope(:a)", [])).toThrow(/bind\/unknown-procedure/);
    expect(() => opened.session.executeForEach("SELECT * FROM nothing", [])).toThrow(/sql\/error/);
    expect(() => opened.session.executeForEach("SELECT 1; SELECT 2", [])).toThrow(/session\/one-statement/);
    await opened.session.close();
    expect(() => opened.session.executeForEach("CALL P(:a)", [])).toThrow(/session\/closed/);
  });

  test("outputs are read once", async () => {
    await using opened = await withPeople();
    const run = opened.session.executeForEach("CALL P(:a)", [{ a: 1 }]);
    await Array.fromAsync(run);
    expect((await errorOf(Array.fromAsync(run))).code).toBe("session/result-consumed");
  });
});

describe("failures", () => {
  test("of a call are outputs with the input row; the others go on", async () => {
    await using opened = await withPeople(failing);
    const rows = ["a", "bad", "invalid", "b"].map((a, id) => ({ id, a }));
    for (const command of ["CALL P(:a)", "CALL P((SELECT :a))"]) {
      const run = opened.session.executeForEach(command, rows);
      const outputs = await Array.fromAsync(run);
      expect(outputs.map(({ output }) => output)).toEqual(["matched", "error", "error", "matched"]);
      expect(outputs[1]).toMatchObject({
        input: { id: 1, a: "bad" },
        error: { code: "call/failed", message: expect.stringContaining("content_policy_violation") },
      });
      expect(outputs[2]).toMatchObject({
        error: { code: "call/failed", message: expect.stringContaining("x is invalid") },
      });
      expect(run.counts).toMatchObject({ rows: 4, matched: 2, unmatched: 0, errors: 2 });
    }
  });

  test("are rows with their error columns where on_error says so", async () => {
    await using opened = await withPeople(failing);
    await opened.session.execute("SET on_error = 'row'");
    const run = opened.session.executeForEach("CALL P(:a)", [{ a: "bad" }, { a: "x" }]);
    expect(brief(await Array.fromAsync(run))).toEqual([
      ["matched", { a: "bad", R: null, Error_Code: "content_policy_violation", X: null }],
      ["matched", { a: "x", R: "<x>", Error_Code: null, X: "x" }],
    ]);
    expect(run.counts).toMatchObject({ failed: 1, errors: 0 });
    expect(run.warnings).toMatchObject([{ code: "call/row-failed" }]);
  });

  test("of SQL are outputs, and leave what other rows wrote", async () => {
    await using opened = await withPeople();
    await opened.session.execute("CREATE TABLE u(id INTEGER PRIMARY KEY, v)");
    const command = "INSERT INTO u VALUES (:id, P(:id)) RETURNING v";
    const outputs = await Array.fromAsync(
      opened.session.executeForEach(command, [{ id: 1 }, { id: 1 }, { id: 2 }]),
    );
    expect(brief(outputs)).toEqual([
      ["matched", { id: 1, v: "<1>" }],
      ["error", "sql/constraint"],
      ["matched", { id: 2, v: "<2>" }],
    ]);
  });

  test("that doom every call end the run behind the outputs that are done", async () => {
    await using opened = await withPeople(failing);
    await opened.session.execute("SET concurrency = 1");
    const seen: unknown[] = [];
    const rows = ["a", "b", "refused", "c", "d", "e"].map((a) => ({ a }));
    const run = opened.session.executeForEach("CALL P(:a)", rows);
    const error = await errorOf(
      (async () => {
        for await (const out of run) seen.push(out.input.a);
      })(),
    );
    expect(error.code).toBe("connect/refused");
    expect(seen).toEqual(["a", "b"]);
    expect(opened.asked).toEqual(["P(a)", "P(b)", "P(refused)"]);
  });

  test("of the input come behind the outputs that are done", async () => {
    await using opened = await withPeople();
    const seen: unknown[] = [];
    const broken = new Error("the file ended early");
    async function* rows() {
      yield { a: "one" };
      await sleep(1);
      yield { a: "two" };
      throw broken;
    }
    const reading = (async () => {
      for await (const out of opened.session.executeForEach("CALL P(:a)", rows())) seen.push(out.input.a);
    })();
    await expect(reading).rejects.toBe(broken);
    expect(seen).toEqual(["one", "two"]);
  });

  test("without a connection nothing is pulled", async () => {
    await using session = await openSession({ env: {} });
    let pulled = 0;
    const rows = (function* () {
      pulled++;
      yield { a: "x" };
    })();
    const run = session.executeForEach("CALL GenerateResponse(:a)", rows);
    expect((await errorOf(Array.fromAsync(run))).code).toBe("connect/none");
    expect(pulled).toBe(0);
  });

  test("of a budget keep what was bought", async () => {
    await using opened = await withPeople();
    await opened.session.execute("SET max_calls = 3");
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const out of opened.session.executeForEach("CALL P(:a)", numbered(10))) seen.push(out.index);
    })();
    expect((await errorOf(reading)).code).toBe("call/budget-reached");
    expect(seen).toEqual([0, 1, 2]);
    expect(opened.asked).toHaveLength(3);
  });
});

describe("order and back-pressure", () => {
  /** The connection answers late, the first row last. */
  async function openSlow(delayMs: (x: string) => number, asked: string[] = []) {
    const inner = echoConnection(echo, asked);
    const connection = {
      ...inner,
      send: async (...values: Parameters<typeof inner.send>) => {
        await sleep(delayMs(String(values[0].body["x"])));
        return inner.send(...values);
      },
    };
    return openSession({ connection, procedures: echoProcedures });
  }

  test("outputs come in the order of the input, or as they are done", async () => {
    await using session = await openSlow((x) => (x === "text 0" ? 60 : 1));
    const order = async (ordered: boolean): Promise<number[]> => {
      const run = session.executeForEach("CALL P(:a, :id)", numbered(8), {
        ordered,
        bind: (row) => ({ ...row, id: `${ordered}` }),
      });
      return (await Array.fromAsync(run)).map(({ index }) => index);
    };
    expect(await order(true)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect((await order(false)).at(-1)).toBe(0);
  });

  test("no more input is held than the window has room for", async () => {
    await using session = await openSlow(() => 1);
    await session.execute("SET concurrency = 2");
    let pulled = 0;
    let handedOut = 0;
    let held = 0;
    const rows = (function* () {
      for (const row of numbered(200)) {
        held = Math.max(held, ++pulled - handedOut);
        yield row;
      }
    })();
    const run = session.executeForEach("CALL P(:a)", rows);
    for await (const _ of run) {
      handedOut++;
      if (handedOut === 10) await sleep(40);
    }
    expect([pulled, handedOut]).toEqual([200, 200]);
    expect(run.counts.elapsedMs).toBeGreaterThan(30);
    expect(held).toBeLessThanOrEqual(2 * 4 + 1);
    expect(held).toBeGreaterThan(2);
  });

  test("nor more bytes than a bound, but for the row that passes it", async () => {
    await using session = await openSlow(() => 1);
    let pulled = 0;
    let handedOut = 0;
    let held = 0;
    const body = new Uint8Array(30 * 2 ** 20);
    const rows = (function* () {
      for (const row of numbered(8)) {
        held = Math.max(held, ++pulled - handedOut);
        yield { ...row, body };
      }
    })();
    for await (const _ of session.executeForEach("CALL P(:a)", rows)) handedOut++;
    expect([pulled, handedOut, held]).toEqual([8, 8, 3]);
  });

  test("a command with SQL begins a row when the one before has been taken", async () => {
    await using opened = await withPeople();
    const events: string[] = [];
    const rows = (function* () {
      for (const row of numbered(3)) {
        events.push(`pulled ${row.id}`);
        yield row;
      }
    })();
    const command = "INSERT INTO people VALUES (:id, P(:a)) RETURNING name";
    for await (const out of opened.session.executeForEach(command, rows)) {
      events.push(`took ${out.index}`);
      if (out.index === 1) break;
    }
    expect(events).toEqual(["pulled 0", "took 0", "pulled 1", "took 1"]);
    expect(opened.asked).toEqual(["P(text 0)", "P(text 1)"]);
  });

  test("leaving early closes the input and sends nothing more", async () => {
    const asked: string[] = [];
    await using session = await openSlow(() => 5, asked);
    await session.execute("SET concurrency = 2");
    let isClosed = false;
    const rows = (function* () {
      try {
        yield* numbered(1000);
      } finally {
        isClosed = true;
      }
    })();
    for await (const out of session.executeForEach("CALL P(:a)", rows)) if (out.index === 3) break;
    expect(isClosed).toBe(true);
    const sent = asked.length;
    expect(sent).toBeLessThan(20);
    await sleep(30);
    expect(asked).toHaveLength(sent);
    // What was sent was recorded: the answers are there for the next run.
    const again = session.executeForEach("CALL P(:a)", numbered(4));
    await Array.fromAsync(again);
    expect(again.counts).toMatchObject({ made: 0, cached: 4 });
  });

  test("an abort ends a run that waits for calls, and one that waits for input", async () => {
    await using session = await openSlow(() => 20_000);
    await session.execute("SET drain = 0");
    const controller = new AbortController();
    const { signal } = controller;
    setTimeout(() => controller.abort(), 20);
    const waiting = Array.fromAsync(session.executeForEach("CALL P(:a)", numbered(5), { signal }));
    expect((await errorOf(waiting)).code).toBe("call/cancelled");
    const second = new AbortController();
    const never = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }) };
    setTimeout(() => second.abort(), 20);
    const idle = Array.fromAsync(session.executeForEach("CALL P(:a)", never, { signal: second.signal }));
    expect((await errorOf(idle)).code).toBe("call/cancelled");
    const late = session.executeForEach("CALL P(:a)", numbered(1), { signal });
    expect((await errorOf(Array.fromAsync(late))).code).toBe("call/cancelled");
  });

  test("closing the session ends its runs once what was sent has come", async () => {
    const asked: string[] = [];
    const session = await openSlow(() => 10, asked);
    const seen: number[] = [];
    const reading = (async () => {
      for await (const out of session.executeForEach("CALL P(:a)", numbered(500))) {
        seen.push(out.index);
        if (out.index === 5) void session.close();
      }
    })();
    expect((await errorOf(reading)).code).toBe("session/closed");
    expect(seen.length).toBeGreaterThan(5);
    expect(seen.length).toBeLessThan(500);
  });

  test("other statements run while rows are in flight", async () => {
    await using session = await openSlow(() => 2);
    const counted: unknown[] = [];
    for await (const out of session.executeForEach("CALL P(:a)", numbered(40))) {
      if (out.index % 10 > 0) continue;
      await session.execute(`CREATE TABLE t${out.index} AS SELECT P('own')`);
      counted.push(await (await session.execute(`SELECT count(*) AS n FROM t${out.index}`)).first());
    }
    expect(counted).toEqual(Array.from({ length: 4 }, () => ({ n: 1 })));
  });
});

describe("calls", () => {
  test("that are equal are one, in flight and later", async () => {
    await using opened = await withPeople();
    const run = opened.session.executeForEach(
      "CALL P(:a)",
      numbered(500, (index) => `t${index % 7}`),
    );
    const outputs = await Array.fromAsync(run);
    expect(opened.asked).toHaveLength(7);
    expect(
      outputs.every((out, index) => out.output === "matched" && out.row["R"] === `<t${index % 7}>`),
    ).toBe(true);
    expect(run.counts).toMatchObject({ calls: 500, made: 7, cached: 493 });
  });

  test("stay apart where dedup is off, and are found again by the next run", async () => {
    await using opened = await withPeople();
    await opened.session.execute("SET dedup = off");
    for (const asked of [6, 6]) {
      await Array.fromAsync(
        opened.session.executeForEach(
          "CALL P(:a)",
          numbered(6, () => "same"),
        ),
      );
      expect(opened.asked).toHaveLength(asked);
    }
  });

  test("are counted in progress, rows and calls", async () => {
    await using opened = await withPeople();
    for (const command of ["CALL P(:a)", "SELECT P(:a), :id"]) {
      const news: ForEachProgress[] = [];
      const onProgress = (progress: ForEachProgress): void => void news.push(progress);
      await Array.fromAsync(opened.session.executeForEach(command, numbered(3), { onProgress }));
      expect(news.length).toBeGreaterThanOrEqual(3);
      expect(news.at(-1)).toMatchObject({
        rowsDone: 3,
        rowsKnown: 3,
        callsDone: 3,
        callsKnown: 3,
        inFlight: 0,
      });
    }
  });

  test("with arguments from tables, the clock or chance go through SQLite", async () => {
    await using opened = await withPeople();
    const commands = [
      "CALL P((SELECT name FROM people WHERE id = :id))",
      "CALL P(date('now') || :id)",
      "CALL P(Q(:id))",
    ];
    for (const command of commands) {
      const [out] = await Array.fromAsync(opened.session.executeForEach(command, [{ id: 1 }]));
      expect(out?.output).toBe("matched");
    }
    expect(opened.asked).toEqual([
      "P(Ann)",
      `P(${new Date().toISOString().slice(0, 10)}1)`,
      "Q(1)",
      "P(<1>)",
    ]);
  });
});

describe("against the API", () => {
  let server: OpenAIServer;
  beforeAll(async () => {
    server = await startOpenAIServer();
  });
  afterEach(() => server.reset());
  afterAll(() => server.close());
  const open = () =>
    openSession({ connection: "openai", env: { OPENAI_API_KEY: "sk-test", OPENAI_BASE_URL: server.url } });

  test("10,000 texts are 5 requests, also when they trickle in", async () => {
    await using session = await open();
    async function* trickling() {
      for (const row of numbered(10_000)) {
        if (row.id % 500 === 0) await sleep(1);
        yield row;
      }
    }
    const run = session.executeForEach("CALL GetEmbeddings(:a, Dimensions => 4)", trickling());
    let matched = 0;
    for await (const out of run) if (out.output === "matched" && out.index === matched) matched++;
    expect(matched).toBe(10_000);
    expect(server.requests).toHaveLength(5);
    expect(run.counts).toMatchObject({ calls: 10_000, made: 10_000, failed: 0, errors: 0 });
    expect(run.counts.inputTokens).toBeGreaterThan(10_000);
  });

  test("an input that stops giving does not hold back the rows it gave", async () => {
    await using session = await open();
    const { promise: rest, resolve } = Promise.withResolvers<void>();
    async function* stalling() {
      yield* numbered(3);
      await rest;
    }
    const run = session.executeForEach("CALL GetEmbeddings(:a, Dimensions => 4)", stalling());
    const outputs = run[Symbol.asyncIterator]();
    for (let index = 0; index < 3; index++) expect((await outputs.next()).value?.index).toBe(index);
    resolve();
    expect((await outputs.next()).done).toBe(true);
    expect(server.requests).toHaveLength(1);
  });

  test("a refused text fails alone, attempts that are used up say so", async () => {
    await using session = await open();
    await session.execute("SET max_attempts = 1");
    server.script(faults.contentPolicy({ when: ({ body }) => String(body["input"]).includes("text 1") }));
    server.script(faults.serverError({ when: ({ body }) => String(body["input"]).includes("text 2") }));
    const outputs = await Array.fromAsync(session.executeForEach("CALL GenerateResponse(:a)", numbered(4)));
    expect(outputs.map((out) => (out.output === "error" ? out.error.code : out.output))).toEqual([
      "matched",
      "call/failed",
      "call/attempts-used-up",
      "matched",
    ]);
  });
});
