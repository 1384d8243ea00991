/**
 * The TypeScript examples of README.md, docs/ and the doc comments (by way of docs/api.md): each is a module that compiles
 * against the package's declarations and runs against the test server.
 */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { temporaryFolder } from "../e2e/support/folder.ts";
import { root, runNode } from "../e2e/support/process.ts";
import { startOpenAIServer, type OpenAIServer } from "../support/openai-server.ts";

const pages = ["README.md", "docs/guides/embedding.md", "docs/api.md"];

interface Example {
  readonly name: string;
  readonly code: string;
}

/** Blocks marked `ts`; `typescript` marks a declaration that is shown. */
const examples: readonly Example[] = pages.flatMap((page) => {
  const text = readFileSync(join(root, page), "utf8");
  return [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code = ""], index) => ({
    name: `${page.replaceAll(/\W/g, "-")}-${index + 1}.ts`,
    code,
  }));
});

/** What an example may take for granted: a session, a table of tickets, rows. */
const prelude = `
import { openSession } from "callsql";
const session = await openSession({ connection: "openai" });
await session.importRows("tickets", ["id", "body"], [[1, "The stove does not light."]]);
const rows = [{ id: 1, body: "The stove does not light." }];
`;
const coda = `
await session.close();
void rows;
`;

const folder = temporaryFolder();
let server: OpenAIServer;
beforeAll(async () => {
  server = await startOpenAIServer();
  mkdirSync(join(folder.path, "node_modules"));
  symlinkSync(root, join(folder.path, "node_modules/callsql"));
  symlinkSync(join(root, "node_modules/@types"), join(folder.path, "node_modules/@types"));
  write("package.json", JSON.stringify({ type: "module" }));
  for (const { name, code } of examples) write(name, code.includes("openSession(") ? code : module(code));
});
afterAll(async () => {
  await server.close();
  folder.remove();
});

function module(code: string): string {
  return `${prelude}${code}${coda}`;
}

function write(name: string, text: string): void {
  writeFileSync(join(folder.path, name), text);
}

test("there are examples on every page", () => {
  for (const page of pages) {
    const prefix = page.replaceAll(/\W/g, "-");
    expect(examples.filter(({ name }) => name.startsWith(prefix)).length).toBeGreaterThan(1);
  }
});

test("all of them compile", async () => {
  const compilerOptions = {
    target: "es2024",
    lib: ["es2024", "esnext.disposable", "esnext.array"],
    module: "nodenext",
    types: ["node"],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: true,
    noEmit: true,
  };
  write("tsconfig.json", JSON.stringify({ compilerOptions, files: examples.map(({ name }) => name) }));
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const { code, stdout } = await runNode([tsc, "-p", folder.path]);
  expect(stdout).toBe("");
  expect(code).toBe(0);
});

describe("runs", () => {
  test.each(examples)(
    "$name",
    async ({ name }) => {
      const env = { OPENAI_API_KEY: "sk-test", OPENAI_BASE_URL: server.url };
      const { code, stderr } = await runNode([join(folder.path, name)], { cwd: folder.path, env });
      expect(stderr).not.toMatch(/Error:|at file:/);
      expect(code).toBe(0);
    },
    60_000,
  );
});
