/**
 * Turns a bound statement into the text SQLite runs: each call site becomes a call of the procedure's private name,
 * every other byte stays what the user wrote (1-language, 1.2). A text edit, never a re-print. No I/O.
 */
import type { Source, Span } from "../diagnostics/source.ts";
import { unusedNumbers } from "../parser/binds.ts";
import type { BindUse, CallSite, SqlStatement } from "../parser/syntax.ts";
import type { Procedure } from "../catalog/procedure.ts";
import type { BoundArgument, BoundSite } from "./bind.ts";
import { nullName, siteName, storedName, type PrivateName } from "./private-name.ts";
import { known } from "../diagnostics/known.ts";

export interface Rewritten {
  readonly text: string;
  /** Private names of this text's own sites, in no particular order; none for a stored definition. */
  readonly names: readonly PrivateName[];
  /** The site of each of `names`. */
  readonly sites: readonly CallSite[];
}

/** Values of last_insert_rowid(), changes(), total_changes() at the start of the statement. */
export type FrozenValues = Readonly<Record<"last_insert_rowid" | "changes" | "total_changes", bigint>>;

export interface RewriteInput {
  readonly source: Source;
  readonly statement: SqlStatement;
  readonly sites: readonly BoundSite[];
  readonly frozen: FrozenValues;
}

export function rewrite(input: RewriteInput): Rewritten {
  const { source, statement, sites } = input;
  const isStored = statement.verb === "create-view" || statement.verb === "create-trigger";
  const edits = [
    ...bindEdits(statement.binds),
    ...statement.unnamedItems.map((item) => nameEdit(source, item)),
    // A bare number in ORDER BY or GROUP BY would be the place of a column.
    ...statement.frozenCalls.map(({ span, name }) => ({ span, text: `(${input.frozen[name]} + 0)` })),
  ];
  if (statement.into !== undefined) edits.push(...intoEdits(source, statement.span, statement.into));
  const rewriter = new Rewriter(source.text, edits, isStored);
  const text = (statement.prefix ?? "") + rewriter.apply(statement.span, sites);
  return { text, names: rewriter.names, sites: rewriter.sites };
}

interface Edit {
  readonly span: Span;
  readonly text: string;
}

/**
 * Arguments are put in the order of the signature: a bare `?` must keep its number. Where numbers are left out (`?2` alone), all of
 * them become names, since better-sqlite3 wants a value for each number.
 */
function bindEdits(binds: readonly BindUse[]): Edit[] {
  const hasUnused = unusedNumbers(binds).length > 0;
  return binds.flatMap(({ span, text, key, number }) => {
    if (hasUnused && number !== undefined) return [{ span, text: `:${key}` }];
    return text === "?" ? [{ span, text: `?${key}` }] : [];
  });
}

/** A column is named as the user typed it, whatever its text has become. */
function nameEdit(source: Source, item: Span): Edit {
  return {
    span: { start: item.end, end: item.end },
    text: ` AS ${quoted(source.text.slice(item.start, item.end))}`,
  };
}

function intoEdits(source: Source, statement: Span, into: NonNullable<SqlStatement["into"]>): Edit[] {
  const table = source.text.slice((into.schema ?? into.name).span.start, into.name.span.end);
  const create = `CREATE ${into.isTemporary ? "TEMP " : ""}TABLE ${table} AS `;
  return [
    { span: { start: statement.start, end: statement.start }, text: create },
    { span: into.span, text: "" },
  ];
}

class Rewriter {
  readonly names: PrivateName[] = [];
  readonly sites: CallSite[] = [];
  readonly #text: string;
  readonly #edits: readonly Edit[];
  readonly #isStored: boolean;

  /** `edits`: all but the call sites', wherever they stand. */
  constructor(text: string, edits: readonly Edit[], isStored: boolean) {
    this.#text = text;
    this.#edits = edits;
    this.#isStored = isStored;
  }

  apply(span: Span, sites: readonly BoundSite[]): string {
    const own = this.#edits.filter((edit) => edit.span.start >= span.start && edit.span.end <= span.end);
    const calls = sites.map((bound) => ({ span: bound.site.span, text: this.site(bound) }));
    return applyEdits(this.#text, span, [...own, ...calls]);
  }

  site(bound: BoundSite): string {
    const { site, procedure } = bound;
    const name = this.#name(bound);
    const call = `${name}(${this.#slots(bound).join(", ")})`;
    switch (site.position) {
      case "query":
        return `SELECT * FROM ${call}`;
      case "table":
        return call;
      case "value":
        if (site.needsItsQuery) return site.isMembership ? `(${call})` : call;
        if (site.isMembership) return `(SELECT ${quoted(primaryOf(procedure))} FROM ${call})`;
        // Wrapped, SQLite tests the cheap terms of the condition first (2-runtime, rule 5).
        return site.isCondition ? `(SELECT ${call})` : call;
    }
  }

  #name({ site, procedure }: BoundSite): string {
    if (this.#isStored) return storedName(procedure);
    const name = { number: this.names.length + 1, procedure };
    this.names.push(name);
    this.sites.push(site);
    return siteName(name);
  }

  /** Arguments by position, up to the last one given. */
  #slots(bound: BoundSite): string[] {
    const { position, isMembership, needsItsQuery } = bound.site;
    const isRowSource = position !== "value" || (isMembership && !needsItsQuery);
    const { slots } = bound;
    const used = slots.slice(0, slots.findLastIndex((slot) => slot !== undefined) + 1);
    // SQLite gives no rows for a table function with a NULL argument, without asking it: NULL travels as a value.
    return used.map((slot) => {
      if (slot === undefined) return isRowSource ? `${nullName}()` : "NULL";
      return isRowSource ? `ifnull(${this.#expression(slot)}, ${nullName}())` : this.#expression(slot);
    });
  }

  #expression(slot: BoundArgument): string {
    return this.apply(slot.argument.expression, slot.sites);
  }
}

function primaryOf(procedure: Procedure): string {
  return known(procedure.columns[procedure.primary]?.name);
}

/** An edit inside the span of another is left out: the outer one's text already holds it. */
function applyEdits(text: string, span: Span, edits: readonly Edit[]): string {
  const ordered = edits.toSorted((a, b) => a.span.start - b.span.start || widthOf(a.span) - widthOf(b.span));
  const parts: string[] = [];
  let at = span.start;
  for (const edit of ordered) {
    if (edit.span.start < at) continue;
    parts.push(text.slice(at, edit.span.start), edit.text);
    at = edit.span.end;
  }
  parts.push(text.slice(at, span.end));
  return parts.join("");
}

function widthOf(span: Span): number {
  return span.end - span.start;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
