/** Compiles src to dist with tsc, and puts the data files beside the compiled modules. */
import { spawnSync } from "node:child_process";
import { cpSync, globSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

const root = join(import.meta.dirname, "..");
rmSync(join(root, "dist"), { recursive: true, force: true });
const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
const { status } = spawnSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], {
  cwd: root,
  stdio: "inherit",
});
if (status !== 0) process.exit(status ?? 1);
for (const file of globSync("**/*.json", { cwd: join(root, "src") })) {
  const target = join(root, "dist", file);
  mkdirSync(dirname(target), { recursive: true });
  cpSync(join(root, "src", file), target);
}
