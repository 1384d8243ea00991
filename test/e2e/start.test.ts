/** What a start loads: by what Node is asked for, and which parts of its own it has loaded, while the built command runs. */
import { spawnSync } from "node:child_process";
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
   } });
   const before = new Set(process.moduleLoadList);
   process.on("exit", () => {
     const parts = process.moduleLoadList.filter((part) => /^NativeModule (?!internal)/.test(part) && !before.has(part));
     for (const part of parts) appendFileSync(process.env.TRACE_FILE, part.replace("NativeModule ", "node:") + "\\n");
   });`,
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
  expect(loaded.filter((name) => name.includes("better-sqlite3"))).not.toEqual([]);
  expect(
    loaded.filter((name) =>
      /openai|openid|jose|toml|zod|hono|gpt-tokenizer|sqlite-vec|repl|serve|child_process/.test(name),
    ),
  ).toEqual([]);
});

test("nor what other statements and commands need, be it ours or Node's", async () => {
  const loaded = await loadedBy("--no-ledger", "-c", "select 1");
  expect(
    loaded.filter((name) => /late|node:(crypto|perf_hooks|worker_threads|http|readline)$/.test(name)),
  ).toEqual([]);
});

test("results in a pipe or a file need no stream of Node's", async () => {
  for (const target of ["> /dev/null", "| cat"]) {
    const file = folder.file("streams.txt", "");
    const shell = `"$0" --import "$1" bin/callsql.js --no-ledger -c "select 1" ${target}`;
    const { status } = spawnSync("bash", ["-c", shell, process.execPath, trace], {
      cwd: root,
      env: { PATH: process.env["PATH"], HOME: folder.path, TRACE_FILE: file },
      stdio: "ignore",
    });
    const loaded = readFileSync(file, "utf8").split("\n");
    expect({ status, streams: loaded.filter((name) => /^node:(stream|net|tty)$/.test(name)) }).toEqual({
      status: 0,
      streams: [],
    });
  }
});

test("a call loads the rest of the library", async () => {
  const loaded = await loadedBy(
    "--no-ledger",
    "--connection",
    "offline",
    "-c",
    "explain calls call GetEmbeddings('x')",
  );
  expect(loaded).toContain("./late.js");
});

test("help opens no database", async () => {
  const loaded = await loadedBy("--help");
  expect(loaded.filter((name) => /sqlite|late/.test(name))).toEqual([]);
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
