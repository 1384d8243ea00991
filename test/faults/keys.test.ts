/** What makes two calls the same (reference reliability.md, F18): any change of a request is another call. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Parameter, Procedure } from "../../src/catalog/procedure.ts";
import type { SqlValue } from "../../src/catalog/value.ts";
import { procedures } from "../../src/procedures/index.ts";
import { requestKey } from "../../src/runtime/dispatch/request-key.ts";
import { minimalOf, png, prepare, wav } from "../procedures/support/calls.ts";
import { audioBytes, imageBytes } from "../support/tiny-media.ts";
import { times } from "./support/soak.ts";

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
  requestKey(identity, { endpoint: to, body: fields }, { separation });

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

/** Values of a parameter that are unlike in as little as can be. */
function unlike({ type, values, media, min = 1, max = 100, name }: Parameter): readonly SqlValue[] {
  if (name === "Model") return ["gpt-6-luna", "gpt-6-luna-2", "GPT-6-luna"];
  if (name === "Schema") return ['{"type":"object"}', '{"type":"object","properties":{}}'];
  if (values !== undefined) return values;
  if (media === "image") return [png, flipped(png), imageBytes("png", { width: 65, height: 32 })];
  if (media === "audio") return [wav, flipped(wav), audioBytes("mp3")];
  switch (type) {
    case "integer":
      return [min, min + 1, Math.min(max, min + 99)];
    case "real":
      return [min, min + 0.01, min + 0.1];
    case "boolean":
      return [0n, 1n];
    case "json":
      return ["web_search", "web_search, code_interpreter", "word", "segment", "a, b", "b, a"];
    default:
      return ["text", "text ", "Text", "te\u0301xt", "t\u00e9xt"];
  }
}

/** With another last byte. */
function flipped(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[copy.length - 1] = (copy.at(-1) ?? 0) ^ 1;
  return copy;
}

/** The keys of the calls that may be sent, by what the parameter was given. */
function keysOf({ name }: Procedure, parameter: Parameter): Map<string, string> {
  const keys = new Map<string, string>();
  for (const given of unlike(parameter)) {
    const prepared = prepare(name, { ...minimalOf(name), [parameter.name]: given });
    if (prepared.ok) keys.set(String(given), requestKey("", prepared.request));
  }
  return keys;
}

test("any change of any parameter of any procedure that is sent is another key", () => {
  let pairs = 0;
  for (const procedure of procedures) {
    for (const parameter of procedure.parameters) {
      const keys = keysOf(procedure, parameter);
      const wanted = parameter.isUnsent === true ? 1 : keys.size;
      const what = `${procedure.name}, ${parameter.name}: ${[...keys.keys()].join(" | ").slice(0, 200)}`;
      expect(new Set(keys.values()).size, what).toBe(wanted);
      pairs += (keys.size * (keys.size - 1)) / 2;
    }
  }
  expect(pairs).toBeGreaterThan(300);
});

test("no two of many keys collide", { timeout: 300_000 }, () => {
  const count = times(100_000, 1_000_000);
  const keys = new Set<string>();
  for (let number = 0; number < count; number++) {
    keys.add(requestKey("openai", { endpoint: "responses", body: { input: `row ${number}` } }));
  }
  expect(keys.size).toBe(count);
});
