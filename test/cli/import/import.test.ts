import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { DiagnosticError, parseJson, sqlValueOfJson } from "../../../src/index.ts";
import { importFile } from "../../../src/cli/import/import.ts";
import { fakeLibrary } from "../support/session.ts";

async function load(name: string, content: string | Uint8Array): Promise<string[]> {
  const file = join(mkdtempSync(join(tmpdir(), "callsql-")), name);
  writeFileSync(file, content);
  const library = fakeLibrary();
  const session = await library.openSession();
  await importFile(session, { table: "t", file }, new AbortController().signal);
  return library.log.slice(1);
}

/** Code and message of what goes wrong. */
async function failure(name: string, content: string | Uint8Array): Promise<string> {
  const error: unknown = await load(name, content).catch((reason: unknown) => reason);
  return error instanceof DiagnosticError ? error.message : String(error);
}

describe("csv", () => {
  test("cells become numbers where they are written as numbers", async () => {
    const rows = "1,-2.50,007,+49,1e5,1.5e3,12345678901234567890,9007199254740993,-0,1.,.5";
    expect(await load("a.csv", `a,b,c,d,e,f,g,h,i,j,k\n${rows}\n`)).toEqual([
      "t(a,b,c,d,e,f,g,h,i,j,k) number 1,number -2.5,string 007,string +49,string 1e5,number 1500," +
        "string 12345678901234567890,bigint 9007199254740993,string -0,string 1.,string .5",
    ]);
  });

  test("an empty cell is NULL, a quoted empty cell the empty text", async () => {
    expect(await load("a.csv", 'a,b\n,""\n')).toEqual(["t(a,b) object null,string "]);
  });

  test("a byte order mark, CRLF and empty lines at the end do not matter", async () => {
    expect(await load("a.csv", "\ufeffa,b\r\n1,2\r\n\r\n")).toEqual(["t(a,b) number 1,number 2"]);
  });

  test("tsv is separated by tabs", async () => {
    expect(await load("a.tsv", 'a\tb\n1,5\t"x\ty"\n')).toEqual(["t(a,b) string 1,5,string x\ty"]);
  });

  test("an unnamed column gets a name; a header of numbers stays text", async () => {
    expect(await load("a.csv", ",2024\nx,y\n")).toEqual(["t(column_1,2024) string x,string y"]);
  });

  test("a header without rows makes an empty import", async () => {
    expect(await load("a.csv", "a,b\n")).toEqual([]);
  });

  test.each([
    ["", "cli/import-empty", "no header"],
    ["a,A\n1,2\n", "cli/import-duplicate-column", '"A"'],
    ["a,b\n1,2\n1,2,3\n", "cli/csv-field-count", "a.csv:3: 3 fields, but the header has 2"],
    ['a,b\n1,"open\n', "cli/csv-open-quote", "a.csv:"],
    ['a,b\n1,"x"y\n', "cli/csv-stray-quote", "a.csv:2"],
    ['a,b\n1,x"y\n', "cli/csv-stray-quote", "a.csv:2"],
  ])("%j is %s", async (content, code, text) => {
    const message = await failure("a.csv", content);
    expect(message).toMatch(new RegExp(`^${code}: `));
    expect(message).toContain(text);
  });

  test("a long file streams, and a bad byte in it is named", async () => {
    const good = Buffer.from(`a,b\n${"é,1\n".repeat(60_000)}`);
    expect((await load("a.csv", good)).length).toBe(60_000);
    const bad = Buffer.concat([good, Buffer.from([0xc3, 0x28])]);
    expect(await failure("a.csv", bad)).toContain(`offset ${good.length}`);
    expect(await failure("a.csv", Buffer.concat([good, Buffer.from([0xe6])]))).toContain(
      `offset ${good.length}`,
    );
  });

  test("UTF-16 with its mark is read, in either order; half a character is refused", async () => {
    const little = Buffer.from("\ufeffa\tb\r\n日,🙂\t2\r\n", "utf16le");
    const big = Buffer.from(little).swap16();
    for (const content of [little, big])
      expect(await load("a.csv", content)).toEqual(["t(a,b) string 日,🙂,number 2"]);
    expect(await failure("a.csv", little.subarray(0, -1))).toMatch(/^cli\/invalid-utf16: /);
  });

  test("Windows-1252 is refused with the way to convert it", async () => {
    const error: unknown = await load("a.csv", Buffer.from("a\ncafé\n", "latin1")).catch(
      (reason: unknown) => reason,
    );
    expect(error instanceof DiagnosticError && error.diagnostics[0]?.hint).toContain("iconv -f WINDOWS-1252");
  });

  test.each([
    ["a;b\n1,5;x\n", "t(a,b) string 1,5,string x"],
    ["a\tb\n1\tx;y\n", "t(a,b) number 1,string x;y"],
    ["a|b\n1|x\n", "t(a,b) number 1,string x"],
    ['"a;b",c\n1,2\n', "t(a;b,c) number 1,number 2"],
    ['"a;b"\n1\n', "t(a;b) number 1"],
    ["a\n1;2\n", "t(a) string 1;2"],
  ])("the header says the delimiter: %j", async (content, row) => {
    expect(await load("a.csv", content)).toEqual([row]);
  });

  test("line breaks in quotes are text, and lines are still counted", async () => {
    expect(await load("a.csv", 'a,b\n"x\n\ny",2\n')).toEqual(["t(a,b) string x\n\ny,number 2"]);
    expect(await failure("a.csv", 'a,b\n"x\n\ny",2\n1\n')).toContain("a.csv:5: 1 fields");
  });

  test("all bad lines are named, ten of them one by one, and nothing is imported", async () => {
    const lines = Array.from({ length: 25 }, (_, index) => (index % 2 === 0 ? "1,2" : "1,2,3"));
    const error: unknown = await load("a.csv", `a,b\n${lines.join("\n")}\n`).catch(
      (reason: unknown) => reason,
    );
    const messages = error instanceof DiagnosticError ? error.diagnostics.map(({ message }) => message) : [];
    expect(messages).toHaveLength(11);
    expect(messages[0]).toContain("a.csv:3: 3 fields");
    expect(messages[9]).toContain("a.csv:21: 3 fields");
    expect(messages[10]).toContain("2 more such lines");
  });

  test("says now and then how many rows there are", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "callsql-")), "a.csv");
    writeFileSync(file, `a\n${"1\n".repeat(120_000)}`);
    const heard: number[] = [];
    const session = await fakeLibrary().openSession();
    await importFile(session, { table: "t", file }, new AbortController().signal, (rows) => heard.push(rows));
    expect(heard).toEqual([50_000, 100_000]);
  });

  test("a missing file and a folder are said to be that", async () => {
    const session = await fakeLibrary().openSession();
    const signal = new AbortController().signal;
    const importOne = (file: string): Promise<unknown> => importFile(session, { table: "t", file }, signal);
    await expect(importOne("/nowhere/a.csv")).rejects.toThrow("cli/unreadable-file");
    await expect(importOne(mkdtempSync(join(tmpdir(), "callsql-x.csv")))).rejects.toThrow(
      "cli/import-format",
    );
  });
});

