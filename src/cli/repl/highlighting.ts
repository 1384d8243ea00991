/** The roles of what is being written: the parser's, with procedures told from other names, or a dot-command's. */
import { highlight } from "../../index.ts";
import { known } from "../known.ts";

export interface RoleSpan {
  readonly start: number;
  readonly end: number;
  readonly role: string;
}

export function rolesOf(text: string, isProcedure: (name: string) => boolean): RoleSpan[] {
  if (isDotCommand(text)) {
    const end = known(/^\s*[.\\]?\w*/.exec(text)?.[0].length);
    return [{ start: 0, end, role: "command" }];
  }
  return highlight(text).map((span) => {
    const isName = span.role === "name" || span.role === "keyword";
    const role = isName && isProcedure(text.slice(span.start, span.end)) ? "procedure" : span.role;
    return { ...span, role };
  });
}

/** `.tables`; `\e`, which hands know from psql; and a bare `exit`, `quit` or `help`, which no statement begins with. */
export function isDotCommand(text: string): boolean {
  return /^\s*(?:\.[A-Za-z?]|\\[A-Za-z?]|(?:exit|quit|help)\s*;?\s*$)/i.test(text);
}
