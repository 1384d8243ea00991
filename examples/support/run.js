/**
 * Runs support.sql on a fresh database in out/, and prints the command line it runs.
 * It knows no SQL and no models; further options pass through: `node run.js --connection openai --set max_calls=800`.
 * `--db FILE` uses that database instead, and keeps what is in it.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const example = "examples/support";
const options = process.argv.slice(2);
const isGiven = (name) => options.some((option) => option === name || option.startsWith(`${name}=`));
const ownDatabase = isGiven("--db") ? [] : [`${example}/out/support.db`];

const tables = ["customers", "orders", "tickets", "articles"];
const command = [
  "bin/callsql.js",
  "run",
  `${example}/support.sql`,
  ...ownDatabase,
  ...(isGiven("--connection") ? [] : ["--connection", "offline"]),
  ...tables.flatMap((table) => ["--import", `${table}=${example}/${table}.csv`]),
  ...options,
];

if (!existsSync(join(root, "dist"))) {
  console.error("callsql is not built yet: run `npm ci && npm run build` in " + root);
  process.exit(2);
}

for (const database of ownDatabase) {
  mkdirSync(join(root, example, "out"), { recursive: true });
  for (const suffix of ["", "-wal", "-shm", "-journal"])
    rmSync(join(root, database + suffix), { force: true });
}

console.error(`cd ${quoted(root)}\nnode ${command.map(quoted).join(" ")}\n`);
const child = spawn(process.execPath, command, { cwd: root, stdio: "inherit" });
// Ctrl-C reaches the child too: it stops in its own time and its exit code is ours.
process.on("SIGINT", () => {});
child.on("exit", (code, signal) => {
  process.exitCode = code ?? 128 + constants.signals[signal];
});

function quoted(word) {
  return /^[\w@%+=:,./\\-]+$/.test(word) ? word : `"${word}"`;
}
