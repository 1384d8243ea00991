import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { exampleOf } from "../../scripts/errors-md.ts";
import { messages, type Code } from "../../src/diagnostics/messages.ts";
import { notes } from "../../src/diagnostics/messages/notes.ts";

const root = path.resolve(import.meta.dirname, "../..");
const codes = Object.keys(messages) as Code[];

/** A code's definition opens a line of a table: `"phase/name": (details…) =>`. */
const definition = /^ {2}"([^"]+)": \(/gm;
const tables = globSync("src/diagnostics/messages/*.ts", {
  cwd: root,
  exclude: ["src/diagnostics/messages/notes.ts"],
}).map(readSource);
const users = globSync("src/**/*.ts", { cwd: root, exclude: ["src/diagnostics/messages/**"] })
  .map(readSource)
  .join("\n");

/** What a message may start with although it is not lower case: names, and words of SQL. */
const properStarts =
  /^(SQLite|NUL|OpenAI|OPENAI_[A-Z_]+|API|Node|UTF-8|JSON|CSV|BLOB|SET|RESET|SHOW|DESCRIBE|RETRY|CALL|EXEC|EXPLAIN|LEFT JOIN|CROSS JOIN|ORDER BY|OFFSET|IN|MATERIALIZED)\b/;

describe("codes", () => {
  test("are defined once", () => {
    const defined = tables.flatMap((text) => [...text.matchAll(definition)].map((match) => match[1]));
    expect(defined.toSorted(byText)).toEqual(codes.toSorted(byText));
  });

  test("are a phase and a name, in kebab case", () => {
    expect(codes.filter((code) => !/^[a-z]+\/[a-z0-9]+(-[a-z0-9]+)*$/.test(code))).toEqual([]);
  });

  test("are used somewhere", () => {
    expect(codes.filter((code) => !users.includes(`"${code}"`))).toEqual([]);
  });

  test("that are used exist", () => {
    const phases = [...new Set(codes.map((code) => code.split("/")[0]))];
    const used = [...users.matchAll(new RegExp(`"((?:${phases.join("|")})/[a-z0-9-]+)"`, "g"))];
    const known = new Set<string>(codes);
    expect(used.map((match) => match[1] ?? "").filter((code) => !known.has(code))).toEqual([]);
  });
});

describe("sentences and hints", () => {
  const examples = codes.map((code) => ({ code, ...exampleOf(code) }));
  const texts = examples.flatMap(({ message, hint }) => [message, ...(hint === "" ? [] : [hint])]);

  test("are one line without a full stop", () => {
    expect(examples.filter(({ message }) => message === "")).toEqual([]);
    expect(texts.filter((text) => /[\r\n]|[^.…]\.$/.test(text))).toEqual([]);
  });

  test("start in lower case, with a name or with what they are about", () => {
    expect(texts.filter((text) => /^[A-Z]/.test(text) && !properStarts.test(text))).toEqual([]);
  });

  test("have names in double quotes, never in others", () => {
    expect(texts.filter((text) => /['`‘“]</.test(text))).toEqual([]);
  });
});

describe("notes", () => {
  const names = Object.keys(notes);
  const details: object = new Proxy({}, { get: (_, name) => `<${String(name)}>` });
  const lines = Object.values(notes).map((text) => (text as (details: object) => string)(details));

  test("have names in kebab case that are used somewhere", () => {
    expect(names.filter((name) => !/^[a-z]+(-[a-z]+)*$/.test(name))).toEqual([]);
    expect(names.filter((name) => !users.includes(`"${name}"`))).toEqual([]);
  });

  test("are one line without a full stop, in lower case or with what they are about", () => {
    expect(lines.filter((text) => text === "" || /[\r\n]|[^.…]\.$|^[A-Z]/.test(text))).toEqual([]);
  });

  test("are said by name: what is said otherwise is no text of its own", () => {
    const said = [...users.matchAll(/\.(?:say|note)\(\s*`([^`]*)`/g)].map((match) => match[1] ?? "");
    // `3 rows…` is a number.
    expect(said.filter((text) => /[a-z]{2,} [a-z]/.test(text.replace(/\$\{[^}]*\}/g, "")))).toEqual([]);
  });
});

test("no sentence is built outside messages/: diagnostics come from codes", () => {
  const files = globSync("src/**/*.ts", { cwd: root, exclude: ["src/diagnostics/**"] });
  const handBuilt = files.filter((file) => /new DiagnosticError\(\[\s*\{/.test(readSource(file)));
  expect(handBuilt).toEqual([]);
});

function byText(a = "", b = ""): number {
  return a < b ? -1 : Number(a > b);
}

function readSource(file: string): string {
  return readFileSync(path.join(root, file), "utf8");
}
