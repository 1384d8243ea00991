/**
 * Many clients of one server, some of whom leave in the middle (reference reliability.md, F24): each gets the reply to its
 * own question, and for those who left nothing is called beyond what was in flight.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { ask, startServing, type Serving } from "../server/support/serving.ts";
import { faults, startOpenAIServer } from "../support/openai-server.ts";
import { times } from "./support/soak.ts";

const clients = 50;
const questions = times(4, 200);

test(
  "replies are never mixed up, and nothing is called for those who left",
  { timeout: 300_000 },
  async () => {
    await using api = await startOpenAIServer({ faults: [faults.delay(20)] });
    await using serving = await startServing(api.url, { settings: [{ option: "drain", value: "1" }] });
    const token = serving.token("first");
    let answered = 0;
    let left = 0;
    const client = async (who: number): Promise<void> => {
      for (let question = 0; question < questions; question++) {
        const text = `client ${who} asks ${question}`;
        const leaves = (who + question) % 10 === 0;
        const leaving = new AbortController();
        // Every fourth is SQL, which runs in a process of its own; those who leave ask for many calls.
        const command = leaves
          ? `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) SELECT GenerateResponse(:m || i) FROM n`
          : question % 4 === 0
            ? "SELECT GenerateResponse(:m) AS Response_Result"
            : "CALL GenerateResponse(:m)";
        const body = { command, parameters: { m: text } };
        const asked = ask(serving, "/v1/execute", { token, body, signal: leaving.signal });
        if (leaves) {
          const timer = setTimeout(() => leaving.abort(), 30 + ((who * 37) % 200));
          await asked.catch(() => left++);
          clearTimeout(timer);
          continue;
        }
        const reply = await asked;
        expect(reply.status, reply.text).toBe(200);
        expect(reply.body?.["rows"]).toMatchObject([
          { Response_Result: expect.stringMatching(new RegExp(`: ${text}$`)) },
        ]);
        answered++;
      }
    };
    await Promise.all(Array.from({ length: clients }, (_, who) => client(who)));
    expect(left).toBeGreaterThan(0);
    expect(answered + left).toBe(clients * questions);
    // The server learns of the last who left when it reads that their connection ended, on a busy machine some time later;
    // then what was in flight for them may still arrive.
    await expect.poll(() => requestsInFlight(serving, token), { timeout: 30_000 }).toBe(1);
    await expect.poll(() => api.inFlight, { timeout: 30_000 }).toBe(0);
    const { length } = api.requests;
    await sleep(300);
    expect(api.requests).toHaveLength(length);
    // Those who left wanted 500 calls each.
    expect(length - answered).toBeLessThan(left * 100);
  },
);

/** Requests the server is at work on, this one with them. */
async function requestsInFlight(serving: Serving, token: string): Promise<number> {
  const { text } = await ask(serving, "/metrics", { token });
  return Number(/^callsql_requests_in_flight (\d+)$/m.exec(text)?.[1]);
}
