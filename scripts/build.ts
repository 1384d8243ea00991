/**
 * Compiles src to dist: the declarations with tsc, the modules with esbuild, which puts those that are loaded together into
 * one file. Starting is what a command line does most, and reading two hundred files takes longer than running them.
 * What is loaded late (the SDK, the prompt, the server, offline models) stays apart. Packages with binaries, and those that
 * are large and rarely needed, stay imports.
 */
import { spawnSync } from "node:child_process";
import { globSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");
rmSync(dist, { recursive: true, force: true });
const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
const { status } = spawnSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], {
  cwd: root,
  stdio: "inherit",
});
if (status !== 0) process.exit(status ?? 1);

/** Small packages that every start needs. */
const bundled = [
  "@chevrotain",
  "chevrotain",
  "commander",
  "fast-string-truncated-width",
  "fast-string-width",
  "picocolors",
];

/**
 * By the name in dist. Threads and processes are named as their callers name them, which become files of dist itself:
 * see siblingOf in connection/offline/worker-pool.ts, and server/pool.ts.
 */
const offline = "src/connection/offline";
const workers = globSync("**/*-worker.ts", { cwd: join(root, offline) });
const entryPoints = {
  index: "src/index.ts",
  "cli/main": "src/cli/main.ts",
  "statement-process": "src/server/statement-process.ts",
  ...Object.fromEntries(workers.map((file) => [file.replace(/\.ts$/, ""), join(offline, file)])),
};

await build({
  absWorkingDir: root,
  entryPoints,
  outdir: dist,
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node22",
  // No minifying: people read these files when they follow a stack trace.
  legalComments: "linked",
  logLevel: "warning",
  plugins: [
    {
      name: "packages-stay-imports",
      setup: (plugin) => {
        plugin.onResolve({ filter: /^node:child_process$/ }, ({ importer }) =>
          // commander starts subcommands that are programs of their own. Ours has none, and this loads Node's network stack.
          importer.includes("/node_modules/commander/") ? { path: "none", namespace: "empty" } : undefined,
        );
        plugin.onLoad({ filter: /.*/, namespace: "empty" }, () => ({ contents: "export default {};" }));
        plugin.onResolve({ filter: /^[^./]/ }, ({ path, kind }) => {
          const isBundled = bundled.some((name) => path === name || path.startsWith(`${name}/`));
          return kind === "entry-point" || isBundled || path.startsWith("node:")
            ? undefined
            : { path, external: true };
        });
      },
    },
  ],
});
