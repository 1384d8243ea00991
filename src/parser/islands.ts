/**
 * SQL is a sea with call sites as islands in it. One walk over a statement's tokens, with one frame per level of
 * parentheses, finds the sites and turns all between them into runs of `Sql`, so that the grammar reads only ours.
 * Never judges SQL: what it does not understand stays as it is, for SQLite to judge.
 */
import type { Span } from "../diagnostics/source.ts";
import {
  clauseOf,
  frame,
  holdsCondition,
  holdsValues,
  type Clause,
  type Frame,
  type SiteContext,
} from "./frames.ts";
import { headAt, isCallHead, type Head } from "./heads.ts";
import { itemFrom, readItemWord, unnamedSpan } from "./items.ts";
import type { CallSite, FrozenFunction, SqlStatement, Verb } from "./syntax.ts";
import * as t from "./tokens.ts";
import type { SqlRun, Token } from "./tokens.ts";
import { targetAt, verbAt } from "./verbs.ts";
import { endsOperand, isName, nameOf, opensArguments } from "./words.ts";

export interface Islands {
  /** What the grammar reads: tokens of call sites, and runs of SQL between them. */
  readonly tokens: readonly Token[];
  /** By the offset at which a site begins. */
  readonly contexts: ReadonlyMap<number, SiteContext>;
  readonly binds: readonly Token[];
  readonly verb: Verb;
  readonly target: SqlStatement["target"];
  readonly unnamedItems: readonly Span[];
  readonly frozenCalls: SqlStatement["frozenCalls"];
  readonly hasUpsert: boolean;
  /** The call that is nested deeper than the limit; the walk stopped there. */
  readonly tooDeep: Token | undefined;
}

export interface IslandOptions {
  /** `expression`: the right side of SET. A comma at its top level is not part of it. */
  readonly mode: "statement" | "expression";
  readonly isProcedure: (name: string) => boolean;
}

/** Calls inside calls; beyond it the grammar's recursion would near the end of the stack. */
export const callDepthMax = 100;

export function findIslands(tokens: readonly Token[], options: IslandOptions): Islands {
  return new IslandWalk(tokens, options).run();
}

class IslandWalk {
  readonly #tokens: readonly Token[];
  readonly #options: IslandOptions;
  readonly #frames: Frame[];
  #at = 0;
  /** Where the current run of SQL began; -1 between runs. */
  #runStart = -1;
  #depth = 0;
  /** Inside CREATE TRIGGER: its head, or its body with statements of their own. */
  #trigger: "none" | "head" | "body" = "none";
  #verb: Verb | undefined;
  #target: SqlStatement["target"];
  #tooDeep: Token | undefined;
  #hasUpsert = false;
  readonly #out: Token[] = [];
  readonly #contexts = new Map<number, SiteContext>();
  readonly #binds: Token[] = [];
  readonly #unnamedItems: Span[] = [];
  readonly #frozenCalls: { name: FrozenFunction; span: Span }[] = [];

  constructor(tokens: readonly Token[], options: IslandOptions) {
    this.#tokens = tokens;
    this.#options = options;
    this.#frames = [frame({ kind: "root", clause: options.mode === "statement" ? "query" : "value" })];
  }

