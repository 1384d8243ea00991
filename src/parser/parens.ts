/** What a parenthesis in SQL holds: a query, a join, an expression, definitions or mere names. */
import { frame, holdsCondition, type Frame } from "./frames.ts";
import { isCallHead } from "./heads.ts";
import type { Token } from "./tokens.ts";
import { opensArguments, tokenAt } from "./words.ts";

/** The frame that the `(` at `at` opens inside `outer`. */
export function frameBehind(tokens: readonly Token[], at: number, outer: Frame): Frame {
  const before = tokenAt(tokens, at - 1);
  const { isInSchema } = outer;
  const group = (): Frame =>
    frame({ kind: "group", clause: "value", isInSchema, isCondition: holdsCondition(outer) });
  const query = (): Frame => frame({ kind: "query", clause: "query", isInSchema });
  const names = (): Frame => frame({ kind: "group", clause: "names", isInSchema });
  switch (outer.clause) {
    case "list":
    case "on":
    case "where":
    case "value":
      return startsQuery(tokens, at, before) ? query() : group();
    case "query":
      return startsQuery(tokens, at) ? query() : group();
    case "from":
      if (!outer.expectsTable) return group();
      if (startsQuery(tokens, at)) return query();
      return frame({ kind: "join", clause: "from", isInSchema, expectsTable: true });
    case "ctes":
      return before?.word === "AS" || before?.word === "MATERIALIZED" ? query() : names();
    case "create-table":
      return frame({ kind: "group", clause: "definitions", isInSchema });
    case "definitions":
      return ["CHECK", "DEFAULT", "AS"].includes(before?.word ?? "") ? schemaExpression() : names();
    case "create-index":
      return schemaExpression();
    case "values": // a row, never a subquery
    case "window":
      return group();
    case "using":
    case "into":
    case "target":
    case "conflict":
    case "create-view":
    case "create-trigger":
    case "names":
      break;
  }
  return names();
}

/** CHECK, DEFAULT, a generated column, an index. */
function schemaExpression(): Frame {
  return frame({ kind: "group", clause: "value", isInSchema: true });
}

/** `before`: what stands in front of the parenthesis, if it may be a function's name. */
function startsQuery(tokens: readonly Token[], at: number, before?: Token): boolean {
  const first = tokens[at + 1]?.word;
  if (first === "SELECT" || first === "VALUES") return true;
  if (opensArguments(before)) return false;
  return first === "WITH" || isCallHead(tokens, at + 1);
}
