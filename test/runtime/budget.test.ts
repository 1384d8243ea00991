/** What a session spends never passes what it may spend, and nothing that was bought is lost. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ApiRequest, Connection } from "../../src/catalog/request.ts";
import { readField } from "../../src/catalog/read.ts";
import { DiagnosticError, exitCodeOf, openSession, type Session } from "../../src/index.ts";
import { Budget } from "../../src/runtime/budget.ts";
import { Ledger } from "../../src/runtime/ledger/ledger.ts";
import { Spending } from "../../src/runtime/ledger/spending.ts";

interface Metered {
  tokens: number;
  calls: number;
  usd: number;
  inputs: unknown[];
}

const pricePerMillion = { input: 0.1, output: 0.5 };

/** Answers after a few turns of the event loop, and uses all the output a request allows for some of the inputs. */
function meteredConnection(metered: Metered): Connection {
  const models = {
    text: "gpt-6-luna",
    image: "",
    embedding: "text-embedding-3-small",
    moderation: "",
    transcription: "",
    translation: "",
    speech: "",
  };
  return {
    name: "metered",
    identity: "metered",
    models,
    send: async (request) => {
      for (let turns = request.body["input"] === undefined ? 0 : 3; turns > 0; turns--) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      return {
        ok: true,
        answer: { body: bodyOf(request, metered), status: 200, contentType: "application/json" },
      };
    },
  };
}

function bodyOf({ endpoint, body }: ApiRequest, metered: Metered): object {
  const inputs: readonly unknown[] = Array.isArray(body["input"]) ? body["input"] : [body["input"]];
  const input = inputs.reduce<number>((sum, text) => sum + Buffer.byteLength(String(text)), 0);
  metered.calls += inputs.length;
  metered.inputs.push(...inputs);
  if (endpoint === "embeddings") {
    metered.tokens += input;
    metered.usd += (input * 0.02) / 1e6;
    const data = inputs.map((_, index) => ({ index, embedding: [1] }));
    return { data, usage: { prompt_tokens: input, total_tokens: input } };
  }
  const max = Number(body["max_output_tokens"] ?? 40);
  const output = input % 3 === 0 ? max : Math.ceil(max / 5);
  metered.tokens += input + output;
  metered.usd += (input * pricePerMillion.input + output * pricePerMillion.output) / 1e6;
  const content = [{ type: "output_text", text: "fine" }];
  return {
    id: "resp_1",
    status: "completed",
    output: [{ type: "message", content }],
    usage: { input_tokens: input, output_tokens: output, total_tokens: input + output },
  };
}

async function open(rows: number, ledger = ":memory:"): Promise<{ session: Session; metered: Metered }> {
  const metered = { tokens: 0, calls: 0, usd: 0, inputs: [] };
  const session = await openSession({ connection: meteredConnection(metered), env: {}, ledger });
  const texts = Array.from({ length: rows }, (_, id) => [id, `text ${id} ${"é".repeat(id % 40)}`] as const);
  await session.importRows("t", ["id", "body"], texts);
  return { session, metered };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "done",
    (error: unknown) => (error instanceof DiagnosticError ? error.code : String(error)),
  );
}

const generate = "SELECT GenerateResponse(body, MaxOutputTokens => 50) FROM t";
const embed = "SELECT GetEmbeddings(body) FROM t";

describe("metered spend never passes the cap, at any concurrency", () => {
  const cases = fc.record({
    sql: fc.constantFrom(generate, embed),
    option: fc.constantFrom("max_calls" as const, "max_tokens" as const, "max_cost" as const),
    share: fc.double({ min: 0, max: 1.2, noNaN: true }),
    concurrency: fc.integer({ min: 1, max: 64 }),
    rows: fc.integer({ min: 1, max: 60 }),
  });

  test("whatever is capped; raising the cap and running again buys the rest, once", async () => {
    const run = async ({
      sql,
      option,
      share,
      concurrency,
      rows,
    }: typeof cases extends fc.Arbitrary<infer T> ? T : never) => {
      const whole = await open(rows);
      await (await whole.session.execute(sql)).all();
      await whole.session.close();
      const all = {
        max_calls: whole.metered.calls,
        max_tokens: whole.metered.tokens,
        max_cost: whole.metered.usd,
      };
      const cap = option === "max_cost" ? all[option] * share : Math.floor(all[option] * share);
      const { session, metered } = await open(rows);
      await session.execute(`SET concurrency = ${concurrency}`);
      await session.execute(`SET ${option} = '${cap}'`);
      const code = await codeOf(session.execute(sql).then((result) => result.all()));
      const spent = { max_calls: metered.calls, max_tokens: metered.tokens, max_cost: metered.usd };
      expect(["done", "call/budget-reached"]).toContain(code);
      expect(spent[option]).toBeLessThanOrEqual(cap + 1e-12);
      await session.execute(`RESET ${option}`);
      expect(await (await session.execute(sql)).all()).toHaveLength(rows);
      expect(new Set(metered.inputs).size).toBe(metered.inputs.length);
      await session.close();
    };
    await fc.assert(fc.asyncProperty(cases, run), { numRuns: 60 });
  });

  test("most of the cap is used: what was held too much is given back", async () => {
    const { session, metered } = await open(200);
    await session.execute("SET max_tokens = 3000");
    expect(await codeOf(session.execute(generate))).toBe("call/budget-reached");
    expect(metered.tokens).toBeGreaterThan(2700);
    expect(metered.tokens).toBeLessThanOrEqual(3000);
    await session.close();
  });
});

