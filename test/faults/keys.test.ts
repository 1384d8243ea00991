/** What makes two calls the same (reference reliability.md, F18): any change of a request is another call. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { requestKey } from "../../src/runtime/dispatch/request-key.ts";

const text = fc.string({ unit: "grapheme", maxLength: 20 });
const value = fc.letrec((tie) => ({
  leaf: fc.oneof(
    text,
    fc.integer(),
    fc.double({ noNaN: true }),
    fc.boolean(),
    fc.uint8Array({ maxLength: 8 }),
  ),
  node: fc.oneof(
    { depthSize: "small" },
    tie("leaf"),
    fc.array(tie("node"), { maxLength: 3 }),
    fc.dictionary(text, tie("node"), { maxKeys: 3 }),
  ),
})).node;
const body = fc.dictionary(text, value, { minKeys: 1, maxKeys: 4 });
const endpoint = fc.constantFrom("responses" as const, "embeddings" as const, "images/edits" as const);
const call = fc.record({ identity: text, endpoint, body, separation: text });

const keyOf = ({
  identity,
  endpoint: to,
  body: fields,
  separation,
}: typeof call extends fc.Arbitrary<infer T> ? T : never) =>
  requestKey(identity, { endpoint: to, body: fields }, separation);

/** JSON with bytes and numbers told apart, fields in order. */
function plain(item: unknown): string {
  if (item instanceof Uint8Array) return `bytes ${Buffer.from(item).toString("hex")}`;
  if (Array.isArray(item)) return `[${item.map(plain).join(",")}]`;
  if (typeof item !== "object" || item === null) return Object.is(item, -0) ? "0" : JSON.stringify(item);
  const fields = Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${plain(field)}`).join(",")}}`;
}

test("different requests never share a key, equal ones always do, whatever the order of their fields", () => {
  fc.assert(
    fc.property(call, call, (a, b) => {
      const isSame = plain(a) === plain(b);
      expect(keyOf(a) === keyOf(b)).toBe(isSame);
      const turned = { ...a, body: Object.fromEntries(Object.entries(a.body).toReversed()) };
      expect(keyOf(turned)).toBe(keyOf(a));
    }),
    { numRuns: 300 },
  );
});

test("a change of one character, byte, number or name is another key", () => {
  const base = {
    identity: "https://api.openai.com/v1",
    endpoint: "responses" as const,
    body: { model: "m", input: "text", temperature: 0.5, image: Buffer.from([1, 2, 3]) } as Record<
      string,
      unknown
    >,
    separation: "",
  };
  const others = [
    { ...base, identity: "https://api.openai.com/v2" },
    { ...base, endpoint: "embeddings" as const },
    { ...base, separation: "1" },
    { ...base, body: { ...base.body, input: "text " } },
    { ...base, body: { ...base.body, temperature: 0.51 } },
    { ...base, body: { ...base.body, image: Buffer.from([1, 2, 4]) } },
    { ...base, body: { ...base.body, model: "M" } },
    { ...base, body: { ...base.body, top_p: 1 } },
  ];
  const keys = [base, ...others].map(keyOf);
  expect(new Set(keys).size).toBe(keys.length);
});
