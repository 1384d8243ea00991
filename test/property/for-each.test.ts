/**
 * executeForEach over random inputs, answers, delays and settings: every input row has exactly one output, in order where that
 * is asked for, with its own answer; no call is made twice; no more rows are held than may be. Set CALLSQL_RUNS for more.
 */
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { openSession } from "../../src/index.ts";
import { EchoFailure, echoConnection, echoProcedures, type Answers } from "../support/echo.ts";

const answers: Answers = (_, x) => {
  if (String(x).startsWith("bad")) throw new EchoFailure(400, "content_policy_violation");
  return `<${String(x)}>`;
};

const row = fc.record({
  text: fc.constantFrom("a", "b", "c", "d", "bad 1", "bad 2", "invalid"),
  /** Milliseconds until the input gives it, and until it is answered. */
  inputMs: fc.constantFrom(0, 0, 0, 1),
  answerMs: fc.constantFrom(0, 0, 1, 3),
});

const scenario = fc.record({
  rows: fc.array(row, { maxLength: 40 }),
  isOrdered: fc.boolean(),
  isAsync: fc.boolean(),
  concurrency: fc.integer({ min: 1, max: 5 }),
  /** The command needs a pass of its own for each row. */
  isSql: fc.boolean(),
  /** The consumer stops behind this many outputs. */
  leaveAfter: fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }),
});

test("every input row has one output", async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async ({ rows, isOrdered, isAsync, concurrency, isSql, leaveAfter }) => {
      const asked: string[] = [];
      const inner = echoConnection(answers, asked);
      const delays = new Map<string, number>(rows.map(({ text, answerMs }) => [text, answerMs]));
      const connection = {
        ...inner,
        send: async (...values: Parameters<typeof inner.send>) => {
          await sleep(delays.get(String(values[0].body["x"])) ?? 0);
          return inner.send(...values);
        },
      };
      await using session = await openSession({ connection, procedures: echoProcedures, env: {} });
      session.setOption("concurrency", concurrency);
      let pulled = 0;
      let handedOut = 0;
      let held = 0;
      const pull = (index: number) => {
        held = Math.max(held, ++pulled - handedOut);
        return { id: index, a: rows[index]?.text ?? "" };
      };
      function* plain() {
        for (const index of rows.keys()) yield pull(index);
      }
      async function* slow() {
        for (const [index, { inputMs }] of rows.entries()) {
          if (inputMs > 0) await sleep(inputMs);
          yield pull(index);
        }
      }
      const command = isSql ? "SELECT R, (SELECT count(*)) AS n FROM P(:a)" : "CALL P(:a)";
      if (isSql) session.setOption("on_error", "abort");
      const run = session.executeForEach(command, isAsync ? slow() : plain(), { ordered: isOrdered });
      const indexes: number[] = [];
      for await (const out of run) {
        handedOut++;
        indexes.push(out.index);
        const text = rows[out.index]?.text ?? "";
        expect(out.input).toEqual({ id: out.index, a: text });
        if (out.output === "error") expect(out.error.code).toBe("call/failed");
        else expect(out.row).toMatchObject({ id: out.index, a: text, R: `<${text}>` });
        expect(out.output).toBe(/^bad|^invalid/.test(text) ? "error" : "matched");
        if (handedOut === leaveAfter) break;
      }
      const expected = Math.min(rows.length, leaveAfter ?? Infinity);
      expect(new Set(indexes).size).toBe(expected);
      if (isOrdered || isSql) expect(indexes).toEqual([...rows.keys()].slice(0, expected));
      expect(held).toBeLessThanOrEqual(isSql ? 1 : concurrency * 4);
      const good = asked.filter((call) => !call.includes("bad"));
      expect(new Set(good).size).toBe(good.length);
      if (leaveAfter === undefined) {
        expect(new Set(good)).toEqual(
          new Set(rows.flatMap(({ text }) => (/^[a-d]$/.test(text) ? [`P(${text})`] : []))),
        );
      }
    }),
    { numRuns: Number(process.env["CALLSQL_RUNS"] ?? 100), endOnFailure: true },
  );
}, 120_000);
