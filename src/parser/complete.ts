/** Whether a text can be run as it stands or needs more lines: for a REPL and for stdin. */
import { checkText } from "../diagnostics/arguments.ts";
import { endsInComment, scan } from "./scanner.ts";
import { nextState, type SplitState } from "./split.ts";
import { Unterminated } from "./tokens.ts";

/** The rule of sqlite3_complete(): the text ends with a `;` that ends a statement, perhaps with a comment behind it. */
export function isComplete(text: string): boolean {
  checkText("isComplete's text", text);
  let state: SplitState = "start";
  let end = 0;
  for (const token of scan(text)) {
    if (token.tokenType === Unterminated) return false;
    state = nextState(state, token);
    end = token.endOffset + 1;
  }
  return end > 0 && state === "start" && !endsInComment(text, end);
}