  run(): Islands {
    for (let token = this.#token(); token !== undefined; token = this.#token()) this.#step(token);
    while (this.#frames.length > 1) this.#pop();
    this.#endItem(this.#top);
    this.#endRun();
    return {
      tokens: this.#out,
      contexts: this.#contexts,
      binds: this.#binds,
      verb: this.#verb ?? "other",
      target: this.#target,
      unnamedItems: this.#unnamedItems.sort((a, b) => a.start - b.start || b.end - a.end),
      frozenCalls: this.#frozenCalls,
      hasUpsert: this.#hasUpsert,
      tooDeep: this.#tooDeep,
    };
  }

  #step(token: Token): void {
    const position = this.#position();
    const head =
      position && headAt(this.#tokens, this.#at, { position, isProcedure: this.#options.isProcedure });
    if (head !== undefined && position !== undefined) this.#enterSite(head, position);
    else if (token.tokenType === t.LParen) this.#open();
    else if (token.tokenType === t.RParen) this.#close();
    else if (token.tokenType === t.Semicolon) this.#endTriggerStatement();
    else this.#read(token);
  }

  // Call sites

  /** What kind of call may stand at the current token. */
  #position(): CallSite["position"] | undefined {
    const before = this.#token(-1);
    const { clause, expectsTable } = this.#top;
    if (before?.tokenType === t.Dot || before?.word === "COLLATE") return undefined;
    if (clause === "query") return "query";
    if (clause === "ctes") return before?.tokenType === t.RParen ? "query" : undefined;
    if (clause === "into") return isName(before) || before?.tokenType === t.RParen ? "query" : undefined;
    if (clause === "from") return expectsTable ? "table" : undefined;
    return holdsValues(clause) && before?.word !== "AS" ? "value" : undefined;
  }

  #enterSite(head: Head, position: CallSite["position"]): void {
    const first = this.#tokens[this.#at];
    if (first === undefined) return;
    this.#endRun();
    if (this.#top.kind === "root" && this.#trigger === "none") this.#verb ??= "select";
    if (++this.#depth > callDepthMax) {
      this.#tooDeep = first;
      this.#at = this.#tokens.length;
      return;
    }
    const state = this.#top;
    const context: SiteContext = {
      position,
      isCondition: position === "value" && holdsCondition(state),
      isMembership: position === "value" && this.#token(-1)?.word === "IN",
      isInSchema: state.isInSchema,
      hasWindow: false,
    };
    this.#contexts.set(first.startOffset, context);
    this.#emitHead(head);
    const call = { closers: head.closers, context, isExec: head.isExec };
    const inherited = {
      isCondition: context.isCondition,
      isInSchema: context.isInSchema,
      startsArgument: true,
    };
    if (head.arguments === "parenthesized") {
      this.#frames.push(frame({ kind: "arguments", clause: "value", call, ...inherited }));
    } else if (head.arguments === "bare") {
      this.#frames.push(frame({ kind: "bare-arguments", clause: "value", call, ...inherited }));
    } else if (head.arguments === "none") {
      this.#leaveSite(head.closers);
    } else {
      this.#emitRest();
    }
  }

  #emitHead(head: Head): void {
    for (; this.#at < head.end; this.#at++) {
      const token = this.#tokens[this.#at];
      if (token !== undefined)
        this.#out.push(this.#at === head.name ? t.retyped(token, t.ProcedureName) : token);
    }
  }

