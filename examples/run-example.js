/**
 * Runs an example's SQL files on a fresh database in its out/ folder, and prints the command line it runs. It knows no
 * SQL and no models; further options pass through: `node run.js --connection openai --set max_calls=800`.
 * `--db FILE` uses that database instead, and keeps what is in it.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** `name` is the folder's, `scripts` its SQL files in order, `tables` its CSV files without the ending. */
export function runExample({ name, scripts, tables }) {
  const example = `examples/${name}`;
  const options = process.argv.slice(2);
  const isGiven = (flag) => options.some((option) => option === flag || option.startsWith(`${flag}=`));
  const ownDatabase = isGiven("--db") ? [] : [`${example}/out/${name}.db`];
  const command = [
    "bin/callsql.js",
    "run",
    ...scripts.map((script) => `${example}/${script}`),
    ...ownDatabase,
    ...(isGiven("--connection") ? [] : ["--connection", "offline"]),
    ...tables.flatMap((table) => ["--import", `${table}=${example}/${table}.csv`]),
    ...options,
  ];

  if (!existsSync(join(root, "dist"))) {
    console.error("callsql is not built yet: run `npm ci && npm run build` in " + root);
    process.exit(2);
  }

  mkdirSync(join(root, example, "out"), { recursive: true });
  for (const database of ownDatabase) {
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
}

function quoted(word) {
  return /^[\w@%+=:,./\\-]+$/.test(word) ? word : `"${word}"`;
}
