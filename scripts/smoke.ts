/**
 * Tries the package as its users get it: packs it, installs the tarball into an empty project, imports it from
 * JavaScript, compiles a TypeScript consumer that checks our declarations too, and runs its command line, in this Node and in the
 * oldest that package.json allows. Expects a built dist. Only the dependencies are installed, so it also shows what is said when the offline models are missing.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "..");
const folder = mkdtempSync(path.join(tmpdir(), "callsql-smoke-"));

/** The oldest Node that package.json allows. */
const { engines } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as {
  readonly engines: { readonly node: string };
};
const oldestNode = `${/\d+\.\d+/.exec(engines.node)?.[0]}.0`;

/** Of the tarball and of what it unpacks to; a dependency that slipped into the bundle or a forgotten map passes it. */
const budgetBytes = { size: 1_000_000, unpackedSize: 4_000_000 };

/** What a tarball must have, and what must stay out of it. */
const wanted = [
  "README.md",
  "LICENSE",
  "CHANGELOG.md",
  "grammar.md",
  "bin/callsql.js",
  "man/callsql.1",
  "dist/index.js",
  "dist/index.d.ts",
];
const unwanted = /(^|\/)(test|src|scripts|bench|examples|decisions)\/|\.test\.|(?<!\.d)\.ts$|\.(db|tgz|log|map)$/;

const javascript = `
import assert from "node:assert/strict";
import { openSession, procedures, version } from "callsql";
assert.match(version, /^\\d+\\.\\d+\\.\\d+/);
assert.ok(procedures.length > 5);
const session = await openSession({ connection: "offline" });
const result = await session.execute("SELECT 1 + 1 AS two");
assert.deepEqual(await result.all(), [{ two: 2 }]);
const outputs = await Array.fromAsync(session.executeForEach("SELECT :a * 2 AS b", [{ a: 1 }, {}]));
assert.deepEqual(outputs.map((out) => out.output === "error" ? out.error.code : out.row), [{ a: 1, b: 2 }, "bind/missing-bind"]);
await assert.rejects(
  async () => (await session.execute("CALL GetEmbeddings('a')")).all(),
  (error) => /callsql offline install embeddings/.test(error.diagnostics[0].message),
);
await session.close();
`;

const typescript = `
import { defineProcedure, openSession, type Diagnostic, type Procedure, type ResultSet, type Session, type SqlValue } from "callsql";
declare module "callsql" {
  interface ProcedureRows { readonly DetectLanguage: { readonly Language: string | null } }
}
export async function typed(session: Session): Promise<(string | number | null)[]> {
  const found: (string | number | null)[] = [];
  for await (const row of await session.execute("CALL GetEmbeddings(:t)", { t: "" })) found.push(row.Usage_PromptTokens);
  for await (const row of await session.execute("CALL DetectLanguage(:t)", { t: "" })) found.push(row.Language);
  for await (const out of session.executeForEach("CALL SummarizeText(:body)", [{ id: 1, body: "" }])) {
    found.push(out.output === "error" ? out.error.message : out.row.Summary, out.input.id);
  }
  // @ts-expect-error a column that is not there
  for await (const row of await session.execute("CALL GetEmbeddings(:t)")) found.push(row.Embeding);
  return found;
}
export async function first(sql: string, id: number): Promise<SqlValue | undefined> {
  await using session: Session = await openSession({ database: ":memory:" });
  const result: ResultSet = await session.execute(sql, { id });
  for await (const row of result) return Object.values(row)[0];
  return undefined;
}
export const define: (...values: Parameters<typeof defineProcedure>) => Procedure = defineProcedure;
export const codeOf = (diagnostic: Diagnostic): string => diagnostic.code;
// @ts-expect-error a database is named by its path
void openSession({ database: 1 });
`;

const serving = `
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
const args = ["node_modules/callsql/bin/callsql.js", "serve", "--no-auth", "--port", "0"];
const server = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
const ended = new Promise((resolve) => server.once("exit", resolve));
let url;
for await (const line of createInterface(server.stderr)) {
  url = /^listening on (\\S+)/.exec(line)?.[1];
  if (url !== undefined) break;
}
const answer = await fetch(url + "/v1/execute", {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ command: "SELECT :a + 1 AS b", parameters: { a: 1 } }),
});
assert.deepEqual((await answer.json()).rows, [{ b: 2 }]);
server.kill();
assert.equal(await ended, 0);
`;

