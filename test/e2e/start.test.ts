/** What a start loads: by what Node is asked for while the built command runs. */
import { readFileSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import { temporaryFolder } from "./support/folder.ts";
import { root, runNode } from "./support/process.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

const trace = folder.file(
  "trace.mjs",
  `import { appendFileSync } from "node:fs";
   import { registerHooks } from "node:module";
   registerHooks({ resolve(specifier, context, next) {
     appendFileSync(process.env.TRACE_FILE, specifier + "\\n");
     return next(specifier, context);
   } });`,
);

async function loadedBy(...args: readonly string[]): Promise<string[]> {
  const file = folder.file(`${args.length}.txt`, "");
  const finished = await runNode(["--import", trace, "bin/callsql.js", ...args], {
    env: { TRACE_FILE: file },
  });
  expect(finished).toMatchObject({ code: 0 });
  return readFileSync(file, "utf8").split("\n");
}

test("a statement without calls loads neither the SDK nor the prompt, the server, zod or a tokenizer", async () => {
  const loaded = await loadedBy("--no-ledger", "-c", "select 1");
  expect(loaded).toContain("better-sqlite3");
  expect(
    loaded.filter((name) =>
      /openai|openid|jose|toml|zod|hono|gpt-tokenizer|repl|serve|child_process/.test(name),
    ),
  ).toEqual([]);
});

test("the version loads nothing", async () => {
  const loaded = await loadedBy("--version");
  expect(
    loaded.filter((name) => name !== "" && !name.startsWith("node:") && !name.includes("callsql.js")),
  ).toEqual([]);
});

test("the version is the package's", async () => {
  const { stdout } = await runNode(["bin/callsql.js", "--version"]);
  const { version } = JSON.parse(readFileSync(`${root}/package.json`, "utf8")) as { version: string };
  expect(stdout).toBe(`${version}\n`);
});
