/** This package's version, from its own package.json. */
import { readFileSync } from "node:fs";

/** Of this package. */
export const version = readVersion(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

function readVersion(text: string): string {
  return (JSON.parse(text) as { version: string }).version;
}
