/** The formats by the name that `-o` takes. */
import { fail, suggest } from "../../index.ts";
import type { Format } from "./column.ts";
import { csv, tsv } from "./csv.ts";
import { json, ndjson } from "./json.ts";
import { line } from "./line.ts";
import { box, markdown, table } from "./table.ts";

export type FormatName = "table" | "box" | "csv" | "tsv" | "json" | "ndjson" | "markdown" | "line";

export const formats: Readonly<Record<FormatName, Format>> = {
  table,
  box,
  csv,
  tsv,
  json,
  ndjson,
  markdown,
  line,
};

const isFormatName = (name: string): name is FormatName => Object.hasOwn(formats, name);

export function parseFormatName(written: string): FormatName {
  const name = written.toLowerCase();
  if (isFormatName(name)) return name;
  const names = Object.keys(formats);
  return fail("cli/unknown-format", { format: written, formats: names, suggestion: suggest(name, names) });
}

/** Whether an empty line stands between two result sets; JSON documents need none. */
export function isSeparated(name: FormatName): boolean {
  return name !== "json" && name !== "ndjson";
}
