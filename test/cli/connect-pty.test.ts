/** `callsql connect add` as a person meets it: the built command's questions in a pseudo-terminal. Needs dist/. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startOpenAIServer, type OpenAIServer } from "../support/openai-server.ts";
import { keys, startPty, type Pty } from "./repl/support/pty.ts";

const key = "sk-proj-canary0123456789abcdef";
let server: OpenAIServer;
beforeAll(async () => {
  server = await startOpenAIServer({ apiKey: key });
});
afterAll(() => server.close());

const start = (args: readonly string[], folder?: string): Pty =>
  startPty({
    args,
    columns: 120,
    rows: 40,
    env: { CALLSQL_KEYCHAIN: "off" },
    ...(folder === undefined ? {} : { folder }),
  });

async function answer(pty: Pty, question: string | RegExp, text: string): Promise<void> {
  await expect(pty).toShow(question);
  pty.type(`${text}${keys.enter}`);
}

describe("questions", () => {
  test("a connection is added and tested; the key shows nowhere", async () => {
    await using pty = start(["connect", "add"]);
    await answer(pty, "Name (openai):", "mine");
    await answer(pty, "Base URL", server.url);
    await answer(pty, "Authentication:", "");
    await answer(pty, "API key (not shown", key);
    await answer(pty, "Test it now?", "");
    await expect(pty).toShow(/mine: .* ms; \d+ models/);
    expect(await pty.exitCode).toBe(0);
    expect(pty.screen()).toMatch(/mine is in .*connections\.toml and is the default/);
    expect(pty.screen()).toMatch(/GenerateResponse +\| responses/);
    expect(pty.raw).not.toContain(key);
    expect(pty.raw).not.toContain("canary");
    const kept = join(pty.folder, ".config/callsql/secrets/mine");
    expect([readFileSync(kept, "utf8"), statSync(kept).mode & 0o777]).toEqual([key, 0o600]);
  });

  test("what is typed wrong can be set right before Enter, and is asked again behind it", async () => {
    await using pty = start(["connect", "add"]);
    await answer(pty, "Name (openai):", `mimE${keys.backspace.repeat(2)}ne`);
    await answer(pty, "Base URL", "127.0.0.1:1");
    await answer(pty, /127\.0\.0\.1:1\n"base_url" cannot be used: [^\n]*\nBase URL/, "http://127.0.0.1:1");
    await answer(pty, "Authentication:", "3");
    await expect(pty).toShow("mine is in");
    expect(await pty.exitCode).toBe(0);
  });

  test.each([
    ["Ctrl-C", keys.ctrl("c")],
    ["Ctrl-D", keys.ctrl("d")],
  ])("%s leaves, and nothing is added", async (_, leaving) => {
    await using pty = start(["connect", "add"]);
    await answer(pty, "Name (openai):", "mine");
    await expect(pty).toShow("Base URL");
    pty.type(leaving);
    await expect(pty).toShow("nothing was added");
    expect(await pty.exitCode).toBe(0);
    expect(() => readFileSync(join(pty.folder, ".config/callsql/connections.toml"))).toThrow("ENOENT");
  });

  test("leaving at the hidden question leaves the terminal as it was", async () => {
    await using pty = startPty({
      shell: "callsql connect add mine --base-url http://127.0.0.1:1; stty -a | grep -o ' echo '",
      env: { CALLSQL_KEYCHAIN: "off" },
    });
    await expect(pty).toShow("API key (not shown");
    pty.type(`sk-half-typed-0123${keys.ctrl("c")}`);
    await expect(pty).toShow("nothing was added");
    expect(await pty.exitCode).toBe(0);
    expect(pty.raw).not.toContain("half-typed");
  });
});
