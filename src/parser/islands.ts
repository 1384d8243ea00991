/**
 * SQL is a sea with call sites as islands in it. One walk over a statement's tokens, with one frame per level of
 * parentheses, finds the sites and turns all between them into runs of `Sql`, so that the grammar reads only ours.
 * Never judges SQL: what it does not understand stays as it is, for SQLite to judge.
 */
import { fail } from "../diagnostics/diagnostic.ts";
import type { Span } from "../diagnostics/source.ts";
import { StatementFacts } from "./facts.ts";
import { clauseOf, frame, holdsCondition, holdsValues, isBehindFrom } from "./frames.ts";
import type { Clause, Frame, OpenCall, SiteContext } from "./frames.ts";
import { headAt, type Head } from "./heads.ts";
import { itemFrom, readItemWord, unnamedSpan } from "./items.ts";
import { frameBehind } from "./parens.ts";
import { isAggregateWithoutColumn } from "./aggregates.ts";
import type { CallSite } from "./syntax.ts";
import * as t from "./tokens.ts";
import type { Token } from "./tokens.ts";
import { isName, tokenAt } from "./words.ts";

export interface Islands {
  /** What the grammar reads: tokens of call sites, and runs of SQL between them. */
  readonly tokens: Token[];
  /** Of each site, in the order in which they begin. */
  readonly contexts: readonly SiteContext[];
  /** The statement is `CALL P(…)`, and perhaps its INTO. */
  readonly isCallAlone: boolean;
  readonly facts: StatementFacts;
  readonly unnamedItems: readonly Span[];
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
  /** The frame that is being read. */
  #top: Frame;
  #at = 0;
  /** Where the current run of SQL began; -1 between runs. */
  #runStart = -1;
  #depth = 0;
  #tooDeep: Token | undefined;
  readonly #facts: StatementFacts;
  readonly #out: Token[] = [];
  readonly #contexts: SiteContext[] = [];
  #isCallAlone = false;
  readonly #unnamedItems: Span[] = [];

  constructor(tokens: readonly Token[], options: IslandOptions) {
    this.#tokens = tokens;
    this.#options = options;
    this.#facts = new StatementFacts(tokens);
    this.#top = frame({ kind: "root", clause: options.mode === "statement" ? "query" : "value" });
  }

  run(): Islands {
    for (let token = this.#token(); token !== undefined; token = this.#token()) this.#step(token);
    this.#leaveAll();
    this.#endItem(this.#top);
    this.#endRun();
    return {
      tokens: this.#out,
      contexts: this.#contexts,
      isCallAlone: this.#isCallAlone,
      facts: this.#facts,
      unnamedItems: inOrder(this.#unnamedItems),
      tooDeep: this.#tooDeep,
    };
  }

  #step(token: Token): void {
    if (token.tokenType.isQuiet) {
      this.#pass(token, this.#top);
      return;
    }
    if (token.tokenType === t.Comma) {
      this.#readComma(this.#top);
      return;
    }
    const head = mayBeginHead(token, this.#token(1)) ? this.#head() : undefined;
    if (head !== undefined) this.#enterSite(head);
    else if (token.tokenType === t.LParen) this.#open();
    else if (token.tokenType === t.RParen) this.#close();
    else if (token.tokenType === t.Semicolon) this.#endTriggerStatement();
    else this.#read(token);
  }

  // Call sites

  #head(): Head | undefined {
    const position = this.#position();
    if (position === undefined) return undefined;
    return headAt(this.#tokens, this.#at, { position, isProcedure: this.#options.isProcedure });
  }

  /** What kind of call may stand at the current token. */
  #position(): CallSite["position"] | undefined {
    const before = this.#token(-1);
    const { clause, expectsTable } = this.#top;
    if (before?.tokenType === t.Dot || before?.word === "COLLATE") return undefined;
    if (clause === "query") return "query";
    if (clause === "ctes") return before?.tokenType === t.RParen ? "query" : undefined;
    if (clause === "into") return before?.tokenType === t.RParen || isName(before) ? "query" : undefined;
    if (clause === "from") return expectsTable ? "table" : undefined;
    const isAlias = clause === "list" && before?.word === "AS";
    return holdsValues(clause) && !isAlias ? "value" : undefined;
  }

  #enterSite(head: Head): void {
    const first = this.#token();
    if (first === undefined) return;
    this.#endRun();
    if (this.#facts.trigger === "none" && this.#top.kind === "root") this.#facts.verb ??= "select";
    if (++this.#depth > callDepthMax) {
      this.#tooDeep = first;
      this.#at = this.#tokens.length;
      return;
    }
    const context = this.#contextOf(first, head.position);
    this.#contexts.push(context);
    this.#emitHead(head);
    const call = { closers: head.closers, context, isExec: head.isExec };
    if (head.arguments === "parenthesized") this.#enterArguments("arguments", call);
    else if (head.arguments === "bare") this.#enterArguments("bare-arguments", call);
    else if (head.arguments === "none") this.#leaveSite(call);
    else this.#emitRest();
  }

  #contextOf(first: Token, position: CallSite["position"]): SiteContext {
    return {
      start: first.startOffset,
      position,
      isCondition: position === "value" && holdsCondition(this.#top),
      isMembership: position === "value" && this.#token(-1)?.word === "IN",
      isInSchema: this.#top.isInSchema,
      needsItsQuery: false,
    };
  }

  #enterArguments(kind: "arguments" | "bare-arguments", call: OpenCall): void {
    const { isCondition, isInSchema } = call.context;
    this.#push(frame({ kind, clause: "value", call, isCondition, isInSchema, startsArgument: true }));
  }

