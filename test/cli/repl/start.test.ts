/** What a batch does not pay for. Needs dist/, which `npm test` builds. */
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

const launcher = new URL("../../../bin/callsql.js", import.meta.url).pathname;
const tellsLoads = `data:text/javascript,import { registerHooks } from "node:module";
registerHooks({ load(url, context, next) { process.stderr.write(url + "\\n"); return next(url, context); } });`;

test("`callsql -c` loads neither the prompt nor node:readline", () => {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", tellsLoads, launcher, "-c", "select 1 as one", "-o", "csv"],
    { encoding: "utf8" },
  );
  expect(stdout).toBe("one\n1\n");
  expect(stderr).toContain("/cli/main.js");
  expect(stderr).not.toContain("/cli/repl/");
  expect(stderr).not.toContain("node:readline");
});
