/** Finds the line of a key in TOML text, for messages about a configuration file: the parser keeps no places. */
import { parse, TomlError } from "smol-toml";
import { expectError } from "../../diagnostics/expected.ts";

type Path = readonly string[];

/** From 1; of the deepest step of `path` that is there. The text is TOML. */
export function tomlLineOf(text: string, path: Path): number {
  let line = 1;
  let depth = 0;
  for (const place of tomlPlaces(text)) {
    const common = commonLength(place.path, path);
    if (common > depth) ({ line, depth } = { line: place.line, depth: common });
  }
  return line;
}

export interface TomlPlace {
  /** From 1. */
  readonly line: number;
  readonly kind: "header" | "key";
  readonly path: Path;
}

/** Headers and keys, line by line. What stands inside a multi-line text is none. */
export function tomlPlaces(text: string): readonly TomlPlace[] {
  const places: TomlPlace[] = [];
  let table: Path = [];
  let quote: string | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    const isInside = quote !== undefined;
    for (const [mark] of line.matchAll(/"""|'''/g))
      quote = quote === undefined ? mark : quote === mark ? undefined : quote;
    if (isInside) continue;
    const header = /^\s*\[+\s*(?<path>[^\]]+?)\s*\]+/.exec(line)?.groups?.["path"];
    if (header !== undefined) {
      table = readPath(header);
      places.push({ line: index + 1, kind: "header", path: table });
      continue;
    }
    const key = /^\s*(?<path>(?:"[^"]*"|'[^']*'|[A-Za-z0-9_.\s-])+?)\s*=/.exec(line)?.groups?.["path"];
    if (key !== undefined) places.push({ line: index + 1, kind: "key", path: [...table, ...readPath(key)] });
  }
  return places;
}

/** `a."b c".d` → its steps, by the parser itself. */
function readPath(text: string): Path {
  const path: string[] = [];
  try {
    let value: unknown = parse(`${text} = 0`);
    while (typeof value === "object" && value !== null) {
      const [entry] = Object.entries(value);
      if (entry === undefined) break;
      path.push(entry[0]);
      [, value] = entry;
    }
  } catch (error) {
    expectError(error, TomlError);
  }
  return path;
}

function commonLength(a: Path, b: Path): number {
  const end = a.findIndex((step, index) => step !== b[index]);
  return end === -1 ? a.length : end;
}