  #emitHead(head: Head): void {
    for (; this.#at < head.end; this.#at++) {
      const token = this.#tokens[this.#at];
      if (token !== undefined) this.#out.push(this.#at === head.name ? token.as(t.ProcedureName) : token);
    }
  }

  /** The rest of the statement as it is: the grammar will find what is wrong with it. */
  #emitRest(): void {
    for (; this.#at < this.#tokens.length; this.#at++) {
      const token = this.#token();
      if (token !== undefined) this.#out.push(token);
    }
  }

  /** Behind the arguments: the site's closing brackets, and what the site means to the frame around it. */
  #leaveSite({ closers, context }: OpenCall): void {
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
    const isWhole = this.#isWholeStatement(state);
    state.clause = "from";
    state.expectsTable = false;
    if (!isWhole) return;
    const next = this.#token();
    const isFirst = context === this.#contexts[0] && this.#tokens[0]?.tokenType === t.keywords.Call;
    this.#isCallAlone = isFirst && (next === undefined || next.word === "INTO");
    if (next?.word === "INTO") {
      this.#facts.verb = "create-table-as";
      this.#emitRest();
    }
  }

  /** Whether nothing but the site that just ended was read so far. */
  #isWholeStatement(state: Frame): boolean {
    const start = this.#tokens[0]?.startOffset ?? -1;
    return state.kind === "root" && state.clause === "query" && this.#contexts[0]?.start === start;
  }

  // Parentheses

  #open(): void {
    const state = this.#top;
    this.#extendRun();
    this.#push(frameBehind(this.#tokens, this.#at, state));
    state.startsArgument = false;
    state.expectsTable = false;
    this.#at++;
  }

  #close(): void {
    while (this.#top.kind === "bare-arguments") this.#endBareArguments();
    const closing = this.#token();
    if (this.#top.outer === undefined || closing === undefined) {
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
    this.#endArgument();
    this.#out.push(closing);
    this.#at++;
    this.#leaveSite(closed.call);
  }

  /** Arguments without parentheses end without a sign of their own; the grammar gets one. */
  #endBareArguments(): void {
    this.#endRun();
    const last = this.#token(-1);
    if (last !== undefined) this.#out.push(last.behind(t.ArgumentsEnd));
    const { call } = this.#pop();
    if (call !== undefined) this.#leaveSite(call);
  }

  #leaveAll(): void {
    while (this.#top.outer !== undefined) {
      if (this.#top.kind === "bare-arguments") this.#endBareArguments();
      else this.#pop();
    }
  }

  #push(inner: Frame): void {
    inner.outer = this.#top;
    this.#top = inner;
  }

  /** Leaves a level; what was seen inside counts for the levels around it. */
  #pop(): Frame {
    const closed = this.#top;
    const { outer } = closed;
    if (outer === undefined) fail("internal/bug", { what: "the walk left a frame it had not entered" });
    this.#endItem(closed);
    this.#top = outer;
    if (closed.call !== undefined) closed.call.context.needsItsQuery = closed.needsItsQuery;
    outer.needsItsQuery ||= closed.needsItsQuery && closed.kind !== "query";
    outer.hasSite ||= closed.hasSite;
    if (outer.item !== undefined) outer.item.hasSite ||= closed.hasSite;
    return closed;
  }

  /** A `;` inside a statement: the end of one statement of a trigger's body. */
  #endTriggerStatement(): void {
    this.#leaveAll();
    this.#enterClause(this.#top, "query");
    this.#extendRun();
    this.#at++;
  }

  // Words and other tokens

  #read(token: Token): void {
    const state = this.#top;
    if (state.call !== undefined && this.#readArgumentSyntax(token, state)) return;
    this.#facts.read(this.#at, state);
    if (token.word !== "") this.#readWord(token, state);
    if (isAggregateWithoutColumn(this.#tokens, this.#at)) state.needsItsQuery = true;
    this.#pass(token, state);
  }

  /** Makes the current token part of the run. */
  #pass(token: Token, state: Frame): void {
    if (state.clause === "from" && state.expectsTable && this.#isTableName(token)) state.expectsTable = false;
    state.startsArgument = false;
    this.#extendRun();
    this.#at++;
  }

  /** `Name =>`, `@Name =`, and what ends arguments without parentheses. */
  #readArgumentSyntax(token: Token, state: Frame): boolean {
    if (state.kind === "bare-arguments" && endsBareArguments.has(token.word)) {
      this.#endBareArguments();
      return true;
    }
    const next = this.#token(1);
    if (
      state.startsArgument &&
      next !== undefined &&
      namesParameter(token, next, state.call?.isExec === true)
    ) {
      this.#out.push(token.as(t.ParameterName), next);
      state.startsArgument = false;
      this.#at += 2;
      return true;
    }
    if (token.tokenType !== t.Arrow) return false;
    this.#emitAlone();
    state.startsArgument = false;
    return true;
  }

  #readComma(state: Frame): void {
    if (state.call !== undefined) {
      if (state.kind === "arguments") this.#endArgument();
      this.#emitAlone();
      state.startsArgument = true;
      return;
    }
    if (state.clause === "list") {
      this.#endItem(state);
      state.item = itemFrom(this.#at + 1);
    } else if (isBehindFrom(state.clause)) {
      state.clause = "from";
      state.expectsTable = true;
    }
    if (state.kind === "root" && this.#options.mode === "expression") {
      this.#emitAlone();
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
    if (token.word === "OVER" && before?.tokenType === t.RParen) state.needsItsQuery = true;
    // CAST (x AS type): a type may look like a call.
    if (state.kind === "group" && token.word === "AS" && state.clause === "value") state.clause = "names";
    if (state.kind === "group" || state.call !== undefined) return;
    if (this.#facts.beginsBody(this.#at)) {
      this.#facts.trigger = "body";
      this.#enterClause(state, "query");
      return;
    }
    const clause = clauseOf(token.word, state, {
      before: before?.word ?? "",
      after: this.#token(1)?.word ?? "",
      afterNext: this.#token(2)?.word ?? "",
    });
    if (clause !== undefined) this.#enterClause(state, clause);
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
    return (token.tokenType === t.Text || isName(token)) && this.#token(1)?.tokenType !== t.Dot;
  }

  // Output

  #extendRun(): void {
    if (this.#runStart < 0) this.#runStart = this.#at;
  }

  /** Ends the run of SQL before the current token. */
  #endRun(type = t.Sql): void {
    if (this.#runStart < 0) return;
    const first = tokenAt(this.#tokens, this.#runStart);
    const last = this.#token(-1);
    if (first !== undefined && last !== undefined) this.#out.push(first.runTo(last, type));
    this.#runStart = -1;
  }

  /** The same at the comma or parenthesis behind an argument: most hold nothing but SQL. */
  #endArgument(): void {
    const opener = this.#out[this.#out.length - 1]?.tokenType;
    this.#endRun(opener === t.LParen || opener === t.Comma ? t.PlainArgument : t.Sql);
  }

  /** The current token, as it is. */
  #emitAlone(): void {
    this.#endRun();
    const token = this.#token();
    if (token !== undefined) this.#out.push(token);
    this.#at++;
  }

  #token(ahead = 0): Token | undefined {
    return tokenAt(this.#tokens, this.#at + ahead);
  }
}

function inOrder(spans: readonly Span[]): readonly Span[] {
  return spans.length < 2 ? spans : spans.toSorted((a, b) => a.start - b.start || b.end - a.end);
}

/** Most tokens cannot, whatever stands around them: seen here at a glance, since every token comes by. */
function mayBeginHead({ tokenType, word }: Token, next: Token | undefined): boolean {
  return tokenType.beginsCall || (next?.tokenType === t.LParen && word !== "");
}

/** `Name =>`; behind EXEC also `@Name =`. */
function namesParameter(token: Token, next: Token, isExec: boolean): boolean {
  if (next.tokenType === t.Arrow) return isName(token);
  return isExec && next.tokenType === t.Equals && token.image.startsWith("@");
}

const endsBareArguments: ReadonlySet<string> = new Set(
  "INTO UNION INTERSECT EXCEPT WHERE GROUP ORDER LIMIT RETURNING".split(" "),
);
