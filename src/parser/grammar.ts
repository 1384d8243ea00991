/**
 * The grammar of all that is ours: call sites, and the statements SQLite does not have.
 * SQL around them arrives as runs (`Sql`, see islands.ts). Each rule carries its production and an example;
 * grammar.md is generated from it.
 */
import {
  EmbeddedActionsParser,
  type IParserErrorMessageProvider,
  type IToken,
  tokenMatcher,
  type TokenType,
} from "chevrotain";
import { fail } from "../diagnostics/diagnostic.ts";
import type { Span } from "../diagnostics/source.ts";
import type { SiteContext } from "./frames.ts";
import type { Argument, CallSite, Literal, Name, ShowStatement, SqlStatement } from "./syntax.ts";
import * as t from "./tokens.ts";
import { keywords as k, type Token } from "./tokens.ts";
import { nameOf } from "./words.ts";

/** SQL with the call sites in it. */
export interface Fragment {
  readonly span: Span;
  readonly sites: readonly CallSite[];
  /** How many runs of SQL stand beside the sites. */
  readonly runs: readonly Token[];
}

/** What the grammar knows of a statement; parse.ts adds what the walk over SQL knows. */
export type Parsed =
  | ParsedSql
  | (Omit<ParsedSql, "kind"> & { readonly kind: "explain-calls" })
  | { readonly kind: "set-option"; readonly option: Name; readonly value: Literal }
  | { readonly kind: "set-variable"; readonly variable: Name; readonly fragment: Fragment }
  | {
      readonly kind: "set-default";
      readonly procedure: Name;
      readonly parameter: Name;
      readonly fragment: Fragment;
    }
  | { readonly kind: "reset-option"; readonly option?: Name }
  | { readonly kind: "show"; readonly what: ShowStatement["what"] }
  | { readonly kind: "describe"; readonly name: Name }
  | { readonly kind: "retry-failed"; readonly run?: Literal };

export interface ParsedSql {
  readonly kind: "sql";
  readonly fragment: Fragment;
  readonly into: SqlStatement["into"];
}

/** A call that has begun and not ended: whose mistake an error is. */
export interface OpenCall {
  readonly isExplicit: boolean;
  readonly procedure: Token;
  readonly arguments: Argument[];
  readonly outer: OpenCall | undefined;
  paren: Token | undefined;
}

/** The words an error message needs in place of token types: chevrotain lets us choose the message's text only. */
const expectations: IParserErrorMessageProvider = {
  buildMismatchTokenMessage: ({ expected }) => labelOf(expected),
  buildNotAllInputParsedMessage: () => "the end of the statement",
  buildNoViableAltMessage: ({ expectedPathsPerAlt, customUserDescription }) =>
    customUserDescription ?? firstLabels(expectedPathsPerAlt.flat()),
  buildEarlyExitMessage: ({ expectedIterationPaths, customUserDescription }) =>
    customUserDescription ?? firstLabels(expectedIterationPaths),
};

export class Grammar extends EmbeddedActionsParser {
  #contexts: readonly SiteContext[] = [];
  /** How many of the sites have begun. */
  #siteCount = 0;
  /** The innermost call that is open where the parser stands, or stood when it failed. */
  openCall: OpenCall | undefined;

  /** `isChecked`: chevrotain looks for ambiguities and rules that cannot end, which takes half the time; a test does it. */
  constructor({ isChecked = false }: { readonly isChecked?: boolean } = {}) {
    super(t.vocabulary, {
      // One token tells everywhere; and SET x without "=" is told that "=" is missing.
      maxLookahead: 1,
      errorMessageProvider: expectations,
      skipValidations: !isChecked,
    });
    this.performSelfAnalysis();
  }

  /** Readies the parser for one statement: its tokens, and what the walk learned of the sites in them. */
  begin(tokens: Token[], contexts: readonly SiteContext[]): void {
    this.input = tokens;
    this.#contexts = contexts;
    this.#siteCount = 0;
    this.openCall = undefined;
  }

