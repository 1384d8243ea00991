/**
 * Adds to package-lock.json the optional platform packages that the registry used for locking did not offer: `npm ci`
 * refuses a lock file that lacks one, on every platform. Run it after `npm install` (docs/decisions/0007). The entries
 * carry no integrity: npm fetches such a package by name and version, on its own platform only.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

interface LockEntry {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

type LockPackages = Record<string, LockEntry>;

const lockFile = join(import.meta.dirname, "..", "package-lock.json");

/** Optional packages that some entry names and the lock file lacks. */
export function missingOptionals(packages: Readonly<LockPackages>): Map<string, LockEntry> {
  const missing = new Map<string, LockEntry>();
  for (const [path, entry] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const isLocked = `node_modules/${name}` in packages || `${path}/node_modules/${name}` in packages;
      if (!isLocked) missing.set(`node_modules/${name}`, stub(name, version, entry.dev === true));
    }
  }
  return missing;
}

export function readLock(text: string): { packages: LockPackages } {
  return JSON.parse(text) as { packages: LockPackages };
}

/** Platform packages end in `os-cpu` or `os-cpu-libc`. */
function stub(name: string, version: string, isDev: boolean): LockEntry {
  const [os = "", cpu = "", abi] = (name.split("/").at(-1) ?? "")
    .replace(/^binding-|^tsgolint-/, "")
    .split("-");
  const libc = abi === "musl" ? ["musl"] : abi === "gnu" ? ["glibc"] : undefined;
  const platform = { os: [os], cpu: [cpu], ...(libc === undefined ? {} : { libc }) };
  return { version, ...(isDev ? { dev: true } : {}), optional: true, ...platform } as LockEntry;
}

function complete(): void {
  const lock = readLock(readFileSync(lockFile, "utf8"));
  const added = missingOptionals(lock.packages);
  const { "": root = {}, ...others } = lock.packages;
  const sorted = Object.entries({ ...others, ...Object.fromEntries(added) }).toSorted(([a], [b]) =>
    a < b ? -1 : 1,
  );
  const packages = { "": root, ...Object.fromEntries(sorted) };
  writeFileSync(lockFile, `${JSON.stringify({ ...lock, packages }, null, 2)}\n`);
  process.stdout.write(`${added.size} optional packages added to package-lock.json\n`);
}

if (import.meta.main) complete();
