/** The example of a data flow, as its README tells to run it: offline, in a child process, and what it writes. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { temporaryFolder } from "./support/folder.ts";
import { root, runNode } from "./support/process.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

test("it writes matched, unmatched and error rows, as its README shows", async () => {
  const { code, stdout } = await runNode(["examples/dataflow/run.js", "--out", folder.path]);
  expect(code).toBe(0);
  const readme = readFileSync(join(root, "examples/dataflow/README.md"), "utf8");
  const shown = [...readme.matchAll(/```(?:csv)?\n(.*?)```/gs)].map(([, text]) => text);
  const written = ["matched", "unmatched", "errors"].map((name) =>
    readFileSync(join(folder.path, `${name}.csv`), "utf8"),
  );
  expect(shown.slice(1)).toEqual([stdout, ...written]);
});
