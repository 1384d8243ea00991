/**
 * `--procedures FILE`: procedures that the user's own module exports, made with defineProcedure. Nothing is loaded that the
 * command line does not name: a module is code, and runs with the user's rights.
 */
import * as nodeModule from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { fail, type Procedure } from "../index.ts";
import { sizeOf } from "./file.ts";

export async function loadProcedures(files: readonly string[]): Promise<Procedure[]> {
  const found: Procedure[] = [];
  for (const file of files) {
    await sizeOf(file);
    const procedures = proceduresIn(await load(file));
    if (procedures.length === 0) fail("cli/no-procedures", { file });
    found.push(...procedures);
  }
  return found;
}

async function load(file: string): Promise<Readonly<Record<string, unknown>>> {
  // Node 22.14 has no such hooks: there the module needs callsql installed beside it.
  const hooks =
    "registerHooks" in nodeModule ? nodeModule.registerHooks({ resolve: resolveOwnName }) : undefined;
  try {
    return readExports(await import(pathToFileURL(resolve(file)).href));
  } catch (error) {
    return fail("cli/procedures-not-loaded", {
      file,
      reason: error instanceof Error ? error.message : String(error),
    });
  } finally {
    hooks?.deregister();
  }
}

/** A module anywhere may say `import { defineProcedure } from "callsql"`: what it has not installed is this program. */
const resolveOwnName: nodeModule.ResolveHookSync = (specifier, context, nextResolve) => {
  try {
    return nextResolve(specifier, context);
  } catch (error) {
    if (specifier !== "callsql") throw error;
    return { url: import.meta.resolve("callsql"), shortCircuit: true };
  }
};

/** Exported by any name, alone or in a list; each once. */
function proceduresIn(exported: Readonly<Record<string, unknown>>): Procedure[] {
  const values = Object.values(exported).flatMap((value): unknown[] =>
    Array.isArray(value) ? value : [value],
  );
  return [...new Set(values)].filter(isProcedure);
}

function isProcedure(value: unknown): value is Procedure {
  if (typeof value !== "object" || value === null) return false;
  return ["name", "endpoint", "parameters", "columns", "findParameter"].every(
    (property) => property in value,
  );
}

function readExports(exported: unknown): Readonly<Record<string, unknown>> {
  return exported as Readonly<Record<string, unknown>>;
}
