/** A diagnostic as text: one line with the code, the place with a caret under it, the hint. */
import type { Diagnostic } from "./diagnostic.ts";
import { positionOf, type Source, type Span } from "./source.ts";

/** At most this many characters of a source line are shown around the caret. */
const lineWidthMax = 160;

/** As the command line prints it: message, line with a caret, hint. Without colours. */
export function renderDiagnostic(item: Diagnostic): string {
  const lines = [`${item.severity}[${item.code}]: ${item.message}`];
  if (item.source !== undefined && item.span !== undefined) {
    lines.push(...renderPlace(item.source, item.span));
    for (const related of item.related ?? [])
      lines.push(...renderPlace(item.source, related.span, related.message));
  }
  if (item.hint !== undefined) lines.push(`  hint: ${item.hint}`);
  return lines.join("\n");
}

function renderPlace(source: Source, span: Span, note = ""): string[] {
  const { line, column } = positionOf(source.text, span.start);
  const text = source.text.slice(span.start - column + 1).replace(/[\r\n][^]*/, "");
  const offset = column - 1;
  const from = offset > lineWidthMax / 2 ? offset - lineWidthMax / 2 : 0;
  const shown = text.slice(from, from + lineWidthMax);
  const width = Math.max(1, Math.min(span.end - span.start, shown.length - (offset - from)));
  const gutter = String(line).length;
  const indent = shown.slice(0, offset - from).replace(/[^\t]/g, " ");
  return [
    `${" ".repeat(gutter)}--> ${source.name}:${line}:${column}`,
    `${line} | ${printable(shown)}`,
    `${" ".repeat(gutter)} | ${indent}${"^".repeat(width)}${note === "" ? "" : ` ${note}`}`,
  ];
}

/** Control characters would move the cursor; a dot keeps the caret under its place. */
function printable(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "·");
}
