/** What was submitted (a line, a pasted script, a file) in the order it runs: dot-commands, and SQL between them. */
import { highlight, isComplete } from "../../index.ts";
import { isDotCommand } from "./highlighting.ts";

export type Portion =
  | { readonly kind: "command"; readonly text: string }
  /** Begins with as many line ends as lines stand before it, so that messages name the right line. */
  | { readonly kind: "sql"; readonly text: string; readonly isComplete: boolean };

/** A dot-command stands on a line by itself where a statement may begin. */
export function portionsOf(text: string): Portion[] {
  const portions: Portion[] = [];
  let sql: string[] = [];
  let first = 0;
  let open = "";
  const endSql = (): void => {
    const joined = sql.join("\n");
    const isWhole = isNoStatement(open) || isComplete(open);
    if (joined.trim() !== "")
      portions.push({ kind: "sql", text: "\n".repeat(first) + joined, isComplete: isWhole });
    sql = [];
    open = "";
  };
  for (const [number, line] of text.split("\n").entries()) {
    if (open.trim() === "" && isDotCommand(line)) {
      endSql();
      portions.push({ kind: "command", text: line.trim() });
      first = number + 1;
      continue;
    }
    if (sql.length === 0) first = number;
    sql.push(line);
    open += `${line}\n`;
    if (line.includes(";") && isComplete(open)) open = "";
  }
  endSql();
  return portions;
}

/** Whether Enter runs this text. Comments alone are no statement, and nobody waits for their semicolon. */
export function isSubmittable(text: string): boolean {
  const last = portionsOf(text).at(-1);
  return last === undefined || last.kind === "command" || last.isComplete;
}

/** What to say where the line above is a command that became a part of the open statement around it. */
export function strandedHint(text: string): string | undefined {
  const line = (text.split("\n").at(-2) ?? "").trim();
  if (!isDotCommand(line) || isSubmittable(text)) return undefined;
  return `${line} is a part of the statement now: ; ends it, Ctrl-C forgets it`;
}

/** Blanks and comments, the last of which is closed. */
function isNoStatement(text: string): boolean {
  if (!highlight(text).every(({ role }) => role === "comment")) return false;
  return text.lastIndexOf("/*") <= text.lastIndexOf("*/");
}
