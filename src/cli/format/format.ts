/** The formats by the name that `-o` and `.mode` take. */
import { fail, suggest } from "../../index.ts";
import type { Column, Format, Row, Style } from "./column.ts";
import { csv, tsv } from "./csv.ts";
import { html } from "./html.ts";
import { json, ndjson } from "./json.ts";
import { line } from "./line.ts";
import { list } from "./list.ts";
import { insert, quote } from "./sql.ts";
import { box, markdown, table } from "./table.ts";

/** Formats that are text. */
export const formats = {
  table,
  box,
  csv,
  tsv,
  json,
  ndjson,
  markdown,
  line,
  html,
  quote,
  insert,
  list,
} as const satisfies Readonly<Record<string, Format>>;

export type TextFormat = keyof typeof formats;
export type FormatName = TextFormat | "parquet";

export const formatNames: readonly FormatName[] = [...readKeys(formats), "parquet"];

/** What other shells call ours. */
const otherNames: Readonly<Record<string, FormatName>> = {
  column: "table",
  jsonl: "ndjson",
  jsonlines: "ndjson",
  md: "markdown",
  tabs: "tsv",
};

/** A result set in a format, piece by piece: text, or bytes of Parquet. */
export async function* written(
  name: FormatName,
  columns: readonly Column[],
  rows: AsyncIterable<Row>,
  style: Style,
): AsyncGenerator<string | Uint8Array> {
  if (name !== "parquet") return yield* formats[name](columns, rows, style);
  // Nobody else waits for it to be loaded.
  const { parquet } = await import("./parquet.ts");
  yield* parquet(columns, rows);
}

export function parseFormatName(text: string): FormatName {
  const name = text.toLowerCase();
  const found = otherNames[name] ?? formatNames.find((format) => format === name);
  const names = [...formatNames, ...Object.keys(otherNames)];
  return (
    found ??
    fail("cli/unknown-format", { format: text, formats: formatNames, suggestion: suggest(name, names) })
  );
}

/** `t.csv` is CSV; undefined for endings that name no format. */
export function formatOfFile(path: string): FormatName | undefined {
  const ending = /\.([A-Za-z]+)$/.exec(path)?.[1]?.toLowerCase() ?? "";
  return formatByEnding[ending];
}

const formatByEnding: Readonly<Record<string, FormatName>> = {
  csv: "csv",
  tsv: "tsv",
  json: "json",
  ndjson: "ndjson",
  jsonl: "ndjson",
  md: "markdown",
  html: "html",
  htm: "html",
  sql: "insert",
  parquet: "parquet",
};

/** What stands between two result sets of one output; a Parquet file holds one. */
export function separatorOf(name: FormatName): string {
  if (name === "parquet") fail("cli/one-result", { format: name });
  return ["json", "ndjson", "quote", "insert", "list"].includes(name) ? "" : "\n";
}

/** The format, if it is text: bytes are not for a screen. */
export function showable(name: FormatName): TextFormat {
  return name === "parquet" ? fail("cli/not-for-screen", { format: name }) : name;
}

function readKeys(record: typeof formats): TextFormat[] {
  return Object.keys(record) as TextFormat[];
}