  /**
   * statement ::= setStatement | resetStatement | showStatement | describeStatement | explainCalls | retryFailed | sqlStatement
   * Whatever ends at a `;`.
   */
  readonly statement = this.RULE("statement", (): Parsed => {
    return this.OR([
      { ALT: () => this.SUBRULE(this.setStatement) },
      { ALT: () => this.SUBRULE(this.resetStatement) },
      { ALT: () => this.SUBRULE(this.showStatement) },
      { ALT: () => this.SUBRULE(this.describeStatement) },
      { ALT: () => this.SUBRULE(this.explainCalls) },
      { ALT: () => this.SUBRULE(this.retryFailed) },
      { ALT: () => this.SUBRULE(this.sqlStatement) },
    ]);
  });

  /**
   * setStatement ::= "SET" ( setVariable | setDefault | setOption )
   * `SET :style = 'a haiku'`, `SET DEFAULT P.Model = 'gpt-4o'`, `SET on_error = row`
   */
  readonly setStatement = this.RULE("setStatement", (): Parsed => {
    this.CONSUME(k.Set);
    return this.OR({
      IGNORE_AMBIGUITIES: true,
      DEF: [
        { ALT: () => this.SUBRULE(this.setVariable) },
        { ALT: () => this.SUBRULE(this.setDefault) },
        { ALT: () => this.SUBRULE(this.setOption) },
      ],
      ERR_MSG: "an option, DEFAULT or a variable such as :name",
    });
  });

  /**
   * setVariable ::= NamedBind "=" expression
   * `SET :style = 'a haiku'`
   */
  readonly setVariable = this.RULE("setVariable", (): Parsed => {
    const token = this.CONSUME(t.NamedBind);
    this.CONSUME(t.Equals);
    const fragment = this.SUBRULE(this.expression);
    return this.ACTION(() => ({
      kind: "set-variable",
      variable: { text: token.image.slice(1), span: spanOf(token) },
      fragment,
    }));
  });

  /**
   * setDefault ::= "DEFAULT" name "." name "=" expression
   * `SET DEFAULT GenerateResponse.Model = 'gpt-4o-mini'`
   */
  readonly setDefault = this.RULE("setDefault", (): Parsed => {
    this.CONSUME(k.Default);
    const procedure = this.SUBRULE(this.name);
    this.CONSUME(t.Dot);
    const parameter = this.SUBRULE2(this.name);
    this.CONSUME(t.Equals);
    const fragment = this.SUBRULE(this.expression);
    return { kind: "set-default", procedure, parameter, fragment };
  });

  /**
   * setOption ::= name "=" literal
   * `SET cache = 'off'`
   */
  readonly setOption = this.RULE("setOption", (): Parsed => {
    const option = this.SUBRULE(this.name);
    this.CONSUME(t.Equals);
    const value = this.SUBRULE(this.literal);
    return { kind: "set-option", option, value };
  });

  /**
   * resetStatement ::= "RESET" ( "ALL" | name )
   * `RESET cache`, `RESET ALL`
   */
  readonly resetStatement = this.RULE("resetStatement", (): Parsed => {
    this.CONSUME(k.Reset);
    return this.OR({
      // ALL is a word like any other, so both alternatives begin alike; the first wins.
      IGNORE_AMBIGUITIES: true,
      DEF: [
        {
          ALT: (): Parsed => {
            this.CONSUME(k.All);
            return { kind: "reset-option" };
          },
        },
        { ALT: (): Parsed => ({ kind: "reset-option", option: this.SUBRULE(this.name) }) },
      ],
      ERR_MSG: "an option or ALL",
    });
  });

