/** Tables for people: `table` in ASCII, `box` in lines, `markdown` for documents. */
import type { Format } from "./column.ts";
import { grid } from "./grid.ts";

export const table: Format = grid({
  cell: (text) => text,
  top: (widths) => `+${widths.map((width) => "-".repeat(width + 2)).join("+")}+\n`,
  line: (cells) => `| ${cells.join(" | ")} |\n`,
  rule: (widths) => `+${widths.map((width) => "-".repeat(width + 2)).join("+")}+\n`,
  bottom: (widths) => `+${widths.map((width) => "-".repeat(width + 2)).join("+")}+\n`,
});

export const box: Format = grid({
  cell: (text) => text,
  top: (widths) => `┌${widths.map((width) => "─".repeat(width + 2)).join("┬")}┐\n`,
  line: (cells) => `│ ${cells.join(" │ ")} │\n`,
  rule: (widths) => `├${widths.map((width) => "─".repeat(width + 2)).join("┼")}┤\n`,
  bottom: (widths) => `└${widths.map((width) => "─".repeat(width + 2)).join("┴")}┘\n`,
});

export const markdown: Format = grid({
  cell: markdownText,
  top: () => "",
  line: (cells) => `| ${cells.join(" | ")} |\n`,
  rule: (widths, alignments) => {
    const dashes = widths.map((width, index) =>
      alignments[index] === "right" ? `${"-".repeat(width + 1)}:` : "-".repeat(width + 2),
    );
    return `|${dashes.join("|")}|\n`;
  },
  bottom: () => "",
});

/** A cell is one line, `|` ends it, and HTML from a model must not become HTML of the document. */
function markdownText(text: string): string {
  return text
    .replace(/[\\|]/g, "\\$&")
    .replace(/&(?=#?\w+;)/g, "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll("\n", "<br>");
}
