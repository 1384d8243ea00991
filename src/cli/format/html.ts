/** An HTML table to put into a page. Images and sound are in it whole; no value becomes markup of its own. */
import { sniff, type SqlValue } from "../../index.ts";
import { shownValue } from "./cell.ts";
import type { Column, Format } from "./column.ts";
import { safeLine } from "./text.ts";

export const html: Format = async function* write(columns, rows) {
  const names = columns.map(({ name }) => `<th>${escaped(safeLine(name))}</th>`).join("");
  yield `<table>\n<thead>\n<tr>${names}</tr>\n</thead>\n<tbody>\n`;
  for await (const row of rows) {
    const cells = columns.map((column, index) => cellOf(row[index] ?? null, column));
    yield `<tr>${cells.join("")}</tr>\n`;
  }
  yield "</tbody>\n</table>\n";
};

function cellOf(value: SqlValue, column: Column): string {
  if (value === null) return `<td class="null"></td>`;
  const text = escaped(shownValue(value, column));
  if (typeof value === "number" || typeof value === "bigint") return `<td align="right">${text}</td>`;
  return `<td>${mediaOf(value, column, text) ?? text.replaceAll("\n", "<br>")}</td>`;
}

function mediaOf(value: SqlValue, column: Column, description: string): string | undefined {
  if (!(value instanceof Uint8Array) || column.format === "embedding") return undefined;
  const media = sniff(value);
  if (media === undefined) return undefined;
  const url = `data:${media.mimeType};base64,${Buffer.from(value).toString("base64")}`;
  return media.kind === "image"
    ? `<img alt="${description}" src="${url}">`
    : `<audio controls title="${description}" src="${url}"></audio>`;
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