  /**
   * showStatement ::= "SHOW" ( "OPTIONS" | "PROCEDURES" | "DEFAULTS" | "VARIABLES" )
   * `SHOW OPTIONS`, `SHOW PROCEDURES`, `SHOW DEFAULTS`, `SHOW VARIABLES`
   */
  readonly showStatement = this.RULE("showStatement", (): Parsed => {
    this.CONSUME(k.Show);
    const what = this.OR({
      DEF: [
        { ALT: () => this.#word(this.CONSUME(k.Options), "options") },
        { ALT: () => this.#word(this.CONSUME(k.Procedures), "procedures") },
        { ALT: () => this.#word(this.CONSUME(k.Defaults), "defaults") },
        { ALT: () => this.#word(this.CONSUME(k.Variables), "variables") },
      ],
      ERR_MSG: "OPTIONS, PROCEDURES, DEFAULTS or VARIABLES",
    });
    return { kind: "show", what };
  });

  /**
   * describeStatement ::= "DESCRIBE" name
   * `DESCRIBE GenerateResponse`, `DESCRIBE sys_calls`
   */
  readonly describeStatement = this.RULE("describeStatement", (): Parsed => {
    this.CONSUME(k.Describe);
    return { kind: "describe", name: this.SUBRULE(this.name) };
  });

  /**
   * explainCalls ::= "EXPLAIN" "CALLS" sqlStatement
   * `EXPLAIN CALLS SELECT ModerateText(body) FROM posts`
   */
  readonly explainCalls = this.RULE("explainCalls", (): Parsed => {
    this.CONSUME(k.Explain);
    this.CONSUME(k.Calls);
    const statement = this.SUBRULE(this.sqlStatement);
    return this.ACTION((): Parsed => ({ ...statement, kind: "explain-calls" }));
  });

  /**
   * retryFailed ::= "RETRY" "FAILED" ( "OF" literal )?
   * `RETRY FAILED`, `RETRY FAILED OF 12`
   */
  readonly retryFailed = this.RULE("retryFailed", (): Parsed => {
    this.CONSUME(k.Retry);
    this.CONSUME(k.Failed);
    const run = this.OPTION(() => {
      this.CONSUME(k.Of);
      return this.SUBRULE(this.literal);
    });
    return { kind: "retry-failed", ...(run === undefined ? {} : { run }) };
  });

  /**
   * sqlStatement ::= expression intoClause?
   * `SELECT * FROM posts, ModerateText(body) m`, `CALL GenerateResponse('Hi') INTO answers`
   */
  readonly sqlStatement = this.RULE("sqlStatement", (): ParsedSql => {
    const fragment = this.SUBRULE(this.expression);
    const into = this.OPTION(this.#intoOption);
    return { kind: "sql", fragment, into };
  });

  /**
   * callAlone ::= "CALL" ProcedureName "(" ( ( PlainArgument | argument ) ( "," ( PlainArgument | argument ) )* )? ")" intoClause?
   * `CALL GenerateResponse('Hi')`, `CALL GenerateResponse('Hi') INTO answers`
   * A sqlStatement in which the walk saw nothing else: the parser begins here, for every rule on the way costs time.
   */
  readonly callAlone = this.RULE("callAlone", (): ParsedSql => {
    const first = this.CONSUME(k.Call);
    const context = this.#beginSite(first);
    this.#enter(this.CONSUME(t.ProcedureName), true);
    this.#readArguments();
    const site = this.#siteOf(first, context, this.#leave());
    const into = this.OPTION(this.#intoOption);
    return { kind: "sql", fragment: { span: site.span, sites: [site], runs: [] }, into };
  });

  /** Made once, and not for each call. */
  readonly #intoOption = (): SqlStatement["into"] => this.SUBRULE(this.intoClause);

  /**
   * intoClause ::= "INTO" ( "TEMP" | "TEMPORARY" )? name ( "." name )?
   * `INTO answers`, `INTO TEMP answers`, `INTO main.answers`. Only behind a statement that is nothing but a call.
   */
  readonly intoClause = this.RULE("intoClause", () => {
    const first = this.CONSUME(k.Into);
    const isTemporary = this.OPTION({
      // TEMP may also be the name: INTO temp, INTO temp.answers.
      GATE: () => this.#isAhead(2, t.Word, t.Quoted),
      DEF: () => this.OR([{ ALT: () => this.CONSUME(k.Temp) }, { ALT: () => this.CONSUME(k.Temporary) }]),
    });
    const outer = this.SUBRULE(this.name);
    const inner = this.OPTION2(() => {
      this.CONSUME(t.Dot);
      return this.SUBRULE2(this.name);
    });
    return this.ACTION(() => ({
      span: this.#from(first),
      isTemporary: isTemporary !== undefined,
      name: inner ?? outer,
      ...(inner === undefined ? {} : { schema: outer }),
    }));
  });

  /**
   * expression ::= ( Sql | callSite )+
   * SQL with call sites in it: `length(GenerateResponse(body)) + 1`
   */
  readonly expression = this.RULE("expression", (): Fragment => {
    const sites: CallSite[] = [];
    const runs: Token[] = [];
    const first = this.LA(1);
    this.AT_LEAST_ONE({
      DEF: () => {
        this.OR([
          { ALT: () => runs.push(readToken(this.CONSUME(t.Sql))) },
          { ALT: () => sites.push(this.SUBRULE(this.callSite)) },
        ]);
      },
      ERR_MSG: "an expression",
    });
    return this.ACTION(() => ({ span: this.#from(first), sites, runs }));
  });

  /**
   * callSite ::= lateral | tableWrapper | callStatement | execStatement | escape | plainCall
   * A call with the noise words around it: `LATERAL (CALL P(t.x))`, `TABLE(P(x))`, `{call P(?)}`, `P(x)`
   */
  readonly callSite = this.RULE("callSite", (): CallSite => {
    const first = this.LA(1);
    const context = this.#beginSite(first);
    const call = this.OR([
      { ALT: () => this.SUBRULE(this.lateral) },
      { ALT: () => this.SUBRULE(this.tableWrapper) },
      { ALT: () => this.SUBRULE(this.callStatement) },
      { ALT: () => this.SUBRULE(this.execStatement) },
      { ALT: () => this.SUBRULE(this.escape) },
      { ALT: () => this.SUBRULE(this.plainCall) },
    ]);
    return this.ACTION(() => this.#siteOf(first, context, call));
  });

  /**
   * lateral ::= "LATERAL" ( "(" ( tableWrapper | call ) ")" | tableWrapper | call )
   * `LATERAL P(t.x)`, `LATERAL (CALL P(t.x))`
   */
  readonly lateral = this.RULE("lateral", (): OpenCall => {
    this.CONSUME(k.Lateral);
    return this.OR([
      {
        ALT: () => {
          this.CONSUME(t.LParen);
          const call = this.OR2([
            { ALT: () => this.SUBRULE(this.tableWrapper) },
            { ALT: () => this.SUBRULE(this.call) },
          ]);
          this.CONSUME(t.RParen);
          return call;
        },
      },
      { ALT: () => this.SUBRULE2(this.tableWrapper) },
      { ALT: () => this.SUBRULE2(this.call) },
    ]);
  });

  /**
   * tableWrapper ::= "TABLE" "(" call ")"
   * `TABLE(P(t.x))`
   */
  readonly tableWrapper = this.RULE("tableWrapper", (): OpenCall => {
    this.CONSUME(k.Table);
    this.CONSUME(t.LParen);
    const call = this.SUBRULE(this.call);
    this.CONSUME(t.RParen);
    return call;
  });

  /**
   * call ::= callStatement | execStatement | escape | plainCall
   * A procedure and its arguments: `CALL P(x)`, `EXEC P x`, `{call P(x)}`, `P(x)`
   */
  readonly call = this.RULE("call", (): OpenCall => {
    return this.OR([
      { ALT: () => this.SUBRULE(this.callStatement) },
      { ALT: () => this.SUBRULE(this.execStatement) },
      { ALT: () => this.SUBRULE(this.escape) },
      { ALT: () => this.SUBRULE(this.plainCall) },
    ]);
  });

  /**
   * callStatement ::= "CALL" ProcedureName argumentList
   * `CALL GenerateResponse(:Message, Model => 'gpt-4o-mini')`
   */
  readonly callStatement = this.RULE("callStatement", (): OpenCall => {
    this.CONSUME(k.Call);
    this.#enter(this.CONSUME(t.ProcedureName), true);
    this.SUBRULE(this.argumentList);
    return this.#leave();
  });

  /**
   * execStatement ::= ( "EXEC" | "EXECUTE" ) ProcedureName ( argumentList | bareArguments )
   * `EXEC GenerateResponse @Message = 'Hi'`, `EXECUTE GenerateResponse('Hi')`
   */
  readonly execStatement = this.RULE("execStatement", (): OpenCall => {
    this.OR([{ ALT: () => this.CONSUME(k.Exec) }, { ALT: () => this.CONSUME(k.Execute) }]);
    this.#enter(this.CONSUME(t.ProcedureName), true);
    this.OR2({
      DEF: [{ ALT: () => this.SUBRULE(this.argumentList) }, { ALT: () => this.SUBRULE(this.bareArguments) }],
      ERR_MSG: "arguments",
    });
    return this.#leave();
  });

  /**
   * escape ::= "{" "CALL" ProcedureName argumentList? "}"
   * The ODBC and JDBC escape: `{call GenerateResponse(?, ?)}`, `{call SystemStatus}`
   */
  readonly escape = this.RULE("escape", (): OpenCall => {
    this.CONSUME(t.LBrace);
    this.CONSUME(k.Call);
    this.#enter(this.CONSUME(t.ProcedureName), true);
    this.OPTION(() => this.SUBRULE(this.argumentList));
    this.CONSUME(t.RBrace);
    return this.#leave();
  });

  /**
   * plainCall ::= ProcedureName argumentList
   * A procedure of the catalogue where a value or a table may stand: `ModerateText(body)`
   */
  readonly plainCall = this.RULE("plainCall", (): OpenCall => {
    this.#enter(this.CONSUME(t.ProcedureName), false);
    this.SUBRULE(this.argumentList);
    return this.#leave();
  });

  /**
   * argumentList ::= "(" ( ( PlainArgument | argument ) ( "," ( PlainArgument | argument ) )* )? ")"
   * `(:Message, Model => 'gpt-4o-mini')`, `()`
   */
  readonly argumentList = this.RULE("argumentList", () => this.#readArguments());

  #readArguments(): void {
    const paren = this.CONSUME(t.LParen);
    if (this.openCall !== undefined) this.openCall.paren = readToken(paren);
    this.MANY_SEP(this.#argumentItems);
    this.CONSUME(t.RParen);
  }

  /** Made once, and not for each argument of each call. */
  readonly #argumentItems = { SEP: t.Comma, DEF: () => this.OR(this.#argumentForms) };
  readonly #argumentForms = {
    DEF: [
      { ALT: () => this.#add(plainArgument(readToken(this.CONSUME(t.PlainArgument)))) },
      { ALT: () => this.#add(this.SUBRULE(this.argument)) },
    ],
    ERR_MSG: "an expression",
  };

  /**
   * bareArguments ::= ( argument ( "," argument )* )?
   * `@Message = 'Hi', @Model = :m`, or nothing. Only behind EXEC.
   */
  readonly bareArguments = this.RULE("bareArguments", () => {
    this.MANY_SEP({ SEP: t.Comma, DEF: () => this.#add(this.SUBRULE(this.argument)) });
    this.CONSUME(t.ArgumentsEnd);
  });

  /**
   * argument ::= argumentName? expression
   * `P(body) || '!'`, `Model => :m`; in EXEC also `@Model = :m`
   */
  readonly argument = this.RULE("argument", (): Argument => {
    const first = this.LA(1);
    const name = this.OPTION(() => this.SUBRULE(this.argumentName));
    const value = this.SUBRULE(this.expression);
    return this.ACTION(() => ({
      span: this.#from(first),
      expression: value.span,
      name,
      bind: bindOf(value),
      sites: value.sites,
    }));
  });

  /**
   * argumentName ::= ParameterName ( "=>" | "=" )
   * `Model =>`, `@Model =`
   */
  readonly argumentName = this.RULE("argumentName", (): Name => {
    const token = this.CONSUME(t.ParameterName);
    const isBind = this.OR([
      { ALT: () => this.#word(this.CONSUME(t.Arrow), false) },
      { ALT: () => this.#word(this.CONSUME(t.Equals), true) },
    ]);
    return this.ACTION(() =>
      isBind ? { text: token.image.slice(1), span: spanOf(token) } : nameOf(readToken(token)),
    );
  });

  /**
   * name ::= Word | Quoted
   * `Model`, `"Model"`
   */
  readonly name = this.RULE("name", (): Name => {
    const token = this.OR({
      DEF: [{ ALT: () => this.CONSUME(t.Word) }, { ALT: () => this.CONSUME(t.Quoted) }],
      ERR_MSG: "a name",
    });
    return this.ACTION(() => nameOf(readToken(token)));
  });

  /**
   * literal ::= signedNumber | "NULL" | text
   * `'off'`, `-1.5`, `row`, `NULL`
   */
  readonly literal = this.RULE("literal", (): Literal => {
    const first = this.LA(1);
    const value = this.OR({
      IGNORE_AMBIGUITIES: true, // NULL is a word too
      DEF: [
        { ALT: () => this.SUBRULE(this.signedNumber) },
        { ALT: () => this.#word(this.CONSUME(k.Null), null) },
        { ALT: () => this.SUBRULE(this.text) },
      ],
      ERR_MSG: "a text, a number or a word",
    });
    return this.ACTION(() => ({ value, span: this.#from(first) }));
  });

  /**
   * signedNumber ::= ( "-" | "+" )? Number
   * `12`, `-1.5`, `0x1F`
   */
  readonly signedNumber = this.RULE("signedNumber", (): number => {
    const sign = this.OPTION(() =>
      this.OR([{ ALT: () => this.CONSUME(t.Minus) }, { ALT: () => this.CONSUME(t.Plus) }]),
    );
    const token = this.CONSUME(t.NumberLiteral);
    return this.ACTION(() => (sign?.image === "-" ? -1 : 1) * Number(token.image.replaceAll("_", "")));
  });

  /**
   * text ::= Text | Quoted | Word
   * `'off'`, `"off"`, `off`
   */
  readonly text = this.RULE("text", (): string => {
    const token = this.OR([
      { ALT: () => this.CONSUME(t.Text) },
      { ALT: () => this.CONSUME(t.Quoted) },
      { ALT: () => this.CONSUME(t.Word) },
    ]);
    return this.ACTION(() => nameOf(readToken(token)).text);
  });

  /** What a keyword stands for. */
  #word<const T>(_: IToken, meaning: T): T {
    return meaning;
  }

  #isAhead(distance: number, ...types: readonly TokenType[]): boolean {
    return types.some((type) => tokenMatcher(this.LA(distance), type));
  }

  #enter(procedure: IToken, isExplicit: boolean): void {
    this.openCall = {
      isExplicit,
      procedure: readToken(procedure),
      arguments: [],
      outer: this.openCall,
      paren: undefined,
    };
  }

  #add(argument: Argument): void {
    this.openCall?.arguments.push(argument);
  }

  #leave(): OpenCall {
    const call = this.openCall;
    if (call === undefined) fail("internal/bug", { what: "the grammar left a call it had not entered" });
    this.openCall = call.outer;
    return call;
  }

  /** From a token to the end of the last one read. */
  #from(first: IToken): Span {
    const last = readToken(this.LA(0));
    return { start: first.startOffset, end: last.endOffset + 1 };
  }

  #beginSite(first: IToken): SiteContext {
    if (this.RECORDING_PHASE) return noContext;
    const context = this.#contexts[this.#siteCount++];
    if (context?.start !== first.startOffset)
      fail("internal/bug", { what: "the walk did not mark a call site" });
    return context;
  }

  #siteOf(first: IToken, context: SiteContext, call: OpenCall): CallSite {
    const { position, isCondition, isMembership, isInSchema, needsItsQuery } = context;
    return {
      kind: "call",
      span: this.#from(first),
      position,
      procedure: nameOf(call.procedure),
      isExplicit: call.isExplicit,
      arguments: call.arguments,
      isCondition,
      isMembership,
      needsItsQuery,
      isInSchema,
    };
  }
}

/** While chevrotain looks at the rules, there is no text. */
const noContext: SiteContext = {
  start: -1,
  position: "value",
  isCondition: false,
  isMembership: false,
  isInSchema: false,
  needsItsQuery: false,
};

/** Most arguments: SQL and nothing else. */
function plainArgument(run: Token): Argument {
  const span = t.spanOf(run);
  return { span, expression: span, name: undefined, bind: bindOfRun(run), sites: none };
}

const none: readonly CallSite[] = [];

/** An expression that is nothing but one bind binds by its name. */
function bindOf({ runs: [run, ...others], sites }: Fragment): string | undefined {
  return run === undefined || others.length > 0 || sites.length > 0 ? undefined : bindOfRun(run);
}

function bindOfRun(run: Token): string | undefined {
  return run.only === t.NamedBind ? run.image : undefined;
}

function spanOf(token: IToken): Span {
  return t.spanOf(readToken(token));
}

/** Every token of the input is ours; chevrotain's type forgets it. */
function readToken(token: IToken): Token {
  // eslint-disable-next-line typescript/no-unsafe-type-assertion
  return token as Token;
}

function firstLabels(paths: readonly TokenType[][]): string {
  const labels = new Set(paths.map(([first]) => (first === undefined ? "" : labelOf(first))));
  return [...labels].join(" or ");
}

function labelOf(type: TokenType): string {
  return type.LABEL ?? type.name;
}
