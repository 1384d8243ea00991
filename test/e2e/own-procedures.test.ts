/** `--procedures FILE`: a module of the user's own, wherever it is, and nothing that was not named. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { startOpenAIServer, type OpenAIServer } from "../support/openai-server.ts";
import { temporaryFolder } from "./support/folder.ts";
import { callsql, type Finished } from "./support/process.ts";

const folder = temporaryFolder();
let api: OpenAIServer;
beforeAll(async () => {
  api = await startOpenAIServer();
  folder.file(
    "mine.mjs",
    `import { defineProcedure } from "callsql";
export const shout = defineProcedure({
  name: "ShoutText",
  summary: "Answers loudly.",
  source: "of my own",
  endpoint: "responses",
  parameters: {
    Text: { type: "text", required: true, summary: "What to answer." },
    Model: { type: "text", defaultModel: "text", summary: "Model." },
  },
  primary: "Loud",
  columns: { Loud: { type: "text", summary: "The answer in capitals." } },
  examples: ["CALL ShoutText(:Text)"],
  request: ({ Text, Model }) => ({ model: Model, input: Text }),
  row: (body) => ({ cells: { Loud: body.output[0].content[0].text.toUpperCase() } }),
});
`,
  );
});
afterAll(async () => {
  await api.close();
  folder.remove();
});

function run(...args: readonly string[]): Promise<Finished> {
  const env = { OPENAI_API_KEY: "sk-test", OPENAI_BASE_URL: api.url, HOME: folder.path };
  return callsql(args, { cwd: folder.path, env });
}

test("its procedures are called, described and listed beside the shipped ones", async () => {
  const finished = await run(
    "--procedures",
    "mine.mjs",
    "-c",
    "SELECT ShoutText('hello') AS loud",
    "-o",
    "csv",
  );
  expect(finished.code).toBe(0);
  expect(finished.stdout).toMatch(/^loud\n[^a-z]*[A-Z][^a-z]*\n$/);
  expect(api.requests).toHaveLength(1);
  expect((await run("procedures", "ShoutText", "--procedures", "mine.mjs")).stdout).toContain(
    "Answers loudly.",
  );
  expect((await run("procedures", "--procedures", "mine.mjs")).stdout).toMatch(
    /GetEmbeddings[\s\S]*ShoutText/,
  );
});

test("nothing is there that the command line does not name", async () => {
  expect(await run("-c", "CALL ShoutText('x')")).toMatchObject({ code: 1 });
});

test.each([
  ["a module that is not there", undefined, "cli/unreadable-file"],
  ["one that is no JavaScript", "this is none", "cli/procedures-not-loaded"],
  ["one that imports what is not there", 'import "callsql-nowhere";', "cli/procedures-not-loaded"],
  ["one that throws", "throw new Error('out of order');", "cli/procedures-not-loaded"],
  ["one without procedures", "export default { name: 'x' };", "cli/no-procedures"],
])("%s is exit code 2, and runs nothing", async (name, content, code) => {
  const file = `${name.replaceAll(" ", "-")}.mjs`;
  if (content !== undefined) folder.file(file, content);
  const finished = await run("--procedures", file, "-c", "SELECT 1");
  expect(finished).toMatchObject({ code: 2, stdout: "" });
  expect(finished.stderr).toContain(code);
});

test("a procedure that bears a shipped name is refused; serve takes none", async () => {
  folder.file(
    "twice.mjs",
    'export { shout as one } from "./mine.mjs"; export { shout as two } from "./mine.mjs";',
  );
  expect((await run("--procedures", "twice.mjs", "-c", "SELECT 1")).code).toBe(0);
  const served = await run("serve", "--procedures", "mine.mjs");
  expect(served).toMatchObject({ code: 2 });
  expect(served.stderr).toContain("cli/no-procedures-here");
});
