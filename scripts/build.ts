/**
 * Compiles src to dist: the declarations with tsc, the modules with esbuild, which puts those that are loaded together into
 * one file. Starting is what a command line does most, and reading two hundred files takes longer than running them.
 * What is loaded late (undici, the SDK, the prompt, the server, offline models) stays apart. Packages with binaries, and those that
 * are large and rarely needed, stay imports.
 */
import { spawnSync } from "node:child_process";
import { globSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build, type BuildOptions } from "esbuild";
import { lateModules, oneFileEach, packages, parts, sqlite, version } from "./build-plugins.ts";

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");
rmSync(dist, { recursive: true, force: true });
const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
const { status } = spawnSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], {
  cwd: root,
  stdio: "inherit",
});
if (status !== 0) process.exit(status ?? 1);

const options: BuildOptions = {
  absWorkingDir: root,
  outdir: dist,
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node22",
  // No minifying: people read these files when they follow a stack trace.
  legalComments: "linked",
  // For `npm run coverage` alone.
  sourcemap: process.argv.includes("--sourcemap") ? "linked" : false,
  logLevel: "warning",
  logOverride: { "ignored-bare-import": "silent" },
};

/** The library, and the processes of `callsql serve`, which start once. Named as server/pool.ts names them. */
await build({
  ...options,
  entryPoints: { index: "src/index.ts", "statement-process": "src/server/statement-process.ts" },
  plugins: [oneFileEach(["src/index.ts"]), version(), parts(), packages()],
});

/** The command line. What `callsql -c "select 1"` needs is one file, and what only other statements and commands need one more. */
const late = await lateModules({ options, entry: "src/cli/main.ts", list: "scripts/late-modules.txt" });
await build({
  ...options,
  entryPoints: {
    "cli/main": "src/cli/main.ts",
    ...Object.fromEntries(late.names.map((name) => [name, name])),
  },
  plugins: [
    late.plugin,
    oneFileEach(["src/cli/main.ts", ...late.names]),
    version(),
    parts(),
    sqlite(),
    packages(),
  ],
});

/** Threads: each is a start of its own, and shares no file with the rest. Named as siblingOf in worker-pool.ts names them. */
const offline = "src/connection/offline";
const workers = globSync("**/*-worker.ts", { cwd: join(root, offline) });
await build({
  ...options,
  entryPoints: Object.fromEntries(workers.map((file) => [file.replace(/\.ts$/, ""), join(offline, file)])),
  plugins: [version(), parts(), packages()],
});
