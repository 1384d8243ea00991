/**
 * Where statements end, token by token: at `;`, except inside CREATE TRIGGER … END. The rule, and the table, of sqlite3_complete().
 */
import { Semicolon, type Token } from "./tokens.ts";

/** `start`: between statements. `end`: behind the END that may close a trigger. */
export type SplitState = "start" | "normal" | "explain" | "create" | "trigger" | "semicolon" | "end";

export function nextState(state: SplitState, token: Token): SplitState {
  const isSemicolon = token.tokenType === Semicolon;
  switch (state) {
    case "start":
      if (isSemicolon) return "start";
      if (token.word === "EXPLAIN") return "explain";
      return token.word === "CREATE" ? "create" : "normal";
    case "explain":
      if (isSemicolon) return "start";
      // EXPLAIN QUERY PLAN CREATE TRIGGER: any word may stand between.
      if (token.word === "CREATE") return "create";
      return isStateWord(token.word) ? "normal" : "explain";
    case "create":
      if (isSemicolon) return "start";
      if (token.word === "TEMP" || token.word === "TEMPORARY") return "create";
      return token.word === "TRIGGER" ? "trigger" : "normal";
    case "normal":
      return isSemicolon ? "start" : "normal";
    case "trigger":
      return isSemicolon ? "semicolon" : "trigger";
    case "semicolon":
      if (isSemicolon) return "semicolon";
      return token.word === "END" ? "end" : "trigger";
    case "end":
      break;
  }
  return isSemicolon ? "start" : "trigger";
}

function isStateWord(word: string): boolean {
  return ["EXPLAIN", "TEMP", "TEMPORARY", "TRIGGER", "END"].includes(word);
}
