import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { isGrammarPageFresh, renderEbnf } from "../../scripts/grammar-ebnf.ts";
import { Grammar } from "../../src/parser/grammar.ts";
import { parse } from "./support.ts";

const root = path.resolve(import.meta.dirname, "../..");

test("grammar.md shows the grammar as it is (node scripts/grammar-ebnf.ts)", () => {
  expect(isGrammarPageFresh()).toBe(true);
});

test("every rule of the grammar has a production", () => {
  const names = new Grammar().getSerializedGastProductions().map((rule) => ("name" in rule ? rule.name : ""));
  for (const name of names) expect(renderEbnf()).toContain(`${String(name)} `);
});

test("every rule's comment begins with its production as it is", () => {
  const source = readFileSync(path.join(root, "src/parser/grammar.ts"), "utf8");
  const productions = renderEbnf()
    .replaceAll(/\n +\|/g, " |")
    .replaceAll(/ +::=/g, " ::=");
  for (const production of productions.split("\n")) expect(source).toContain(`/**\n   * ${production}\n`);
});

test("the examples of grammar.md parse", () => {
  const page = readFileSync(path.join(root, "grammar.md"), "utf8");
  const examples = [...page.matchAll(/```sql\n(.*?)```/gs)].map((match) => match[1] ?? "");
  expect(examples.length).toBeGreaterThan(2);
  for (const example of examples) expect(parse(example).diagnostics).toEqual([]);
});

test("the grammar has no ambiguity that chevrotain finds", () => {
  expect(() => new Grammar({ isChecked: true })).not.toThrow();
});
