/** Tokens: stored as hashes, and compared so that the time taken tells nothing (S2 of docs/security.md). */
import * as crypto from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { TokenStore } from "../../src/server/tokens.ts";

vi.mock("node:crypto", async (original) => {
  const real = await original<typeof crypto>();
  return { ...real, timingSafeEqual: vi.fn<typeof real.timingSafeEqual>(real.timingSafeEqual) };
});

const folder = mkdtempSync(join(tmpdir(), "callsql-tokens-"));
const file = join(folder, "tokens.json");
const store = new TokenStore(file);
const names = Array.from({ length: 20 }, (_, index) => `token-${index}`);
const texts = names.map((name) => store.create(name, {}));
const compare = vi.mocked(crypto.timingSafeEqual);
afterAll(() => rmSync(folder, { recursive: true }));

test("S2: any token is compared with all there are, as digests, by a comparison of constant time", () => {
  const [first = ""] = texts;
  const last = texts.at(-1) ?? "";
  const wrong = ["", "x", `${first}x`, `x${first.slice(1)}`, `${first.slice(0, -1)}x`, "y".repeat(5000)];
  store.find(first);
  for (const text of [first, last, ...wrong]) {
    compare.mockClear();
    const found = store.find(text);
    expect(found?.name).toBe({ [first]: "token-0", [last]: "token-19" }[text]);
    expect(compare.mock.calls.length % names.length).toBe(0);
    expect(compare.mock.calls.length).toBeGreaterThan(0);
    const digest = crypto.createHash("sha256").update(text).digest();
    for (const sides of compare.mock.calls) {
      expect(sides[0]).toEqual(digest);
      expect(sides.map((side) => side.byteLength)).toEqual([32, 32]);
    }
  }
});

test("what is kept of a token does not tell it", () => {
  const kept = readFileSync(file, "utf8");
  for (const text of texts) expect(kept).not.toContain(text.slice(-16));
  expect(new Set(texts).size).toBe(names.length);
  expect(Math.min(...texts.map(({ length }) => length))).toBeGreaterThanOrEqual(43);
});
