import { describe, expect, test } from "vitest";
import { coerce, show } from "../../src/catalog/coerce.ts";
import type { ParameterDefinition } from "../../src/catalog/procedure.ts";
import type { SqlValue } from "../../src/catalog/value.ts";

type Given = Exclude<SqlValue, null>;

function coerced(definition: Omit<ParameterDefinition, "summary">, value: Given): unknown {
  const result = coerce({ ...definition, summary: "", name: "P", position: 0 }, value);
  return result.ok ? result.value : result.error.code;
}

describe("text", () => {
  test.each<[Given, unknown]>([
    ["héllo", "héllo"],
    [42, "42"],
    [12345678901234567890n, "12345678901234567890"],
    [Buffer.from("from a file"), "from a file"],
    [Buffer.from([0xff, 0xfe, 0x00]), "call/not-text"],
  ])("%o is %o", (value, expected) => {
    expect(coerced({ type: "text" }, value)).toBe(expected);
  });

  test("is matched to the allowed values in any case and sent as they are written", () => {
    const definition = { type: "text", values: ["low", "auto"], otherValues: /^x-/ } as const;
    expect(coerced(definition, " AUTO ")).toBe("auto");
    expect(coerced(definition, "x-Own")).toBe("x-Own");
    expect(coerced(definition, "high")).toBe("call/not-allowed");
  });

  test("may be empty only where nothing depends on it", () => {
    expect(coerced({ type: "text" }, "")).toBe("");
    expect(coerced({ type: "text", required: true }, "")).toBe("call/empty-value");
    expect(coerced({ type: "text", defaultModel: "text" }, "")).toBe("call/empty-value");
  });
});

describe("numbers", () => {
  test.each<[Given, unknown]>([
    [5, 5],
    [5n, 5],
    ["5", 5],
    [" 5.0 ", 5],
    ["1e2", 100],
    [5.5, "call/not-a-number"],
    ["five", "call/not-a-number"],
    ["0x10", "call/not-a-number"],
    ["", "call/not-a-number"],
    [Infinity, "call/not-a-number"],
    [2n ** 60n, "call/not-a-number"],
    [Buffer.from("5"), "call/not-a-number"],
    [0, "call/out-of-range"],
    [101, "call/out-of-range"],
  ])("%o as an integer of 1 to 100 is %o", (value, expected) => {
    expect(coerced({ type: "integer", min: 1, max: 100 }, value)).toBe(expected);
  });

  test.each<[Given, unknown]>([
    ["0.5", 0.5],
    [".5", 0.5],
    [1n, 1],
    ["NaN", "call/not-a-number"],
  ])("%o as a real is %o", (value, expected) => {
    expect(coerced({ type: "real" }, value)).toBe(expected);
  });
});

test.each<[Given, unknown]>([
  [1, true],
  [0n, false],
  ["TRUE", true],
  ["off", false],
  [" on ", true],
  [2, "call/not-a-boolean"],
  ["", "call/not-a-boolean"],
  ["yes", "call/not-a-boolean"],
])("%o as a boolean is %o", (value, expected) => {
  expect(coerced({ type: "boolean" }, value)).toBe(expected);
});

test("a value is shown short, and a file never", () => {
  expect(show("x".repeat(1000))).toHaveLength(58);
  expect(show(Buffer.alloc(5))).toBe("a BLOB of 5 bytes");
  expect(show(Infinity)).toBe("Infinity");
  expect(show(["a"])).toBe('["a"]');
});

describe("bytes", () => {
  const bytes = (value: Given): unknown => coerced({ type: "bytes" }, value);

  test("come from a BLOB, a data URL, base64 and base64url", () => {
    const hello = Buffer.from("hello?>");
    expect(bytes(hello)).toBe(hello);
    expect(bytes(`data:text/plain;base64,${hello.toString("base64")}`)).toEqual(hello);
    expect(bytes("data:,hello%3F%3E")).toEqual(hello);
    expect(bytes(hello.toString("base64"))).toEqual(hello);
    expect(bytes(hello.toString("base64url"))).toEqual(hello);
    expect(bytes("aGVs\nbG8/Pg==\n")).toEqual(hello);
  });

  test.each<[Given, unknown]>([
    ["photo.png", "call/not-bytes"],
    ["/home/me/photo.png", "call/not-bytes"],
    ["data:image/png;base64,***", "call/not-bytes"],
    ["data:,%E0%A4%A", "call/not-bytes"],
    ["", "call/not-bytes"],
    [5, "call/not-bytes"],
    [Buffer.alloc(0), "call/empty-value"],
    ["data:,", "call/empty-value"],
  ])("%o is refused with %s", (value, expected) => {
    expect(bytes(value)).toBe(expected);
  });

  test("take base64 text only when it decodes to the kind of file that is wanted", () => {
    expect(coerced({ type: "bytes", media: "image" }, "images/photo")).toBe("call/not-bytes");
    for (const path of ["audio/abcd", "//srv/audio1", "//data/audio/a"])
      expect(coerced({ type: "bytes", media: "audio" }, path)).toBe("call/not-bytes");
    const mp3 = Buffer.concat([Buffer.from("fffb90c4", "hex"), Buffer.alloc(413)]);
    expect(coerced({ type: "bytes", media: "audio" }, mp3.toString("base64"))).toEqual(mp3);
    expect(coerced({ type: "bytes", media: "image" }, "R0lGODlhAQABAA==")).toBeInstanceOf(Uint8Array);
    expect(coerced({ type: "bytes", media: "audio" }, "R0lGODlhAQABAA==")).toBe("call/not-bytes");
  });

  test("may be an https URL where the API fetches it", () => {
    const definition = { type: "bytes", acceptsUrl: true } as const;
    expect(coerced(definition, "https://example.com/a.png")).toBe("https://example.com/a.png");
    expect(coerced(definition, "file:///etc/passwd")).toBe("call/not-bytes");
  });
});

test.each<[Given, boolean, unknown]>([
  ['{"a":1}', false, { a: 1 }],
  ["[1,2]", false, [1, 2]],
  [Buffer.from("[1]"), false, [1]],
  ["a, b,,c", true, ["a", "b", "c"]],
  ["[broken", true, "call/not-json"],
  ["a, b", false, "call/not-json"],
  ["5", false, "call/not-json"],
  ["null", false, "call/not-json"],
  ["5", true, ["5"]],
])("%o as JSON (list: %s) is %o", (value, isList, expected) => {
  expect(coerced({ type: "json", isList }, value)).toEqual(expected);
});
