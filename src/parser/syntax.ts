/**
 * The syntax tree: what the parser found in a script, with the place of everything it names.
 * SQL is not a tree here: SQLite owns it. Of an SQL statement we keep its kind, the call sites in it, its binds,
 * and the few places the runtime edits.
 */
import type { Span } from "../diagnostics/source.ts";

/** A name as the user meant it: quotes removed, doubled quotes undone. `span` covers what was written. */
export interface Name {
  readonly text: string;
  readonly span: Span;
}

/** A statement without its `;`. `span` runs from its first token to the end of its last. */
export type Statement =
  | SqlStatement
  | SetOptionStatement
  | ResetOptionStatement
  | SetVariableStatement
  | SetDefaultStatement
  | ShowStatement
  | DescribeStatement
  | ExplainCallsStatement
  | RetryFailedStatement;

export interface SqlStatement {
  readonly kind: "sql";
  readonly span: Span;
  readonly verb: Verb;
  /** What SQLite is to read before the text: `SELECT ` for an expression that stands alone. Never set by the parser. */
  readonly prefix?: string;
  /** The statement is nothing but a call: `CALL P(…)`, `EXEC P …`, `{call P(…)}`, with or without INTO. */
  readonly isBareCall: boolean;
  /** Outermost call sites, in the order of the text. Nested ones stand in their arguments. */
  readonly sites: readonly CallSite[];
  /** Every bind of the statement, in the order of the text, those inside call sites included. */
  readonly binds: readonly BindUse[];
  /** The table that INSERT, REPLACE, UPDATE or DELETE at the top level writes. */
  readonly target?: { readonly schema?: Name; readonly table: Name } | undefined;
  /** `CALL P(…) INTO [TEMP] name`: what stands behind the call. */
  readonly into?:
    | {
        readonly span: Span;
        readonly isTemporary: boolean;
        readonly name: Name;
        readonly schema?: Name;
      }
    | undefined;
  /** Items of select and RETURNING lists that contain a call site, in whatever position, and have no alias: SQLite
   * would name them by the rewritten text. The span is the item's text, which is the column's name, without a comment
   * behind it. Inner ones included. */
  readonly unnamedItems: readonly Span[];
  /** Uses of `last_insert_rowid()`, `changes()`, `total_changes()` that belong to this run of the statement: none in
   * views, triggers and schema expressions. */
  readonly frozenCalls: readonly { readonly name: FrozenFunction; readonly span: Span }[];
  /** `ON CONFLICT … DO UPDATE` occurs. */
  readonly hasUpsert: boolean;
}

export type FrozenFunction = "last_insert_rowid" | "changes" | "total_changes";

/** What kind of SQL statement it is, by its main keyword (behind WITH and its tables). `explain` covers EXPLAIN and
 * EXPLAIN QUERY PLAN. `create-schema` is CREATE TABLE without AS, CREATE INDEX and CREATE VIRTUAL TABLE. */
export type Verb =
  | "select" // SELECT, VALUES, WITH … SELECT, CALL
  | "insert" // INSERT, REPLACE
  | "update"
  | "delete"
  | "create-table-as" // also CALL … INTO
  | "create-view"
  | "create-trigger"
  | "create-schema"
  | "alter"
  | "drop"
  | "begin"
  | "commit" // COMMIT, END
  | "rollback"
  | "savepoint"
  | "release"
  | "attach"
  | "detach"
  | "pragma"
  | "vacuum"
  | "explain"
  | "other";

/** What changes a database by itself, rather than beginning, ending or setting something. */
export const writingVerbs: ReadonlySet<Verb> = new Set<Verb>([
  "insert",
  "update",
  "delete",
  "create-table-as",
  "create-view",
  "create-trigger",
  "create-schema",
  "alter",
  "drop",
]);

export interface CallSite {
  readonly kind: "call";
  /** All that the rewrite replaces: CALL, LATERAL, TABLE( … ), { … } and OPEN/CLOSE noise included, INTO excluded. */
  readonly span: Span;
  /** `query`: stands where a SELECT may stand. `table`: an item of FROM or JOIN. `value`: an expression. */
  readonly position: "query" | "table" | "value";
  readonly procedure: Name;
  /** CALL, EXEC, EXECUTE or an escape stands before it: an unknown name is our error, not SQLite's. */
  readonly isExplicit: boolean;
  readonly arguments: readonly Argument[];
  /** A value site that is part of a WHERE, ON or HAVING condition (of this query, not of a select list in it). */
  readonly isCondition: boolean;
  /** `x IN P(…)`, without parentheses around the call. */
  readonly isMembership: boolean;
  /** In the arguments stands what would mean something else in a subquery: OVER, or an aggregate that names no column. */
  readonly needsItsQuery: boolean;
  /** Stands in a CHECK, DEFAULT, index or generated-column expression. */
  readonly isInSchema: boolean;
}

export interface Argument {
  /** Name, `=>` and expression. */
  readonly span: Span;
  readonly expression: Span;
  readonly name?: Name | undefined;
  /** The bind's name with its prefix (`:Message`), when the expression is nothing but one named bind. */
  readonly bind?: string | undefined;
  /** Call sites inside the expression. */
  readonly sites: readonly CallSite[];
}

export interface BindUse {
  readonly span: Span;
  /** As written: `:name`, `@name`, `$name`, `#name`, `?`, `?12`. */
  readonly text: string;
  /** As better-sqlite3 takes it: the name without its prefix, or the number. */
  readonly key: string;
  /** Without its prefix; undefined for `?` and `?NNN`. */
  readonly name?: string;
  /** For `?` and `?NNN`: the number SQLite gives it, from 1, by SQLite's rule. */
  readonly number?: number;
}

/** `SET option = value`. The value is a literal or one bare word (`SET on_error = row`). */
export interface SetOptionStatement {
  readonly kind: "set-option";
  readonly span: Span;
  readonly option: Name;
  readonly value: Literal;
}

export interface Literal {
  /** A bare word is text. true/false/on/off are text too: the option decides. */
  readonly value: string | number | null;
  readonly span: Span;
}

export interface ResetOptionStatement {
  readonly kind: "reset-option";
  readonly span: Span;
  /** Absent: RESET ALL. */
  readonly option?: Name;
}

/** `SET :name = expr`. The expression may contain call sites; it is run as `SELECT expr`. */
export interface SetVariableStatement {
  readonly kind: "set-variable";
  readonly span: Span;
  /** Without its prefix; `span` covers the prefix too. */
  readonly variable: Name;
  readonly expression: Span;
  readonly sites: readonly CallSite[];
  readonly binds: readonly BindUse[];
}

/** `SET DEFAULT P.Param = value`; the value is an expression without call sites, NULL removes the default. */
export interface SetDefaultStatement {
  readonly kind: "set-default";
  readonly span: Span;
  readonly procedure: Name;
  readonly parameter: Name;
  readonly expression: Span;
  readonly binds: readonly BindUse[];
}

export interface ShowStatement {
  readonly kind: "show";
  readonly span: Span;
  readonly what: "options" | "procedures" | "defaults" | "variables";
}

export interface DescribeStatement {
  readonly kind: "describe";
  readonly span: Span;
  /** Of a procedure, a table or a view. */
  readonly name: Name;
}

export interface ExplainCallsStatement {
  readonly kind: "explain-calls";
  readonly span: Span;
  readonly statement: SqlStatement;
}

export interface RetryFailedStatement {
  readonly kind: "retry-failed";
  readonly span: Span;
  readonly run?: Literal;
}
