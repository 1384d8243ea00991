/** Dot-commands in a pipe that ends early: the reader goes, or somebody asks the process to end. */
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { main } from "../../../src/cli/main.ts";
import type { StopSignal } from "../../../src/cli/terminal.ts";
import { faults, startOpenAIServer, type OpenAIServer } from "../../support/openai-server.ts";
import { fakeTerminal } from "../support/terminal.ts";

const folder = mkdtempSync(join(tmpdir(), "callsql-script-oddly-"));

describe("a reader that goes away", () => {
  test.each([
    ["behind a dot-command", ".timer off\n.help\n.help\nSELECT 1;\n"],
    ["behind a result", ".timer off\nSELECT 'a long line of text' AS x;\nSELECT 2;\n"],
  ])("%s ends it without a word", async (_, stdin) => {
    const terminal = fakeTerminal({ stdin, env: { HOME: folder }, pipeLength: 5 });
    const code = await main(["--no-ledger"], terminal);
    expect({ code, err: terminal.err() }).toEqual({ code: 0, err: "" });
  });
});

test("a file whose name tells no format is written as a table", async () => {
  const file = join(folder, "out.txt");
  const stdin = `.timer off\n.once ${file}\nSELECT 'b' AS a;\nSELECT 'c' AS a;\n`;
  const terminal = fakeTerminal({ stdin, env: { HOME: folder } });
  expect(await main(["--no-ledger"], terminal)).toBe(0);
  expect(readFileSync(file, "utf8")).toMatch(/a\s[^]*b/);
  expect(readFileSync(file, "utf8")).not.toContain("c");
  expect(terminal.out()).toContain("c");
});

describe("who asks it to end while a call is under way", () => {
  let server: OpenAIServer;
  beforeAll(async () => {
    server = await startOpenAIServer();
  });
  afterEach(() => server.reset());
  afterAll(() => server.close());

  test.each<readonly [StopSignal, number]>([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ])("with %s gets %i, and nothing more runs", async (signal, code) => {
    server.script(faults.delay(20_000));
    const env = { HOME: folder, OPENAI_API_KEY: "sk-test", OPENAI_BASE_URL: server.url };
    const stdin = ".timer off\nSET drain = 0;\nCALL GenerateResponse('slow');\nSELECT 'more' AS x;\n";
    const terminal = fakeTerminal({ stdin, env });
    const ended = main(["--no-ledger"], terminal);
    await expect.poll(() => server.requests.length, { timeout: 20_000 }).toBe(1);
    terminal.signal(signal);
    expect(await ended).toBe(code);
    expect(terminal.out()).not.toContain("more");
  });
});
