/**
 * The state of the walk over SQL: one frame per level of parentheses, one clause per frame.
 * Says what may stand at a place, and how SQLite's keywords move from clause to clause; knows nothing of calls.
 */
import type { Item } from "./items.ts";
import type { CallSite } from "./syntax.ts";
import type { Kind } from "./tokens.ts";

/** Where in a statement or query the walk is. */
export type Clause =
  | "query" // a SELECT, a CALL or, at the top, any statement is to begin
  | "ctes" // WITH …, before the main keyword
  | "list" // select list or RETURNING
  | "from"
  | "on" // the condition of a join
  | "using"
  | "where" // also HAVING
  | "value" // any other expression
  | "values" // rows of VALUES
  | "window" // WINDOW w AS ( … )
  | "into" // INSERT INTO …, before its source
  | "target" // UPDATE …, DELETE FROM …, before SET or WHERE
  | "conflict" // ON CONFLICT …, before DO
  | "create-table"
  | "create-view"
  | "create-index"
  | "create-trigger"
  | "definitions" // column and table definitions
  | "names"; // nothing of ours may stand here

export interface Frame {
  /** `root`: the statement. `query`: may hold clauses. `join`: parentheses in FROM. `group`: any other parentheses.
   * `arguments`: of a call site. `bare-arguments`: of EXEC without parentheses. */
  readonly kind: "root" | "query" | "join" | "group" | "arguments" | "bare-arguments";
  /** The frame around it; set when it is entered. */
  outer: Frame | undefined;
  clause: Clause;
  /** In FROM: a table may stand here, not its alias. */
  expectsTable: boolean;
  /** Inherited: inside a condition, inside a schema expression. */
  readonly isCondition: boolean;
  isInSchema: boolean;
  /** The item of a select list that is being read. */
  item: Item | undefined;
  hasSite: boolean;
  needsItsQuery: boolean;
  /** An argument of a call may begin here. */
  startsArgument: boolean;
  /** The call whose arguments these are. */
  readonly call: OpenCall | undefined;
}

export interface OpenCall {
  /** What must follow the arguments to end the site, in order: `)` of TABLE( and LATERAL(, `}` of the escape. */
  readonly closers: readonly Kind[];
  readonly context: SiteContext;
  /** EXEC: `@Name = expr` names a parameter. */
  readonly isExec: boolean;
}

/** What the walk knows about a call site and the grammar does not. */
export interface SiteContext {
  /** The offset at which the site begins. */
  readonly start: number;
  readonly position: CallSite["position"];
  readonly isCondition: boolean;
  readonly isMembership: boolean;
  readonly isInSchema: boolean;
  needsItsQuery: boolean;
}

export type FrameStart = Pick<Frame, "kind" | "clause"> &
  Partial<Pick<Frame, "expectsTable" | "isCondition" | "isInSchema" | "startsArgument" | "call">>;

/** Every frame has the same fields in the same order: one is made for each parenthesis of a script. */
export function frame(start: FrameStart): Frame {
  return {
    kind: start.kind,
    outer: undefined,
    clause: start.clause,
    expectsTable: start.expectsTable ?? false,
    isCondition: start.isCondition ?? false,
    isInSchema: start.isInSchema ?? false,
    item: undefined,
    hasSite: false,
    needsItsQuery: false,
    startsArgument: start.startsArgument ?? false,
    call: start.call,
  };
}

/** Whether an expression stands in this clause. */
export function holdsValues(clause: Clause): boolean {
  switch (clause) {
    case "list":
    case "on":
    case "where":
    case "value":
    case "values":
      return true;
    default:
      return false;
  }
}

/** Whether the tables of FROM are being named. */
export function isBehindFrom(clause: Clause): boolean {
  return clause === "from" || clause === "on" || clause === "using";
}

export function holdsCondition(state: Frame): boolean {
  return state.isCondition || state.clause === "on" || state.clause === "where";
}

/** What surrounds a keyword, in upper case; "" where no word stands. */
export interface Neighbours {
  readonly before: string;
  readonly after: string;
  readonly afterNext: string;
}

/**
 * The clause that `word` begins in a frame which holds clauses; undefined when it begins none there.
 * Reserved words speak for themselves; the others need their neighbours.
 */
export function clauseOf(word: string, state: Frame, near: Neighbours): Clause | undefined {
  if (state.clause === "names" || state.clause === "definitions") return undefined;
  if (state.clause === "query" || state.clause === "ctes") {
    const begun = statementClause(word, state, near);
    if (begun !== undefined) return begun;
  }
  switch (word) {
    case "SELECT":
    case "RETURNING":
      return "list";
    case "FROM":
      if (near.before === "DISTINCT" || state.clause === "target") return undefined;
      return "from";
    case "JOIN":
      return "from";
    case "ON":
      return onClause(state, near);
    case "USING":
      return isBehindFrom(state.clause) ? "using" : undefined;
    case "WHERE":
    case "HAVING":
      return "where";
    case "GROUP":
    case "ORDER":
    case "LIMIT":
    case "SET":
      return "value";
    case "VALUES":
      return "values";
    case "UNION":
    case "INTERSECT":
    case "EXCEPT":
      return "query";
    case "WITH":
      return state.clause === "into" && !["INTO", "AS"].includes(near.before) ? "ctes" : undefined;
    case "WINDOW":
      return near.afterNext === "AS" ? "window" : undefined;
    default:
      return createClause(word, state, near);
  }
}

/** Words that begin a statement or a query. */
function statementClause(word: string, state: Frame, near: Neighbours): Clause | undefined {
  switch (word) {
    case "WITH":
      return state.clause === "query" ? "ctes" : undefined;
    case "INSERT":
      return "into";
    case "REPLACE":
      return near.after === "INTO" ? "into" : undefined;
    case "UPDATE":
    case "DELETE":
      return "target";
    case "CREATE":
      return "create-table";
    case "ALTER":
      return "definitions";
    case "ATTACH":
    case "DETACH":
    case "VACUUM":
      return "value";
    case "DROP":
    case "BEGIN":
    case "COMMIT":
    case "END":
    case "ROLLBACK":
    case "SAVEPOINT":
    case "RELEASE":
    case "PRAGMA":
    case "ANALYZE":
    case "REINDEX":
      return state.kind === "root" && state.clause === "query" ? "names" : undefined;
    default:
      return undefined;
  }
}

function onClause(state: Frame, near: Neighbours): Clause | undefined {
  if (state.clause === "create-index" || state.clause === "create-trigger") return undefined;
  if (isBehindFrom(state.clause)) return "on";
  return near.after === "CONFLICT" ? "conflict" : undefined;
}

/** Inside CREATE …: what is created, and where its body begins. */
function createClause(word: string, state: Frame, near: Neighbours): Clause | undefined {
  const isHead =
    state.clause === "create-table" && ["CREATE", "TEMP", "TEMPORARY", "UNIQUE"].includes(near.before);
  if (isHead) {
    if (word === "VIEW") return "create-view";
    if (word === "INDEX") return "create-index";
    if (word === "TRIGGER") return "create-trigger";
    if (word === "VIRTUAL") return "names";
  }
  if (word === "AS" && (state.clause === "create-table" || state.clause === "create-view")) return "query";
  if (word === "WHEN" && state.clause === "create-trigger") return "value";
  return undefined;
}
