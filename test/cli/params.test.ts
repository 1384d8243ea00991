import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { SqlValue } from "../../src/index.ts";
import { readParameters, rowsFileOf } from "../../src/cli/params.ts";

const file = (name: string, content: string | Uint8Array): string => {
  const path = join(mkdtempSync(join(tmpdir(), "callsql-")), name);
  writeFileSync(path, content);
  return path;
};

test.each<[string, string, SqlValue]>([
  ["a=42", "a", 42],
  ["a=-1.5", "a", -1.5],
  ["a=9223372036854775807", "a", 9223372036854775807n],
  ["a=9223372036854775808", "a", "9223372036854775808"],
  ["a=007", "a", "007"],
  ["a=", "a", ""],
  ["a=x=y", "a", "x=y"],
  ["a= 1", "a", " 1"],
  ['a=json:"42"', "a", "42"],
  ["a=json:null", "a", null],
  ["a=json:true", "a", 1],
  ['a=json:{"b": [1, 9007199254740993]}', "a", '{"b":[1,9007199254740993]}'],
  [":a=NULL", "a", "NULL"],
])("%s", async (text, name, value) => {
  expect(await readParameters([{ kind: "assignment", text }])).toEqual([{ name, value }]);
});

test("@FILE gives the bytes as they are", async () => {
  const path = file("x.png", new Uint8Array([0, 255]));
  const [parameter] = await readParameters([{ kind: "assignment", text: `a=@${path}` }]);
  expect(parameter?.value).toEqual(Buffer.from([0, 255]));
});

test("--params takes an object, or one table, whose rows are no parameters", async () => {
  const table = file("p.csv", "d,e\n1,\n2,x\n");
  const sources = [
    file("p.json", '{"a": 1, ":b": [true], "c": {"$base64": true, "encoded": "AQ=="}}'),
    table,
  ].map((path) => ({ kind: "file", file: path }) as const);
  expect(rowsFileOf(sources)).toBe(table);
  expect(rowsFileOf(sources.slice(0, 1))).toBeUndefined();
  expect(() => rowsFileOf([...sources, ...sources])).toThrow("cli/params-two-files");
  expect(await readParameters(sources)).toEqual([
    { name: "a", value: 1 },
    { name: "b", value: "[true]" },
    { name: "c", value: Buffer.from([1]) },
  ]);
});

test.each([
  ["=1", "cli/not-an-assignment"],
  ["a", "cli/not-an-assignment"],
  ["a=json:{", "cli/bad-parameter"],
  ["a=@/nowhere/x", "cli/unreadable-file"],
])("%s is %s", async (text, code) => {
  await expect(readParameters([{ kind: "assignment", text }])).rejects.toThrow(code);
});

test.each([
  ["p.json", "[1]", "cli/bad-params-file"],
  ["p.json", "{", "cli/bad-params-file"],
  ["p.yaml", "a: 1", "cli/bad-params-file"],
])("--params %s holding %j is %s", async (name, content, code) => {
  await expect(readParameters([{ kind: "file", file: file(name, content) }])).rejects.toThrow(code);
});