describe("json and ndjson", () => {
  const objects = ['{"a":1,"b":[1,{"x":9007199254740993}]}', '{"c":true,"a":9007199254740993,"b":null}'];
  const expected = [
    't(a,b,c) number 1,string [1,{"x":9007199254740993}],object null',
    "t(a,b,c) bigint 9007199254740993,object null,number 1",
  ];

  test("columns are all keys; values keep their kinds and digits", async () => {
    expect(await load("a.json", `[${objects.join(",")}]`)).toEqual(expected);
    expect(await load("a.ndjson", `${objects.join("\r\n")}\n\n`)).toEqual(expected);
    expect(await load("a.jsonl", objects.join("\n"))).toEqual(expected);
  });

  test("bytes come back from their base64 form", async () => {
    expect(await load("a.json", '[{"a":{"$base64":true,"encoded":"AQI="}}]')).toEqual([
      "t(a) object \u0001\u0002",
    ]);
  });

  test("all bad lines of ndjson are named; integers are exact, bytes in lists base64", async () => {
    const error: unknown = await load("a.ndjson", '{"a":1}\n{"a":\n[]\n{"b":2}\n').catch(
      (reason: unknown) => reason,
    );
    const messages = error instanceof DiagnosticError ? error.diagnostics.map(({ message }) => message) : [];
    expect(messages.map((message) => /ndjson:(\d+)/.exec(message)?.[1])).toEqual(["2", "3"]);
    expect(sqlValueOfJson([new Uint8Array([255]), 9007199254740993n])).toBe(
      '[{"$base64": true, "encoded": "/w=="},9007199254740993]',
    );
    expect(parseJson('{"a":-9007199254740993,"b":"1234567890123456"}')).toEqual({
      a: -9007199254740993n,
      b: "1234567890123456",
    });
  });

  test("__proto__ and constructor are columns", async () => {
    expect(await load("a.ndjson", '{"__proto__":1,"constructor":2}\n{"a":3}\n')).toEqual([
      "t(__proto__,constructor,a) number 1,number 2,object null",
      "t(__proto__,constructor,a) object null,object null,number 3",
    ]);
  });

  test.each([
    ["a.json", "{", "cli/json-malformed"],
    ["a.json", '{"a":1}', "cli/json-shape"],
    ["a.json", "[1]", "cli/json-shape"],
    ["a.json", "[]", "cli/import-empty"],
    ["a.json", '[{"a":1,"A":2}]', "cli/import-duplicate-column"],
    ["a.ndjson", '{"a":1}\n{"a":\n', "cli/json-malformed"],
    ["a.ndjson", '{"a":1}\n[]\n', "cli/json-shape"],
    ["a.ndjson", "\n", "cli/import-empty"],
    ["a.json", Buffer.from([0x5b, 0xff]), "cli/invalid-utf8"],
  ])("%s holding %j is %s", async (name, content, code) => {
    const message = await failure(name, content);
    expect(message).toMatch(new RegExp(`^${code}: `));
    if (name === "a.ndjson" && code !== "cli/import-empty") expect(message).toContain("a.ndjson:2");
  });
});
