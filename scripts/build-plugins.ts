/** How the command line starts fast: what is in which file, and when it is loaded. See docs/decisions/0105. */
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { join, relative } from "node:path";
import { build, transform, type BuildOptions, type Plugin } from "esbuild";

const root = join(import.meta.dirname, "..");

/** Small packages that every start needs. */
const bundled = [
  "@chevrotain",
  "chevrotain",
  "commander",
  "fast-string-truncated-width",
  "fast-string-width",
];

/** Packages are left alone but for the bundled ones. */
export function packages(): Plugin {
  return {
    name: "packages",
    setup: (plugin) => {
      plugin.onResolve({ filter: /^[^./]/ }, ({ path, kind }) => {
        const isBundled = bundled.some((name) => path === name || path.startsWith(`${name}/`));
        return isBundled || kind === "entry-point" ? undefined : { path, external: true };
      });
      // Their comments are a tenth of what a start reads.
      plugin.onLoad({ filter: /\/node_modules\/.*\.js$/ }, async ({ path }) => {
        const { code } = await transform(await readFile(path, "utf8"), { minifyWhitespace: true });
        return { contents: code };
      });
    },
  };
}

/**
 * SQLite is loaded when it is first used, and by `require`: an import makes Node look through a CommonJS package for the names
 * it exports. better-sqlite3's dozen small files are in the bundle, if they are of the version that is installed; its binary
 * is found by its own binding.js. It is looked for where npm puts it, beside this package or below: Node's own way, with
 * exports and conditions, takes as long as opening the database, and is gone where it is not there.
 */
export function sqlite(): Plugin {
  const home = join(root, "node_modules/better-sqlite3");
  const modules: Readonly<Record<string, string>> = {
    "better-sqlite3": `
      import { home } from "./home";
      let found;
      const find = () => (found ??= home() ? require(${JSON.stringify(join(home, "lib/index.js"))}) : installed("better-sqlite3"));
      export default function Database(...values) { return new (find())(...values); }
      Object.defineProperty(Database, "SqliteError", { get: () => find().SqliteError });`,
    home: `
      const { readFileSync } = process.getBuiltinModule("node:fs");
      const { join } = process.getBuiltinModule("node:path");
      const dist = import.meta.dirname;
      const versionOf = (folder) => {
        try { return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version; } catch { return undefined; }
      };
      const isBundled = (folder) => versionOf(folder) === ${JSON.stringify(versionOf(home))};
      let found;
      export const home = () =>
        (found ??= [join(dist, "../node_modules/better-sqlite3"), join(dist, "../../better-sqlite3")].find(isBundled));`,
    "sqlite-vec": `export const load = (db) => installed("sqlite-vec").load(db);`,
    binding: `
      import { home } from "./home";
      export const { getBinding } = installed(home() + "/lib/binding.js");`,
  };
  return {
    name: "sqlite",
    setup: (plugin) => {
      plugin.onResolve({ filter: /^(better-sqlite3|sqlite-vec)$/ }, ({ path }) => ({
        path,
        namespace: "sqlite",
      }));
      plugin.onResolve({ filter: /^\.\/binding$/ }, ({ importer }) =>
        importer.includes("/better-sqlite3/lib/") ? { path: "binding", namespace: "sqlite" } : undefined,
      );
      plugin.onResolve({ filter: /^\.\/home$/, namespace: "sqlite" }, () => ({
        path: "home",
        namespace: "sqlite",
      }));
      plugin.onLoad({ filter: /.*/, namespace: "sqlite" }, ({ path }) => ({
        contents: `const installed = process.getBuiltinModule("node:module").createRequire(import.meta.url);
          ${modules[path] ?? ""}`,
        resolveDir: root,
      }));
    },
  };
}

/**
 * An import of a part of Node loads it and then reads everything it exports: of node:fs that is the streams, of node:crypto
 * all ciphers. Here functions ask for their part when they are called; classes and constants still do so at once.
 */
export function parts(): Plugin {
  return {
    name: "parts",
    setup: (plugin) => {
      plugin.onResolve({ filter: /./ }, ({ path, importer, kind }) => {
        if (!isBuiltin(path)) return undefined;
        if (kind === "dynamic-import") return { path, external: true };
        if (kind === "require-call") return { path, namespace: "whole-part" };
        // commander starts subcommands that are programs of their own. Ours has none.
        const isUnused = path === "node:child_process" && importer.includes("/node_modules/commander/");
        return { path: isUnused ? "none" : path, namespace: "part", sideEffects: false };
      });
      plugin.onLoad({ filter: /.*/, namespace: "part" }, ({ path }) => ({ contents: partOfNode(path) }));
      plugin.onLoad({ filter: /.*/, namespace: "whole-part" }, ({ path }) => ({
        contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
      }));
    },
  };
}

function partOfNode(name: string): string {
  const part = `process.getBuiltinModule(${JSON.stringify(name)})`;
  const found = Object.entries(process.getBuiltinModule(name) ?? {}).filter(([key]) => key !== "default");
  const isFunction = ([key, value]: (typeof found)[number]): boolean =>
    typeof value === "function" && /^[a-z]/.test(key);
  return [
    `export default /* @__PURE__ */ ${part};`,
    exportsOf(
      found.filter(isFunction).map(([key]) => key),
      part,
    ),
    ...found
      .filter((entry) => !isFunction(entry))
      .map(([key]) => `export const ${key} = /* @__PURE__ */ (() => ${part}.${key})();`),
  ].join("\n");
}

function exportsOf(functions: readonly string[], of: string): string {
  return functions
    .map((name) => `export function ${name}(...values) { return ${of}.${name}(...values); }`)
    .join("\n");
}

