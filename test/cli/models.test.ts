/** `callsql models`, against the protocol test server. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { faults, startOpenAIServer, type OpenAIServer } from "../support/openai-server.ts";
import { fakeTerminal } from "./support/terminal.ts";

let server: OpenAIServer;
beforeAll(async () => {
  server = await startOpenAIServer();
});
afterEach(() => server.reset());
afterAll(() => server.close());

const key = "sk-proj-abcdefghijklmnop1234";

async function callsql(args: readonly string[], hasKey = true) {
  const env: Record<string, string> = hasKey ? { OPENAI_API_KEY: key, OPENAI_BASE_URL: server.url } : {};
  const terminal = fakeTerminal({ env });
  const code = await main(args, terminal);
  return { code, out: terminal.out(), err: terminal.err() };
}

function readModels(text: string): Record<string, unknown>[] {
  return JSON.parse(text) as Record<string, unknown>[];
}

describe("callsql models", () => {
  test("shows price with its date, retirement, replacement and procedures, and asks nobody", async () => {
    const { code, out, err } = await callsql(["models", "-o", "csv"], false);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const lines = out.split(/\r?\n/);
    expect(lines[0]).toBe("model,price,price_as_of,retires_on,replacement,procedures");
    expect(lines).toContain(
      'whisper-1,USD 0.36 per hour of audio,2026-09-23,2027-02-26,gpt-transcribe,"CreateTranscription, CreateTranslation"',
    );
    expect(server.requests).toEqual([]);
  });

  test("gives all that is known as JSON", async () => {
    const models = readModels((await callsql(["models", "--json"], false)).out);
    expect(models).toContainEqual(
      expect.objectContaining({
        model: "gpt-6-luna",
        input_usd: 0.1,
        sampling: "effort-none",
        listing: null,
      }),
    );
  });

  test("marks after --refresh what the service lists, what not, and what is unknown", async () => {
    server.answerWith(() => ({
      object: "list",
      data: [
        { id: "gpt-6-luna-2026-10-06", object: "model" },
        { id: "gpt-4o", object: "model", shutdown_date: "2027-01-14" },
        { id: "ft:mine", object: "model" },
      ],
    }));
    const { code, out } = await callsql(["models", "--refresh", "--json"]);
    expect(code).toBe(0);
    const models = readModels(out);
    const standing = (id: string) => models.find(({ model }) => model === id);
    expect(standing("gpt-6-luna")).toMatchObject({ listing: "listed", shutdown_date: null });
    expect(standing("gpt-4o")).toMatchObject({ listing: "listed", shutdown_date: "2027-01-14" });
    expect(standing("o3")).toMatchObject({ listing: "not listed" });
    expect(standing("ft:mine")).toMatchObject({ listing: "unknown", price: null });
    expect(server.requests.map(({ method, endpoint }) => `${method} ${endpoint}`)).toEqual(["GET models"]);
    expect((await callsql(["models", "--refresh"])).out).toContain("| ft:mine");
  });

  test("says what is wrong when the list cannot be had", async () => {
    expect(await callsql(["models", "--refresh"], false)).toMatchObject({
      code: 6,
      err: expect.stringContaining("connect/none"),
    });
    server.script(faults.unauthorized(key, { times: 1 }));
    const refused = await callsql(["models", "--refresh"]);
    expect(refused).toMatchObject({ code: 6, out: "", err: expect.stringContaining("connect/refused") });
    expect(refused.err).not.toContain("abcdefghijkl");
    server.script(faults.serverError());
    expect(await callsql(["models", "--refresh"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("connect/no-model-list"),
    });
  });

  test("and every other command take a models file", async () => {
    expect(await callsql(["models", "--models", "/nowhere/models.json"], false)).toMatchObject({
      code: 2,
      err: expect.stringContaining("connect/unreadable-models"),
    });
    const query = ["-c", "SELECT 1", "--models", "/nowhere/models.json"];
    expect((await callsql(query, false)).err).toContain("connect/unreadable-models");
  });
});