  /** The rest of the statement as it is: the grammar will find what is wrong with it. */
  #emitRest(): void {
    this.#out.push(...this.#tokens.slice(this.#at));
    this.#at = this.#tokens.length;
  }

  /** Behind the arguments: the site's closing brackets, and what the site means to the frame around it. */
  #leaveSite(closers: Head["closers"]): void {
    this.#depth--;
    for (const closer of closers) {
      const token = this.#token();
      if (token?.tokenType !== closer) break;
      this.#out.push(token);
      this.#at++;
    }
    const state = this.#top;
    state.hasSite = true;
    if (state.item !== undefined) state.item.hasSite = true;
    if (holdsValues(state.clause)) return;
    // A query or a table has been read: what SQL may follow is what follows a table.
    const isBareCall = state.kind === "root" && this.#trigger === "none" && this.#isOnlySite();
    state.clause = "from";
    state.expectsTable = false;
    if (isBareCall && this.#token()?.word === "INTO") {
      this.#verb = "create-table-as";
      this.#emitRest();
    }
  }

  /** Whether nothing but the site that just ended was read so far. */
  #isOnlySite(): boolean {
    const first = this.#tokens[0];
    return (
      first !== undefined &&
      this.#out[0]?.startOffset === first.startOffset &&
      this.#contexts.has(first.startOffset) &&
      this.#top.clause === "query"
    );
  }

  // Parentheses

  #open(): void {
    const state = this.#top;
    this.#extendRun();
    this.#frames.push(this.#frameOf(state));
    state.startsArgument = false;
    state.expectsTable = false;
    this.#at++;
  }

  #frameOf(state: Frame): Frame {
    const before = this.#token(-1);
    const { isInSchema } = state;
    const query = frame({ kind: "query", clause: "query", isInSchema });
    const names = frame({ kind: "group", clause: "names", isInSchema });
    const group = frame({ kind: "group", clause: "value", isInSchema, isCondition: holdsCondition(state) });
    switch (state.clause) {
      case "ctes":
        return before?.word === "AS" || before?.word === "MATERIALIZED" ? query : names;
      case "from":
        if (!state.expectsTable) return group;
        return this.#startsQuery(undefined)
          ? query
          : frame({ kind: "join", clause: "from", isInSchema, expectsTable: true });
      case "query":
        return this.#startsQuery(undefined) ? query : group;
      case "create-table":
        return frame({ kind: "group", clause: "definitions", isInSchema });
      case "definitions":
        return ["CHECK", "DEFAULT", "AS"].includes(before?.word ?? "")
          ? frame({ kind: "group", clause: "value", isInSchema: true })
          : names;
      case "create-index":
        return frame({ kind: "group", clause: "value", isInSchema: true });
      case "list":
      case "on":
      case "where":
      case "value":
        return this.#groupOrQuery(query, group);
      case "values": // a row; its parentheses are no subquery's
      case "window":
        return group;
      case "using":
      case "into":
      case "target":
      case "conflict":
      case "create-view":
      case "create-trigger":
      case "names":
        return names;
    }
  }

  #groupOrQuery(query: Frame, group: Frame): Frame {
    return this.#startsQuery(this.#token(-1)) ? query : group;
  }

  /** Whether the parenthesis at the current token holds a query; `before` is what stands in front of it. */
  #startsQuery(before: Token | undefined): boolean {
    if (this.#startsSelect()) return true;
    if (opensArguments(before)) return false;
    return this.#token(1)?.word === "WITH" || isCallHead(this.#tokens, this.#at + 1);
  }

  #startsSelect(): boolean {
    const word = this.#token(1)?.word;
    return word === "SELECT" || word === "VALUES";
  }

  #close(): void {
    while (this.#top.kind === "bare-arguments") this.#endBareArguments();
    const closing = this.#token();
    if (this.#frames.length === 1 || closing === undefined) {
      this.#extendRun();
      this.#at++;
      return;
    }
    const closed = this.#pop();
    if (closed.call === undefined) {
      this.#extendRun();
      this.#at++;
      return;
    }
    this.#endRun();
    this.#out.push(closing);
    this.#at++;
    this.#leaveSite(closed.call.closers);
  }

  #endBareArguments(): void {
    this.#endRun();
    this.#leaveSite(this.#pop().call?.closers ?? []);
  }

  /** Leaves a level; what was seen inside counts for the levels around it. */
  #pop(): Frame {
    const closed = this.#frames.pop();
    if (closed === undefined) throw new RangeError("no frame to leave");
    this.#endItem(closed);
    const outer = this.#top;
    if (closed.call !== undefined) closed.call.context.hasWindow = closed.hasWindow;
    outer.hasWindow ||= closed.hasWindow;
    outer.hasSite ||= closed.hasSite;
    if (outer.item !== undefined) outer.item.hasSite ||= closed.hasSite;
    return closed;
  }

  /** A `;` inside a statement: the end of one statement of a trigger's body. */
  #endTriggerStatement(): void {
    while (this.#frames.length > 1) this.#pop();
    this.#enterClause(this.#top, "query");
    this.#extendRun();
    this.#at++;
  }

  // Words and other tokens

  #read(token: Token): void {
    const state = this.#top;
    if (state.call !== undefined && this.#readArgumentSyntax(token, state)) return;
    if (token.tokenType === t.Comma) {
      this.#readComma(state);
      return;
    }
    if (token.word !== "") this.#readWord(token, state);
    else if (token.tokenType === t.NamedBind || token.tokenType === t.PositionalBind) this.#binds.push(token);
    if (state.clause === "from" && state.expectsTable && this.#isTableName(token)) state.expectsTable = false;
    this.#readFrozen(token, state);
    state.startsArgument = false;
    this.#extendRun();
    this.#at++;
  }

  /** `Name =>`, `@Name =`, commas between arguments, and what ends arguments without parentheses. */
  #readArgumentSyntax(token: Token, state: Frame): boolean {
    if (state.kind === "bare-arguments" && endsBareArguments.has(token.word)) {
      this.#endBareArguments();
      return true;
    }
    const next = this.#token(1);
    const isNamed = isName(token) && next?.tokenType === t.Arrow;
    const isNamedByBind =
      state.call?.isExec === true && next?.tokenType === t.Equals && token.image.startsWith("@");
    if (state.startsArgument && next !== undefined && (isNamed || isNamedByBind)) {
      this.#out.push(token, next);
      state.startsArgument = false;
      this.#at += 2;
      return true;
    }
    if (token.tokenType !== t.Comma && token.tokenType !== t.Arrow) return false;
    this.#emitAlone(token);
    state.startsArgument = token.tokenType === t.Comma;
    return true;
  }

  #readComma(state: Frame): void {
    if (state.clause === "list") {
      this.#endItem(state);
      state.item = itemFrom(this.#at + 1);
    } else if (["from", "on", "using"].includes(state.clause)) {
      state.clause = "from";
      state.expectsTable = true;
    }
    if (state.kind === "root" && this.#options.mode === "expression") {
      const comma = this.#token();
      if (comma !== undefined) this.#emitAlone(comma);
      return;
    }
    this.#extendRun();
    this.#at++;
  }

  #readWord(token: Token, state: Frame): void {
    const before = this.#token(-1);
    if (before?.tokenType === t.Dot) return;
    if (state.item !== undefined) {
      readItemWord(state.item, token, this.#at);
      const isQuantifier = token.word === "DISTINCT" || token.word === "ALL";
      if (isQuantifier && state.item.first === this.#at) state.item.first++;
    }
    if (token.word === "OVER" && before?.tokenType === t.RParen) state.hasWindow = true;
    if (token.word === "UPDATE" && before?.word === "DO") this.#hasUpsert = true;
    // CAST (x AS type): a type may look like a call.
    if (state.kind === "group" && token.word === "AS" && state.clause === "value") state.clause = "names";
    if (state.kind === "group" || state.call !== undefined) return;
    if (state.kind === "root") this.#readRootWord(token, state);
    const clause = clauseOf(token.word, state, {
      before: before?.word ?? "",
      after: this.#token(1)?.word ?? "",
      afterNext: this.#token(2)?.word ?? "",
    });
    if (clause !== undefined) this.#enterClause(state, clause);
  }

  /** The statement's verb and target, and the body of a trigger. */
  #readRootWord(token: Token, state: Frame): void {
    if (this.#trigger === "none" && (state.clause === "query" || state.clause === "ctes")) {
      this.#readVerb(token);
    }
    if (state.clause === "create-table" && token.word === "AS" && this.#verb === "create-schema") {
      this.#verb = "create-table-as";
    }
    if (state.clause === "create-table" && token.word === "INDEX") state.isInSchema = true;
    const before = this.#token(-1);
    const isBody =
      this.#trigger === "head" &&
      token.word === "BEGIN" &&
      before !== undefined &&
      endsOperand(before) &&
      !["TRIGGER", "OF"].includes(before.word);
    if (isBody) {
      this.#trigger = "body";
      this.#enterClause(state, "query");
    }
  }

  #readVerb(token: Token): void {
    // A table of WITH may be named replace.
    if (token.word === "REPLACE" && this.#token(1)?.word !== "INTO") return;
    const verb = verbAt(this.#tokens, this.#at);
    if (verb === "create-trigger") this.#trigger = "head";
    if (this.#verb !== undefined) return;
    this.#verb = verb;
    if (verb === "insert" || verb === "update" || verb === "delete") {
      this.#target = targetAt(this.#tokens, this.#at);
    }
  }

  #enterClause(state: Frame, clause: Clause): void {
    this.#endItem(state);
    state.clause = clause;
    state.expectsTable = clause === "from";
    if (clause === "list") state.item = itemFrom(this.#at + 1);
  }

  #endItem(state: Frame): void {
    if (state.item === undefined) return;
    const span = unnamedSpan(state.item, this.#tokens, this.#at);
    if (span !== undefined) this.#unnamedItems.push(span);
    state.item = undefined;
  }

  /** `t` of `FROM t` and of `FROM main.t`. */
  #isTableName(token: Token): boolean {
    return (isName(token) || token.tokenType === t.Text) && this.#token(1)?.tokenType !== t.Dot;
  }

  #readFrozen(token: Token, state: Frame): void {
    const isCall = this.#token(1)?.tokenType === t.LParen && this.#token(2)?.tokenType === t.RParen;
    if (!isCall || !isName(token) || !holdsValues(state.clause) || this.#isStoredText()) return;
    const name = frozenByName.get(nameOf(token).text.toLowerCase());
    const last = this.#token(2);
    if (name !== undefined && last !== undefined)
      this.#frozenCalls.push({ name, span: t.spanOf(token, last) });
  }

  /** Views, triggers and schema expressions run later: nothing in them belongs to this statement's run. */
  #isStoredText(): boolean {
    return ["create-view", "create-trigger", "create-schema", "alter"].includes(this.#verb ?? "");
  }

  // Output

  #extendRun(): void {
    if (this.#runStart < 0) this.#runStart = this.#at;
  }

  /** Ends the run of SQL before the current token. */
  #endRun(): void {
    const first = this.#tokens[this.#runStart];
    const last = this.#tokens[this.#at - 1];
    if (this.#runStart >= 0 && first !== undefined && last !== undefined) {
      const run: SqlRun = { ...t.retyped(first, t.Sql), endOffset: last.endOffset, first };
      this.#out.push(run);
    }
    this.#runStart = -1;
  }

  #emitAlone(token: Token): void {
    this.#endRun();
    this.#out.push(token);
    this.#at++;
  }

  get #top(): Frame {
    const top = this.#frames.at(-1);
    if (top === undefined) throw new RangeError("the statement's own frame was left");
    return top;
  }

  #token(ahead = 0): Token | undefined {
    return this.#tokens[this.#at + ahead];
  }
}

const endsBareArguments: ReadonlySet<string> = new Set(
  "INTO UNION INTERSECT EXCEPT WHERE GROUP ORDER LIMIT RETURNING".split(" "),
);

const frozenByName: ReadonlyMap<string, FrozenFunction> = new Map<string, FrozenFunction>([
  ["last_insert_rowid", "last_insert_rowid"],
  ["changes", "changes"],
  ["total_changes", "total_changes"],
]);