/** The package's version is written into the bundle: a start need not read package.json. */
export function version(): Plugin {
  return {
    name: "version",
    setup: (plugin) => {
      plugin.onLoad({ filter: /\/src\/version\.ts$/ }, () => ({
        contents: `export const version = ${JSON.stringify(versionOf(root))};`,
      }));
    },
  };
}

/**
 * esbuild makes one file of the modules that the same entries need, and whatever is imported by `import()` is an entry: a
 * dozen of them cut the rest into twenty files. Each is made to need `first`, which is loaded before it anyway.
 */
export function oneFileEach(first: readonly string[]): Plugin {
  const imports = first.map(
    (path) => `import ${JSON.stringify(path.startsWith("src/") ? join(root, path) : path)};`,
  );
  return {
    name: "one-file-each",
    setup: (plugin) => {
      plugin.onResolve({ filter: /^\./ }, ({ path, kind, resolveDir }) =>
        kind === "dynamic-import" ? { path: join(resolveDir, path), namespace: "dynamic" } : undefined,
      );
      plugin.onLoad({ filter: /.*/, namespace: "dynamic" }, ({ path }) => ({
        contents: `${imports.join(" ")} export * from ${JSON.stringify(path)};`,
        resolveDir: root,
      }));
    },
  };
}

function versionOf(folder: string): string {
  return (JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string }).version;
}

interface Late {
  /** Of the entries that hold the late modules: those of the library, and those of the command line on top of it. */
  readonly names: readonly string[];
  readonly plugin: Plugin;
}

/**
 * The modules of a list are loaded, all together, when one of them is first used: what `import()` does, where nothing can be
 * awaited. Whoever imports one from the files that are loaded first gets an object that looks it up at each use.
 */
export async function lateModules({
  options,
  entry,
  list,
}: {
  readonly options: BuildOptions;
  readonly entry: string;
  /** File of paths below src, one a line; `#` begins a comment. */
  readonly list: string;
}): Promise<Late> {
  const modules = readFileSync(join(root, list), "utf8")
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim())
    .filter((line) => line !== "")
    .map((path) => join(root, "src", path));
  const first = await modulesBefore(modules, { options, entry });
  const names = ["late", "late-cli"];
  const nameOf = (path: string): string => (path.startsWith(join(root, "src/cli/")) ? "late-cli" : "late");
  const exported = new Map<string, Exports>();
  for (const path of modules) exported.set(path, (await import(path)) as Exports);
  const latePlugin: Plugin = {
    name: "late-modules",
    setup: (plugin) => {
      plugin.onResolve({ filter: /^late(-cli)?$/ }, ({ path }) => ({ path, namespace: "late" }));
      plugin.onLoad({ filter: /.*/, namespace: "late" }, ({ path: name }) => ({
        contents: modules
          .filter((path) => nameOf(path) === name)
          .map((path) => `export * as m${modules.indexOf(path)} from ${JSON.stringify(path)};`)
          .concat(`import ${JSON.stringify(join(root, entry))};`)
          .join("\n"),
        resolveDir: root,
      }));
      plugin.onResolve({ filter: /^\./ }, ({ path, importer, resolveDir, kind }) => {
        const resolved = join(resolveDir, path);
        return kind === "import-statement" && exported.has(resolved) && first.has(relative(root, importer))
          ? { path: resolved, namespace: "late-use", sideEffects: false }
          : undefined;
      });
      plugin.onLoad({ filter: /.*/, namespace: "late-use" }, ({ path }) => ({
        contents: usesOf(exported.get(path) ?? {}, `load("./${nameOf(path)}.js").m${modules.indexOf(path)}`),
        resolveDir: root,
      }));
      plugin.onResolve({ filter: /^late-loader$/ }, ({ path }) => ({ path, namespace: "late-loader" }));
      plugin.onLoad({ filter: /.*/, namespace: "late-loader" }, () => ({
        contents: `import { createRequire } from "node:module";
          const loaded = {};
          export const load = (file) => (loaded[file] ??= createRequire(import.meta.url)(file));`,
        resolveDir: root,
      }));
    },
  };
  return { names, plugin: latePlugin };
}

type Exports = Readonly<Record<string, unknown>>;

/** The same exports, each looked up when it is used: functions as functions, which cost a start nothing; a class must be itself. */
function usesOf(exported: Exports, found: string): string {
  const names = Object.keys(exported);
  const isFunction = (value: unknown): boolean =>
    typeof value === "function" && !String(value).startsWith("class");
  if (names.every((name) => isFunction(exported[name])))
    return `import { load } from "late-loader";\n${exportsOf(names, found)}`;
  const getters = names.map(
    (name) => `Object.defineProperty(exports, "${name}", { enumerable: true, get: () => ${found}.${name} });`,
  );
  return [`const { load } = require("late-loader");`, ...getters].join("\n");
}

/** What a start loads, below root: all that the entry needs without what is late. */
async function modulesBefore(
  late: readonly string[],
  { options, entry }: { readonly options: BuildOptions; readonly entry: string },
): Promise<ReadonlySet<string>> {
  const cut: Plugin = {
    name: "cut",
    setup: (plugin) => {
      plugin.onResolve({ filter: /^\./ }, ({ path, resolveDir, kind }) =>
        kind === "dynamic-import" || late.includes(join(resolveDir, path))
          ? { path, external: true }
          : undefined,
      );
    },
  };
  const { metafile } = await build({
    ...options,
    splitting: false,
    entryPoints: [entry],
    write: false,
    metafile: true,
    plugins: [cut, version(), parts(), sqlite(), packages()],
  });
  return new Set(Object.keys(metafile?.inputs ?? {}));
}
