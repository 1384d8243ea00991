import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { importTable, lintOverride, type Room } from "./import-table.ts";

const root = path.resolve(import.meta.dirname, "../..");

interface Import {
  readonly specifier: string;
  readonly isTypeOnly: boolean;
}

test("every file of src keeps to the import table", () => {
  const files = globSync("src/**/*.ts", { cwd: root });
  expect(files.filter((file) => roomOf(file) === undefined)).toEqual([]);
  expect(files.flatMap((file) => forbidden(file, readFileSync(path.join(root, file), "utf8")))).toEqual([]);
});

test("index.ts re-exports, and does nothing else", () => {
  const text = readFileSync(path.join(root, "src/index.ts"), "utf8").replace(/\/\*.*?\*\//gs, "");
  expect(text.replace(/^export (type )?(\{[^}]*\}|\*) from "[^"]+";$/gm, "").trim()).toBe("");
});

test.each([
  ["parser", 'import { x } from "../catalog/value.ts";'],
  ["parser", 'export * from "../index.ts";'],
  ["catalog", 'import fs from "node:fs";'],
  ["catalog", 'import {\n  OpenAI,\n} from "openai";'],
  ["procedures", 'const fs = await import("node:fs/promises");'],
  ["procedures", 'import "../diagnostics/messages.ts";'],
  ["connection", 'import { pass } from "../runtime/pass.ts";'],
  ["connection", 'import axios from "axios";'],
  ["cli", 'import type { Row } from "../catalog/procedure.ts";'],
])("this test sees what %s must not import: %s", (name, text) => {
  expect(forbidden(`src/${name}/example.ts`, text)).toHaveLength(1);
});

test("the import table is what the linter enforces", () => {
  const config = JSON.parse(readFileSync(path.join(root, ".oxlintrc.json"), "utf8")) as {
    overrides: object[];
  };
  expect(config.overrides.slice(0, importTable.length)).toEqual(importTable.map(lintOverride));
});

test("no comment switches the import rules off", () => {
  const files = globSync("src/**/*.ts", { cwd: root });
  const text = files.map((file) => readFileSync(path.join(root, file), "utf8")).join("\n");
  expect(text).not.toMatch(/lint-disable\S*\s+(\S*\/)?no-(restricted-imports|cycle)/);
  expect(text).not.toMatch(/lint-disable(?!-next-line|-line)|@ts-(ignore|nocheck|expect-error)/);
});

describe("ARCHITECTURE.md shows the same table", () => {
  const rows = readTable(readFileSync(path.join(root, "ARCHITECTURE.md"), "utf8"));

  test.each(importTable.filter(({ name }) => name !== "open-session.ts" && name !== "version.ts"))(
    "$name",
    (room) => {
      const cell = rows.get(room.name.replace(".ts", ""));
      expect(cell, "no row in ARCHITECTURE.md").toBeDefined();
      const words = (cell ?? "").match(/[@\w./-]+/g)?.map(bareName) ?? [];
      const shown = importTable.map(({ name }) => bareName(name)).filter((name) => words.includes(name));
      const isWhole = words.includes("everything");
      expect(isWhole ? room.rooms.length > 5 : shown.toSorted()).toEqual(isWhole || roomsOf(room));
      const packages = importTable
        .flatMap((other) => packagesOf(other))
        .filter((name) => words.includes(name));
      expect(packagesOf(room)).toEqual(expect.arrayContaining(packages));
    },
  );
});

function roomOf(file: string): Room | undefined {
  const [, name] = file.split(path.sep);
  return importTable.find((room) => room.name === name);
}

/** `file: specifier` for each import that the table does not grant. */
function forbidden(file: string, text: string): readonly string[] {
  const room = roomOf(file);
  if (room === undefined) return [];
  return importsOf(text)
    .filter((item) => !isAllowed(room, file, item))
    .map(({ specifier }) => `${file}: ${specifier}`);
}

/** Static, dynamic and re-exporting imports. */
function importsOf(text: string): readonly Import[] {
  const code = text.replace(/\/\*.*?\*\//gs, "").replace(/^\s*\/\/.*$/gm, "");
  const statements = code.matchAll(/^(?:import|export)\b([^"';]*?\bfrom)?\s*"([^"]+)"/gm);
  const calls = code.matchAll(/\b(?:import|require|require\.resolve)\(\s*["'`]([^"'`]+)["'`]/g);
  return [
    ...[...statements].map((match) => ({
      specifier: match[2] ?? "",
      isTypeOnly: /^\s*type\b/.test(match[1] ?? ""),
    })),
    ...[...calls].map((match) => ({ specifier: match[1] ?? "", isTypeOnly: false })),
  ];
}

function isAllowed(room: Room, file: string, { specifier, isTypeOnly }: Import): boolean {
  if (specifier.startsWith("node:")) return room.builtins === true;
  if (specifier.startsWith(".")) {
    const target = roomOf(path.join(path.dirname(file), specifier))?.name;
    if (target === undefined) return false;
    if (target === room.name || room.rooms.includes(target)) return true;
    return isTypeOnly && room.typesOf?.includes(target) === true;
  }
  const name = packageOf(specifier);
  if (room.packages?.includes(name) === true) return true;
  return isTypeOnly && room.typesOfPackages?.includes(name) === true;
}

function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

/** First cell → second cell, a row for each name in the first. */
function readTable(page: string): Map<string, string> {
  const section = page.split(/^#+ /m).find((part) => part.startsWith("Who may import whom")) ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("|"));
  return new Map(
    rows.flatMap((row) => {
      const [, names = "", cell = ""] = row.split("|");
      return (names.match(/[\w./-]+/g) ?? []).map((name): [string, string] => [bareName(name), cell]);
    }),
  );
}

/** `src/index.ts`, `index.ts` and `index` are one room. */
function bareName(word: string): string {
  return word.replace(/^src\//, "").replace(/\.ts$|[./]+$/, "");
}

function roomsOf(room: Room): readonly string[] {
  return [...room.rooms, ...(room.typesOf ?? [])].map(bareName).toSorted();
}

function packagesOf(room: Room): readonly string[] {
  return [...(room.packages ?? []), ...(room.typesOfPackages ?? [])];
}
