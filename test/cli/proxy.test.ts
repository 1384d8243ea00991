/** Commands that ask a service, behind a proxy that refuses: what it said, which variable names it, and the exit code of a configuration. */
import { describe, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { startRefusingProxy } from "../support/refusing-proxy.ts";
import { fakeTerminal } from "./support/terminal.ts";

async function callsql(args: readonly string[], proxyUrl: string) {
  const env = {
    OPENAI_API_KEY: "sk-proj-abcdefghijklmnop1234",
    OPENAI_BASE_URL: "http://api.invalid/v1",
    HTTP_PROXY: proxyUrl.replace("://", "://ada:hunter2@"),
    CALLSQL_KEYCHAIN: "off",
  };
  const terminal = fakeTerminal({ env });
  const code = await main([...args, "--no-ledger"], terminal);
  expect(terminal.out() + terminal.err()).not.toContain("hunter2");
  return { code, out: terminal.out(), err: terminal.err() };
}

describe.each([
  [["connect", "test", "openai"]],
  [["models", "--refresh"]],
  [["--set", "max_attempts=1", "-c", "SELECT ModerateText('x')"]],
])("callsql %j", (args) => {
  test.each([
    [401, /which answered 401/],
    [403, /which answered 403: it does not let anybody go there/],
    [407, /which answered 407: it wants a user name and a password/],
  ])("behind a proxy that answers %i", async (status, words) => {
    using proxy = await startRefusingProxy(status);
    const { code, out, err } = await callsql(args, proxy.url);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(/^error\[connect\/proxy-refused\]: .* was not asked: api\.invalid is asked through/m);
    expect(err).toMatch(words);
    expect(err).toMatch(/^ {2}hint: .*HTTP_PROXY/m);
  });

  test("behind a proxy that cannot reach the service: it may pass", async () => {
    using proxy = await startRefusingProxy(502);
    const { code, err } = await callsql(args, proxy.url);
    expect(code).toBe(3);
    expect(err).toMatch(/^error\[(?:connect\/unreachable|call\/attempts-used-up)\]: .*which answered 502/m);
  });
});
