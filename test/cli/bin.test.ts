/** The launcher, in a folder of its own: what it says before anything of ours is loaded. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { isAlive, oldNode } from "../e2e/support/process.ts";

const launcher = new URL("../../bin/callsql.js", import.meta.url);

function packageFolder(files: Record<string, string>): string {
  const at = mkdtempSync(join(tmpdir(), "callsql-"));
  for (const [path, text] of Object.entries({ "package.json": '{"type":"module"}', ...files })) {
    mkdirSync(join(at, path, ".."), { recursive: true });
    writeFileSync(join(at, path), text, { mode: 0o755 });
  }
  mkdirSync(join(at, "bin"));
  copyFileSync(launcher, join(at, "bin/callsql.js"));
  return at;
}

function run(at: string, args: readonly string[] = [], node: readonly string[] = []) {
  const options = { encoding: "utf8" } as const;
  const { status, signal, stderr, stdout } = spawnSync(
    process.execPath,
    [...node, join(at, "bin/callsql.js"), ...args],
    options,
  );
  return { status, signal, stderr, stdout };
}

test("without dist/ it says what to run", () => {
  const { status, stderr } = run(packageFolder({}));
  expect(stderr).toBe("callsql is not built yet: run `npm run build` first\n");
  expect(status).toBe(2);
});

test("an old Node gets one line", () => {
  const { status, stderr } = run(packageFolder({}), [], oldNode);
  expect(stderr).toMatch(/^callsql needs Node 22\.14, 23\.6 or newer; this is v.*\n$/);
  expect(status).toBe(2);
});

test("an old Node hands over to the repository's own, with arguments, exit code and signal", () => {
  const script = '#!/bin/sh\nshift\n[ "$1" = die ] && kill -TERM $$\necho "own: $*"\nexit 5\n';
  const at = packageFolder({ "node_modules/node/bin/node": script });
  expect(run(at, ["-c", "SELECT 1"], oldNode)).toMatchObject({ status: 5, stdout: "own: -c SELECT 1\n" });
  expect(run(at, ["die"], oldNode)).toMatchObject({ signal: "SIGTERM" });
});

test("kill -9 of the launcher ends what it started, too, and its environment knows nothing of it", async () => {
  const main = `export async function start() {
    process.stdout.write([process.pid, process.env.CALLSQL_LAUNCHER ?? "clean"].join(" "));
    setInterval(() => {}, 1000);
  }`;
  const at = packageFolder({
    "dist/cli/main.js": main,
    "node_modules/node/bin/node": `#!/bin/sh\nexec '${process.execPath}' "$@"\n`,
  });
  const launched = spawn(process.execPath, [...oldNode, join(at, "bin/callsql.js")]);
  const [told] = await once(launched.stdout, "data");
  const [pid, environment] = String(told).split(" ");
  expect(environment).toBe("clean");
  expect(Number(pid)).not.toBe(launched.pid);
  expect(isAlive(Number(pid))).toBe(true);
  launched.kill("SIGKILL");
  await vi.waitUntil(() => !isAlive(Number(pid)), { timeout: 30_000 });
});

test("what the launcher started ends by itself, channel or not", () => {
  const main = "export async function start() { process.exitCode = 3; }";
  const at = packageFolder({
    "dist/cli/main.js": main,
    "node_modules/node/bin/node": `#!/bin/sh\nexec '${process.execPath}' "$@"\n`,
  });
  expect(run(at, [], oldNode)).toMatchObject({ status: 3, stderr: "" });
});

const tellsFlags =
  "export async function start() { console.log(JSON.stringify([process.pid, process.execArgv, process.argv.slice(2)])); }";

test("a server's garbage is looked at early, in the same process, unless its user has said how", () => {
  const at = packageFolder({
    "dist/cli/main.js": tellsFlags,
    "node_modules/node/bin/node": `#!/bin/sh\nexec '${process.execPath}' "$@"\n`,
  });
  const told = (args: readonly string[], node: readonly string[] = []): unknown[] => {
    const { stdout, stderr, pid } = spawnSync(
      process.execPath,
      [...node, join(at, "bin/callsql.js"), ...args],
      {
        encoding: "utf8",
      },
    );
    expect(stderr).toBe("");
    const [ownPid, ...rest] = JSON.parse(stdout) as unknown[];
    expect(node === oldNode || ownPid === pid).toBe(true);
    return rest;
  };
  const frugal = ["--max-semi-space-size=8", "--no-allocation-site-pretenuring"];
  const own = "--max-semi-space-size=32";
  expect(told(["serve", "a b.db", "--pipe"])).toEqual([frugal, ["serve", "a b.db", "--pipe"]]);
  expect(told(["serve"], ["--no-deprecation"])).toEqual([["--no-deprecation", ...frugal], ["serve"]]);
  expect(told(["serve"], [own])).toEqual([[own], ["serve"]]);
  expect(told(["serve", "token", "list"])).toEqual([[], ["serve", "token", "list"]]);
  expect(told(["-c", "serve"])).toEqual([[], ["-c", "serve"]]);
  expect(told(["serve"], oldNode)).toEqual([frugal, ["serve"]]);
});

test("otherwise it starts the built command line", () => {
  const at = packageFolder({ "dist/cli/main.js": "export async function start() { process.exitCode = 4; }" });
  expect(run(at)).toMatchObject({ status: 4, stderr: "" });
});
