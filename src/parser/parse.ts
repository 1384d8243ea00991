/**
 * Text → statements, the parser's one entry: split at `;`, scan what may be ours, find the call sites, read them with the
 * grammar.
 * Reports mistakes only in what is ours; a statement that is wrong as SQL passes, for SQLite says it best.
 */
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import { DiagnosticSink } from "../diagnostics/diagnostic.ts";
import type { Source, Span } from "../diagnostics/source.ts";
import { numberBinds } from "./binds.ts";
import { reportMistake } from "./errors.ts";
import { Grammar, type Fragment, type Parsed, type ParsedSql } from "./grammar.ts";
import { callDepthMax, findIslands, type Islands } from "./islands.ts";
import { Sweep, tokensOf } from "./sweep.ts";
import type { SetDefaultStatement, SqlStatement, Statement } from "./syntax.ts";
import { Equals, NamedBind, spanOf, type Token } from "./tokens.ts";

export interface ParseOptions {
  /** Says whether a name followed by `(` is a procedure of the catalogue (any case). Quoted names are never asked. */
  readonly isProcedure: (name: string) => boolean;
}

export interface Script {
  readonly source: Source;
  /** Statements that parsed, in order. Empty statements are dropped. */
  readonly statements: readonly Statement[];
  /** Mistakes in statements of ours; such a statement is not in `statements`. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Never throws. */
export function parseScript(source: Source, options: ParseOptions): Script {
  const sink = new DiagnosticSink(source);
  const nul = source.text.indexOf("\0");
  if (nul >= 0) {
    sink.report("parse/nul", { start: nul, end: nul + 1 }, {});
    return { source, statements: [], diagnostics: sink.found };
  }
  const statements: Statement[] = [];
  const sweep = new Sweep(source.text, options.isProcedure);
  for (let stretch = sweep.next(); stretch !== undefined; stretch = sweep.next()) {
    const statement = stretch.mayBeOurs
      ? parseStatement(stretch.tokens ?? tokensOf(source.text, stretch), options, sink)
      : new PlainStatement(source.text, stretch);
    if (statement !== undefined) statements.push(statement);
  }
  return { source, statements, diagnostics: sink.found };
}

/** One for all statements, built for the first that needs it: that takes longer than most scripts without calls run. */
let built: Grammar | undefined;

function theGrammar(): Grammar {
  return (built ??= new Grammar());
}

/**
 * SQL without a call: what the runtime asks of it is read when it asks. A script of data has a hundred thousand of them, and
 * none is looked at before its turn.
 */
class PlainStatement implements SqlStatement {
  readonly kind = "sql";
  readonly span: Span;
  readonly isBareCall = false;
  readonly sites = [];
  readonly unnamedItems = [];
  readonly #text: string;
  #read: SqlStatement | undefined;

  constructor(text: string, span: Span) {
    this.#text = text;
    // A span goes out to users: nothing else that is known of the stretch.
    this.span = { start: span.start, end: span.end };
  }

  get verb(): SqlStatement["verb"] {
    return this.#statement.verb;
  }

  get binds(): SqlStatement["binds"] {
    return this.#statement.binds;
  }

  get target(): SqlStatement["target"] {
    return this.#statement.target;
  }

  get frozenCalls(): SqlStatement["frozenCalls"] {
    return this.#statement.frozenCalls;
  }

  get hasUpsert(): boolean {
    return this.#statement.hasUpsert;
  }

  get #statement(): SqlStatement {
    return (this.#read ??= this.#readNow());
  }

  #readNow(): SqlStatement {
    const islands = findIslands(tokensOf(this.#text, this.span), {
      mode: "statement",
      isProcedure: () => false,
    });
    return sqlStatement({ span: this.span, sites: [], runs: [] }, undefined, islands);
  }
}