test("the error names the cap, what was spent and its exit code", async () => {
  const { session, metered } = await open(20);
  await session.execute("SET max_cost = 0.0001");
  const error: unknown = await session.execute(generate).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(DiagnosticError);
  if (!(error instanceof DiagnosticError)) return;
  expect(error.message).toMatch(/stopped at max_cost = 0\.0001: this session has spent 0\.0000\d+ USD/);
  expect(exitCodeOf(error)).toBe(4);
  expect(metered.calls).toBeGreaterThan(0);
  expect(readField(error.diagnostics, 0, "hint")).toContain("raise max_cost");
  await session.close();
});

test("a model without a price does not count against max_cost, and that is said once", async () => {
  const { session } = await open(20);
  await session.execute("SET max_cost = 0");
  const result = await session.execute("SELECT GenerateResponse(body, Model => 'my-own-7b') FROM t");
  const codes = result.warnings.map(({ code }) => code);
  expect(codes.filter((code) => code === "call/cost-not-counted")).toHaveLength(1);
  expect(await result.all()).toHaveLength(20);
  await session.close();
});

describe("a day's cap", () => {
  const need = { tokens: 1, usd: 0.4 };
  const signal = new AbortController().signal;
  const capped = { number: (name: string) => (name === "max_cost_per_day" ? 1 : undefined) };

  /** Spending of runs of their own on one ledger. */
  const stores = (count: number, today?: () => string): Spending[] => {
    const ledger = new Ledger(":memory:");
    return Array.from({ length: count }, () => {
      const run = ledger.runs.begin({ kind: "session", name: "s" });
      return new Spending({
        ledger: () => ledger,
        run: () => run,
        ...(today === undefined ? {} : { today }),
      });
    });
  };

  test("holds across all who share the ledger, and ends with the day", async () => {
    let today = "2026-11-22";
    const [one, other] = stores(2, () => today).map((store) => new Budget(capped, store));
    const first = await one?.hold(need, signal);
    if (first?.kind === "held") first.hold.settle({ tokens: 1, usd: 0.4 });
    expect((await other?.hold(need, signal))?.kind).toBe("held");
    expect(await one?.hold(need, signal)).toMatchObject({
      kind: "reached",
      reached: { option: "max_cost_per_day" },
    });
    today = "2026-11-23";
    expect((await one?.hold(need, signal))?.kind).toBe("held");
  });

  test("what is never sent costs nothing", async () => {
    const [store] = stores(1);
    if (store === undefined) return expect.unreachable();
    const granted = await new Budget(capped, store).hold(need, signal);
    expect(store.total()).toBe(0.4);
    if (granted.kind === "held") granted.hold.settle(undefined);
    expect(store.total()).toBe(0);
  });

  test("sessions without a cap spend of it, too", async () => {
    const [one, other] = stores(2);
    if (one === undefined || other === undefined) return expect.unreachable();
    const uncapped = await new Budget({ number: () => undefined }, one).hold(need, signal);
    if (uncapped.kind === "held") uncapped.hold.settle({ tokens: 1, usd: 0.9 });
    expect(one.total()).toBe(0.9);
    expect(await new Budget(capped, other).hold(need, signal)).toMatchObject({
      kind: "reached",
      reached: { spent: 0.9 },
    });
  });

  test("metered spend of several sessions on one ledger never passes it, at any concurrency", async () => {
    const folder = mkdtempSync(join(tmpdir(), "callsql-day-"));
    const cases = fc.record({
      sql: fc.constantFrom(generate, embed),
      share: fc.double({ min: 0, max: 1.1, noNaN: true }),
      concurrencies: fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 2, maxLength: 4 }),
      rows: fc.integer({ min: 1, max: 40 }),
    });
    let files = 0;
    type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;
    const run = async ({ sql, share, concurrencies, rows }: Case) => {
      const whole = await open(rows);
      await (await whole.session.execute(sql)).all();
      await whole.session.close();
      const cap = whole.metered.usd * concurrencies.length * share;
      const ledger = join(folder, `${++files}.db`);
      const sessions = await Promise.all(
        concurrencies.map(async (concurrency) => {
          const opened = await open(rows, ledger);
          await opened.session.execute(`SET concurrency = ${concurrency}`);
          await opened.session.execute(`SET max_cost_per_day = '${cap}'`);
          return opened;
        }),
      );
      const ends = await Promise.all(
        sessions.map(({ session }) => codeOf(session.execute(sql).then((result) => result.all()))),
      );
      const spent = (): number => sessions.reduce((sum, { metered }) => sum + metered.usd, 0);
      expect(ends.filter((code) => code !== "done" && code !== "call/budget-reached")).toEqual([]);
      expect(spent()).toBeLessThanOrEqual(cap + 1e-12);
      // Raised, and run again: the rest is bought, nothing twice.
      for (const { session, metered } of sessions) {
        await session.execute("RESET max_cost_per_day");
        expect(await (await session.execute(sql)).all()).toHaveLength(rows);
        expect(new Set(metered.inputs).size).toBe(metered.inputs.length);
        await session.close();
      }
    };
    await fc.assert(fc.asyncProperty(cases, run), { numRuns: 25 });
    rmSync(folder, { recursive: true });
  });
});
