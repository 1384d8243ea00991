/**
 * Peers are installed apart, with `npm install --prefix bench`: nobody needs them to build or test callsql. So their types
 * are not there either, and who loads one says what it uses.
 */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(import.meta.url);

/** Throws with the command that installs the peers when this one is missing. */
export async function loadPeer<T>(name: string): Promise<T> {
  let file: string;
  try {
    file = require.resolve(name);
  } catch {
    throw new Error(`the peer "${name}" is not installed: npm install --prefix bench`);
  }
  return (await import(pathToFileURL(file).href)) as T;
}

/** The version that is compared with, for the report. */
export function versionOf(name: string): string {
  const { version } = require(`${name}/package.json`) as { readonly version: string };
  return version;
}

export type Limit = <T>(work: () => Promise<T>) => Promise<T>;

/** p-limit, without which the bare SDK is nobody's choice: at most `count` at a time. */
export async function loadLimit(): Promise<(count: number) => Limit> {
  return (await loadPeer<{ default: (count: number) => Limit }>("p-limit")).default;
}
