/** A client generated from /openapi.json by somebody else's generator: its types are checked, and it talks to a running server. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { generate } from "openapi-typescript-codegen";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startOpenAIServer, type OpenAIServer } from "../support/openai-server.ts";
import { ask, startServing, type Serving } from "./support/serving.ts";

const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "callsql-client-"));
let api: OpenAIServer;
let serving: Serving;
beforeAll(async () => {
  api = await startOpenAIServer();
  serving = await startServing(api.url);
});
afterAll(async () => {
  await serving.close();
  await api.close();
  rmSync(folder, { recursive: true });
});

const consumer = `
import { ApiError, Callsql, ExecuteRequest, type Problem, type Procedure } from "./client/index";
export async function use(base: string, token: string) {
  const { default: api } = new Callsql({ BASE: base, TOKEN: token });
  const answer = await api.execute({
    command: "SELECT id, GenerateResponse(body || :end) AS reply FROM t ORDER BY id",
    parameters: { end: "!" },
    cache: ExecuteRequest.cache.RUN,
    pageSize: 10,
  });
  const names: string[] = answer.columns.map((column) => column.name);
  const made: number | undefined = answer.counts?.made;
  const { sites } = await api.explain({ command: "CALL ModerateText('x')" });
  const calls: number = sites.reduce((sum, site) => sum + site.calls, 0);
  const { procedures } = await api.listProcedures();
  const one: Procedure = await api.describeProcedure("GetEmbeddings");
  const { runs } = await api.listRuns();
  const { status } = await api.health();
  const metrics: string = await api.metrics();
  let problem: Problem | undefined;
  try {
    await api.execute({ command: "SELECT GenerateResponse()" });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    problem = error.body as Problem;
  }
  // @ts-expect-error a request without a command
  const lacking: ExecuteRequest = { parameters: {} };
  // @ts-expect-error a column that is not there
  const absent = answer.affected;
  return {
    names, made, calls, status, rows: answer.rows, code: problem?.code, start: problem?.span?.start,
    procedures: procedures.length, primary: one.primary, runs: runs.length, metrics, none: [lacking, absent].length,
  };
}
`;

const options = {
  compilerOptions: {
    target: "es2024",
    lib: ["es2024", "dom"],
    module: "esnext",
    moduleResolution: "bundler",
    strict: true,
    noEmit: true,
    types: [],
  },
  files: ["consumer.ts"],
};

interface Used {
  readonly names: readonly string[];
  readonly metrics: string;
}

test("is right by its types and gets what they say", async () => {
  const { text } = await ask(serving, "/openapi.json");
  mkdirSync(join(folder, "client"));
  await generate({
    input: JSON.parse(text) as Record<string, unknown>,
    output: join(folder, "client"),
    httpClient: "fetch",
    clientName: "Callsql",
  });
  writeFileSync(join(folder, "consumer.ts"), consumer);
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(options));
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  await promisify(execFile)(process.execPath, [tsc, "-p", folder]);
  const outfile = join(folder, "consumer.mjs");
  await build({
    entryPoints: [join(folder, "consumer.ts")],
    outfile,
    bundle: true,
    format: "esm",
    logLevel: "error",
  });
  const { use } = (await import(/* @vite-ignore */ pathToFileURL(outfile).href)) as {
    readonly use: (base: string, token: string) => Promise<Used>;
  };
  const used = await use(serving.url, serving.token("first"));
  expect(used).toMatchObject({
    names: ["id", "reply"],
    made: 2,
    calls: 1,
    status: "ok",
    rows: [
      { id: 1, reply: expect.stringContaining("one!") },
      { id: 2, reply: expect.stringContaining("two!") },
    ],
    code: "bind/missing-parameter",
    start: 7,
    procedures: 11,
    primary: "Embedding",
    runs: 1,
  });
  expect(used.metrics).toContain("callsql_requests_in_flight");
});