function parseStatement(
  tokens: readonly Token[],
  options: ParseOptions,
  sink: DiagnosticSink,
): Statement | undefined {
  const { head, tail, mode } = divide(tokens);
  const islands = findIslands(tail, { mode, isProcedure: options.isProcedure });
  if (islands.tooDeep !== undefined) {
    sink.report("parse/too-deep", spanOf(islands.tooDeep), { max: callDepthMax });
    return undefined;
  }
  // Most statements of most scripts: no site, nothing for the grammar to read.
  if (head.length === 0 && islands.contexts.length === 0) {
    return sqlStatement({ span: spanOfAll(tokens), sites: [], runs: [] }, undefined, islands);
  }
  const read = head.length === 0 ? islands.tokens : [...head, ...islands.tokens];
  const grammar = theGrammar();
  grammar.begin(read, islands.contexts);
  // Rules cost time: what has no head of ours begins behind the choices that the walk has made.
  const parsed = head.length > 0 ? grammar.statement() : readSql(grammar, islands);
  if (grammar.errors.length === 0) return build(parsed, { tokens, islands }, sink);
  if (grammar.openCall?.isExplicit === false) {
    // A call without CALL that is not well formed is no SQL either: SQLite will say so.
    return sqlStatement({ span: spanOfAll(tokens), sites: [], runs: [] }, undefined, islands);
  }
  reportMistake(grammar, tokens, sink);
  return undefined;
}

function readSql(grammar: Grammar, { isCallAlone }: Islands): ParsedSql {
  return isCallAlone ? grammar.callAlone() : grammar.sqlStatement();
}

/** What of a statement the grammar reads token by token, and what is SQL with call sites. */
interface Division {
  readonly head: readonly Token[];
  readonly tail: readonly Token[];
  readonly mode: "statement" | "expression";
}

function divide(tokens: readonly Token[]): Division {
  const [first, second] = tokens;
  const at = (count: number, mode: Division["mode"]): Division => ({
    head: tokens.slice(0, count),
    tail: tokens.slice(count),
    mode,
  });
  switch (first?.word) {
    case "SET": {
      const equals = tokens.findIndex((token) => token.tokenType === Equals);
      const hasExpression = second?.tokenType === NamedBind || second?.word === "DEFAULT";
      return at(hasExpression && equals > 0 ? equals + 1 : tokens.length, "expression");
    }
    case "EXPLAIN":
      return at(second?.word === "CALLS" ? 2 : 0, "statement");
    case "RESET":
    case "SHOW":
    case "DESCRIBE":
    case "RETRY":
      return at(tokens.length, "expression");
    default:
      return { head: [], tail: tokens, mode: "statement" };
  }
}

interface Found {
  readonly tokens: readonly Token[];
  readonly islands: Islands;
}

function build(parsed: Parsed, found: Found, sink: DiagnosticSink): Statement | undefined {
  const { tokens, islands } = found;
  if (parsed.kind === "sql") return sqlStatement(parsed.fragment, parsed.into, islands);
  const span = spanOfAll(tokens);
  switch (parsed.kind) {
    case "explain-calls":
      return { kind: parsed.kind, span, statement: sqlStatement(parsed.fragment, parsed.into, islands) };
    case "set-variable": {
      const { fragment, ...rest } = parsed;
      return {
        ...rest,
        span,
        expression: fragment.span,
        sites: fragment.sites,
        binds: numberBinds(islands.facts.binds),
      };
    }
    case "set-default":
      return setDefault(parsed, found, sink);
    case "set-option":
    case "reset-option":
    case "show":
    case "describe":
    case "retry-failed":
      break;
  }
  return { ...parsed, span };
}

function setDefault(
  parsed: Extract<Parsed, { kind: "set-default" }>,
  found: Found,
  sink: DiagnosticSink,
): SetDefaultStatement | undefined {
  const { fragment, ...rest } = parsed;
  for (const site of fragment.sites) {
    sink.report("parse/call-in-default", site.span, { procedure: site.procedure.text });
  }
  if (fragment.sites.length > 0) return undefined;
  return {
    ...rest,
    span: spanOfAll(found.tokens),
    expression: fragment.span,
    binds: numberBinds(found.islands.facts.binds),
  };
}

function sqlStatement(fragment: Fragment, into: SqlStatement["into"], islands: Islands): SqlStatement {
  const { facts } = islands;
  const { span, sites, runs } = fragment;
  return {
    kind: "sql",
    span: into === undefined ? span : { start: span.start, end: into.span.end },
    verb: facts.verb ?? "other",
    isBareCall: sites.length === 1 && runs.length === 0,
    sites,
    binds: numberBinds(facts.binds),
    target: facts.target,
    into,
    unnamedItems: sites.length === 0 ? [] : islands.unnamedItems,
    frozenCalls: facts.frozenCalls,
    hasUpsert: facts.hasUpsert,
  };
}

function spanOfAll(tokens: readonly Token[]): Span {
  const first = tokens[0];
  const last = tokens.at(-1);
  return first === undefined || last === undefined ? { start: 0, end: 0 } : spanOf(first, last);
}
