#!/usr/bin/env node
// Plain JavaScript that an old Node can still run: it says what is missing before a native module crashes on it.
import { existsSync, readFileSync } from "node:fs";
import module from "node:module";
import { fileURLToPath } from "node:url";

const [major, minor] = process.versions.node.split(".").map(Number);
const launcherName = "CALLSQL_LAUNCHER";
const main = new URL("../dist/cli/main.js", import.meta.url);
const ownNode = fileURLToPath(new URL("../node_modules/node/bin/node", import.meta.url));

if (major < 22 || (major === 22 && minor < 12)) {
  if (existsSync(ownNode)) await runWith(ownNode);
  else leave(`callsql needs Node 22.12 or newer; this is ${process.version} (https://nodejs.org)`);
} else if (!existsSync(main)) {
  leave("callsql is not built yet: run `npm run build` first");
} else if (process.argv.length === 3 && process.argv[2] === "--version") {
  // Asked by scripts and by package managers: nothing else needs to be loaded for it.
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  process.stdout.write(`${version}\n`);
} else {
  endWithLauncher();
  // Keeps the compiled code in the temporary folder (or NODE_COMPILE_CACHE): a quarter of the start.
  module.enableCompileCache();
  const { start } = await import(main.href);
  await start();
}

/** @param {string} text */
function leave(text) {
  process.stderr.write(`${text}\n`);
  process.exitCode = 2;
}

/**
 * Runs this file again with the repository's own Node. Not spawnSync: a process that waits in it cannot pass
 * signals on, and would leave the child behind. The channel between the two is there to break.
 * @param {string} node
 */
async function runWith(node) {
  const { spawn } = await import("node:child_process");
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
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
