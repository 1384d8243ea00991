/** Loads packages that need not be installed. */
import { missingPackages } from "./api-error.ts";

/** Runs `load`; a package that cannot be found becomes the answer that names `packages`. */
export async function importOptional<Module>(
  packages: readonly string[],
  load: () => Promise<Module>,
): Promise<Module> {
  try {
    return await load();
  } catch (error) {
    if (isModuleNotFound(error)) throw missingPackages(packages);
    throw error;
  }
}

/** Loads once a process; a failure is forgotten, as a package may be installed while a long session runs. */
export function once<Value>(load: () => Promise<Value>): () => Promise<Value> {
  let loading: Promise<Value> | undefined;
  return () => {
    loading ??= load().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
}

function isModuleNotFound(error: unknown): boolean {
  if (!(error instanceof Error) || !("code" in error)) return false;
  return error.code === "ERR_MODULE_NOT_FOUND" || error.code === "MODULE_NOT_FOUND";
}