const tsconfig = {
  compilerOptions: {
    target: "es2024",
    lib: ["es2024", "esnext.disposable"],
    module: "nodenext",
    types: ["node"],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
  },
  files: ["consumer.ts"],
};

try {
  const tarball = pack();
  write("package.json", { name: "consumer", version: "1.0.0", private: true, type: "module" });
  run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error", tarball]);
  write("consumer.js", javascript);
  write("serve.js", serving);
  write("consumer.ts", typescript);
  write("tsconfig.json", tsconfig);
  run(process.execPath, [path.join(root, "node_modules/typescript/bin/tsc"), "-p", "."]);
  tryWith(process.execPath);
  run("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error", `node@${oldestNode}`]);
  const oldest = path.join(folder, "node_modules/.bin/node");
  expect(run(oldest, ["--version"]).trim(), `v${oldestNode}`);
  tryWith(oldest);
  process.stdout.write("the package installs, imports, type-checks, runs and serves, ");
  process.stdout.write(`in Node ${process.version} and v${oldestNode}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** As a library, as a command and as a server, in this Node. */
function tryWith(node: string): void {
  run(node, ["consumer.js"], { node });
  expect(
    run("node_modules/.bin/callsql", ["-c", "select 1 as one", "-o", "json"], { node }).replaceAll(/\s/g, ""),
    '[{"one":1}]',
  );
  const input = `{"id": 1, "route": "/v1/execute", "body": {"command": "SELECT 1 AS one"}}\n`;
  const piped = run("node_modules/.bin/callsql", ["serve", "--pipe", "--quiet"], { node, input });
  expect(
    piped.slice(0, piped.indexOf(',"affectedRows"')),
    '{"id":1,"status":200,"body":{"columns":[{"name":"one"}],"rows":[{"one":1}]',
  );
  run(node, ["serve.js"], { node });
}

function pack(): string {
  const [entry] = readPackEntries(
    run("npm", ["pack", root, "--json", "--ignore-scripts", "--loglevel=error"]),
  );
  if (entry === undefined) throw new Error("npm pack made nothing");
  const paths = entry.files.map((file) => file.path);
  const missing = wanted.filter((file) => !paths.includes(file));
  const extra = paths.filter((file) => unwanted.test(file));
  if (missing.length > 0) throw new Error(`missing from the tarball: ${missing.join(", ")}`);
  if (extra.length > 0) throw new Error(`not wanted in the tarball: ${extra.join(", ")}`);
  for (const measure of ["size", "unpackedSize"] as const) {
    if (entry[measure] > budgetBytes[measure])
      throw new Error(`${measure} of ${entry[measure]} bytes; the budget is ${budgetBytes[measure]}`);
  }
  return path.join(folder, entry.filename);
}

interface PackEntry {
  readonly filename: string;
  /** Bytes. */
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

/** npm 11 gives a list, npm 12 an object by package name. */
function readPackEntries(json: string): readonly PackEntry[] {
  return Object.values(JSON.parse(json) as Record<string, PackEntry>);
}

/** `node` is the one that a script finds; a key of the developer's must not matter. */
function run(command: string, args: readonly string[], { node = process.execPath, input = "" } = {}): string {
  const searched = `${path.dirname(node)}:${process.env["PATH"] ?? ""}`;
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: folder,
    env: { ...process.env, PATH: searched, OPENAI_API_KEY: "" },
    encoding: "utf8",
    input,
  });
  if (status === 0) return stdout;
  throw new Error(`${command} ${args.join(" ")}\n${stdout ?? ""}${stderr ?? ""}`, { cause: error });
}

function write(name: string, content: string | object): void {
  writeFileSync(path.join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
}

function expect(found: string, expected: string): void {
  if (found !== expected) throw new Error(`expected ${expected}, found ${found}`);
}
