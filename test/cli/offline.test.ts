/** `callsql offline`. What installing does is test/connection/offline/install.test.ts. */
import { expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { fakeTerminal } from "./support/terminal.ts";

async function callsql(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const terminal = fakeTerminal({ env: { XDG_CACHE_HOME: "/nowhere", PATH: "/nowhere" } });
  const code = await main(args, terminal);
  return { code, out: terminal.out(), err: terminal.err() };
}

test("lists the parts with state, size, licences and procedures", async () => {
  const { code, out, err } = await callsql("offline", "-o", "csv");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  const lines = out.split(/\r?\n/);
  expect(lines[0]).toBe("part,state,mb,licences,procedures");
  expect(lines).toContain('speech,installed,28,"BSD, MIT, LGPL (LAME)",GenerateAudio');
});

test("gives packages and models as JSON", async () => {
  const { out } = await callsql("offline", "--json");
  expect(JSON.parse(out)).toContainEqual(
    expect.objectContaining({ part: "images", models: "offline-card", missing: null }),
  );
});

test.each([
  [["offline", "instal"], "cli/usage"],
  [["offline", "install", "speach"], "connect/unknown-part"],
])("%j ends with %s", async (args, expected) => {
  const { code, err } = await callsql(...args);
  expect(code).toBe(2);
  expect(err).toContain(expected);
});
