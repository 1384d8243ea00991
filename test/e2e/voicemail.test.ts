/**
 * The example for voice mail, as its README tells to run it: offline, through run.js, in a child process. Asserts what must
 * hold whatever the small models mishear, and that the README shows real output.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSession, sniff, type Session, type SqlValue } from "../../src/index.ts";
import { temporaryFolder } from "./support/folder.ts";
import { root, runNode, type Finished } from "./support/process.ts";

const folder = temporaryFolder();
const database = join(folder.path, "voicemail.db");
const example = join(root, "examples/voicemail");

let first: Finished;
let session: Session;
beforeAll(async () => {
  first = await runNode(["examples/voicemail/run.js", "--db", database]);
  session = await openSession({ database });
}, 180_000);
afterAll(async () => {
  await session?.close();
  folder.remove();
});

async function rows(sql: string): Promise<Record<string, SqlValue>[]> {
  return (await session.execute(sql)).all();
}

test("it ends well, without a warning", () => {
  expect(first.stderr).not.toMatch(/error\[|warning\[/);
  expect(first).toMatchObject({ code: 0, signal: null });
});

test("the README shows what it prints, but for the seconds", () => {
  const readme = readFileSync(join(example, "README.md"), "utf8");
  const [, shown = ""] = /<!-- output -->\n```\n(.*?)```\n<!-- \/output -->/s.exec(readme) ?? [];
  const summary = first.stderr.trimEnd().split("\n").at(-1) ?? "";
  expect(withoutSeconds(shown)).toBe(withoutSeconds(`${first.stdout}\n${summary}\n`));
});

test("every call is written down, as long as it was", async () => {
  const messages = await rows("SELECT id, text, seconds FROM messages ORDER BY id");
  expect(messages).toHaveLength(8);
  for (const { id, text, seconds } of messages) {
    const file = readFileSync(join(example, `out/call-${String(id)}.wav`));
    expect(Number(seconds)).toBeCloseTo((file.length - 44) / 48_000, 1);
    expect(String(text).split(" ").length).toBeGreaterThan(15);
  }
});

test("leaks, gas and cold are emergencies; contracts get help within the hour", async () => {
  const emergencies = await rows(
    "SELECT id, tier, reply FROM replies WHERE urgency = 'emergency' ORDER BY id",
  );
  expect(emergencies.map(({ id }) => id)).toEqual([1, 3, 6]);
  for (const { tier, reply } of emergencies) {
    expect(reply).toContain(tier === "contract" ? "within one hour." : "will be with you today.");
  }
});

test("each reply is spoken, and addresses the caller", async () => {
  for (const { id, caller, reply } of await rows("SELECT * FROM replies")) {
    expect(sniff(readFileSync(join(example, `out/reply-${String(id)}.mp3`)))?.mimeType).toBe("audio/mpeg");
    expect(
      String(reply).startsWith(caller === "unknown caller" ? "Hello. " : `Hello, ${String(caller)}. `),
    ).toBe(true);
  }
});

function withoutSeconds(text: string): string {
  return text.replace(/, (?:\d+(?:\.\d+)? s|\d+:\d\d), /, ", … s, ");
}
