#!/usr/bin/env node
// Plain JavaScript that an old Node can still run: it says what is missing before a native module crashes on it.

const launcherName = "CALLSQL_LAUNCHER";

// A server lives long: V8 else lets 130 MB of garbage gather whatever is alive, and hears of the first of these at its start
// only (docs/decisions/0127, 0166).
const serverFlags =
  process.argv[2] === "serve" && process.argv[3] !== "token"
    ? ["--max-semi-space-size=8", "--no-allocation-site-pretenuring"]
    : [];

// SQLite's module is made for Node-API 10 and crashes where there is less: docs/decisions/0143.
if (Number(process.versions.napi) < 10) await runWithOwnNode();
else await run();

async function run() {
  replaceByFrugal();
  // An import of these would read all that they export, which takes a sixth of the start.
  const { existsSync, readFileSync } = process.getBuiltinModule("node:fs");
  if (process.argv.length === 3 && process.argv[2] === "--version") {
    // Asked by scripts and by package managers: nothing else needs to be loaded for it.
    const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
    process.stdout.write(`${version}\n`);
    return;
  }
  const main = new URL("../dist/cli/main.js", import.meta.url);
  if (!existsSync(main)) return leave("callsql is not built yet: run `npm run build` first");
  endWithLauncher();
  // Keeps the compiled code in the temporary folder (or NODE_COMPILE_CACHE): a quarter of the start.
  process.getBuiltinModule("node:module").enableCompileCache();
  const { start } = await import(main.href);
  await start();
}

/** The same process starts anew with the flags of a server, where the system can do that and nobody has given others. */
function replaceByFrugal() {
  const { argv, env, execArgv, execPath } = process;
  const isTold = /semi.space.size/.test([...execArgv, env.NODE_OPTIONS].join(" "));
  // Of what is open only the standard streams would stay.
  const isAble = process.platform !== "win32" && process.channel === undefined;
  if (serverFlags.length === 0 || isTold || !isAble) return;
  process.execve?.(execPath, [execPath, ...execArgv, ...serverFlags, ...argv.slice(1)], env);
}

/** @param {string} text */
function leave(text) {
  process.stderr.write(`${text}\n`);
  process.exitCode = 2;
}

async function runWithOwnNode() {
  const { existsSync } = await import("node:fs");
  const { fileURLToPath } = await import("node:url");
  const node = fileURLToPath(new URL("../node_modules/node/bin/node", import.meta.url));
  if (existsSync(node)) await runWith(node, fileURLToPath(import.meta.url));
  else leave(`callsql needs Node 22.14, 23.6 or newer; this is ${process.version} (https://nodejs.org)`);
}

/**
 * Runs this file again with the repository's own Node. Not spawnSync: a process that waits in it cannot pass
 * signals on, and would leave the child behind. The channel between the two is there to break.
 * @param {string} node
 * @param {string} self
 */
async function runWith(node, self) {
  const { spawn } = await import("node:child_process");
  const child = spawn(node, [...serverFlags, self, ...process.argv.slice(2)], {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { ...process.env, [launcherName]: String(process.pid) },
  });
  child.channel?.unref();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      // Ctrl-C on a terminal has reached the child already. Elsewhere it may have, too: it takes two in one moment for one.
      if (signal !== "SIGINT" || !process.stderr.isTTY) child.kill(signal);
    });
  }
  child.on("error", (error) => leave(`cannot run ${node}: ${error.message}`));
  child.on("exit", (code, signal) => {
    if (signal !== null) process.removeAllListeners(signal);
    if (signal !== null) process.kill(process.pid, signal);
    else process.exitCode = code ?? 1;
  });
}

/**
 * kill -9 of the launcher means this process: it would otherwise work on unseen, and the same command be refused because
 * the script is running. What is recorded stays recorded.
 */
function endWithLauncher() {
  const isLaunched = process.env[launcherName] === String(process.ppid);
  delete process.env[launcherName];
  if (!isLaunched || process.channel === undefined) return;
  process.once("disconnect", () => process.kill(process.pid, "SIGKILL"));
  process.channel.unref();
}
