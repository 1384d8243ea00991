/**
 * What SQL of strangers may do: statements, functions, PRAGMAs and tables known to be safe, and limits on size and depth,
 * all checked before SQLite sees the text. A read-only connection is no sandbox: ATTACH and VACUUM INTO work on it.
 * Whatever SQLite knows and these lists do not is refused; a name that SQLite does not know can do no harm.
 */
import type { Database } from "better-sqlite3";
import { fail, type Place } from "../diagnostics/diagnostic.ts";
import type { Source, Span } from "../diagnostics/source.ts";
import { scan } from "../parser/scanner.ts";
import { writingVerbs, type SqlStatement, type Statement, type Verb } from "../parser/syntax.ts";
import { Dot, Equals, LParen, RParen, spanOf, Text, type Token } from "../parser/tokens.ts";
import { statementWords } from "../parser/verbs.ts";
import { isName, nameOf } from "../parser/words.ts";
import { failAsUnknownVerb } from "./sql-error.ts";
import { safeFunctions, safeModules, safePragmas, safeTables } from "./safe-names.ts";

/** What the SQL of strangers may do: the option `confine` of openSession. */
export interface Confinement {
  /** Statements may write the session's own database; default false. */
  readonly isWritable?: boolean;
  /** Characters of a statement; default 100,000. */
  readonly textMax?: number;
  /** Depth of parentheses and CASE; default 50. */
  readonly depthMax?: number;
  /** Queries joined by UNION, INTERSECT and EXCEPT; default 50. */
  readonly queriesMax?: number;
  /** Whether a call may name this connection (`Connection => 'azure'`); default: none may be named. */
  readonly allowsConnection?: (name: string) => boolean;
}

const defaults: Required<Confinement> = {
  isWritable: false,
  textMax: 100_000,
  depthMax: 50,
  queriesMax: 50,
  allowsConnection: () => false,
};

/** Verbs that read, and what people call them. */
const readingVerbs: ReadonlySet<Verb> = new Set<Verb>(["select", "explain", "pragma"]);
const readingNames = ["SELECT", "VALUES", "WITH", "CALL", "EXPLAIN", "PRAGMA", "SHOW", "DESCRIBE"];
const writingNames = ["INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP"];

export class Confiner {
  readonly #limits: Required<Confinement>;
  readonly #db: Database;
  #known: KnownNames | undefined;

  constructor(db: Database, confinement: Confinement) {
    this.#db = db;
    this.#limits = { ...defaults, ...confinement };
  }

  /** Before parsing. Throws serve/text-too-long. */
  checkLength(source: Source): void {
    const { length } = source.text;
    const max = this.#limits.textMax;
    if (length > max)
      fail("serve/text-too-long", { length, max }, { source, span: { start: max, end: length } });
  }

  /** Throws serve/connection-refused. */
  checkConnection(connection: string): void {
    if (!this.#limits.allowsConnection(connection)) fail("serve/connection-refused", { connection });
  }

  /** Throws serve/… at the place that is not allowed. */
  check(source: Source, statement: Statement): void {
    switch (statement.kind) {
      case "sql":
        return this.#checkSql(source, statement);
      case "explain-calls":
        return this.#checkSql(source, statement.statement);
      case "show":
      case "describe":
        return;
      case "set-option":
      case "reset-option":
      case "set-variable":
      case "set-default":
      case "retry-failed":
        return this.#refuseStatement(source, statement.span);
    }
  }

  #checkSql(source: Source, statement: SqlStatement): void {
    const tokens = scan(source.text.slice(statement.span.start, statement.span.end));
    const place = (token: Token): Place => placeOf(token, source, statement);
    this.#checkVerb(source, statement, tokens);
    this.#checkTemporary(source, statement, tokens);
    if (statement.verb === "pragma") checkPragma(tokens, place);
    this.#known ??= readKnownNames(this.#db);
    const size = new Size(this.#limits, place);
    for (const [at, token] of tokens.entries()) {
      size.read(token);
      checkName(tokens, at, this.#known, place);
      if (token.word === "USING" && statement.verb === "create-schema") checkModule(tokens[at + 1], place);
    }
  }

  #checkVerb(source: Source, { verb, span }: SqlStatement, tokens: readonly Token[]): void {
    const isAllowed = readingVerbs.has(verb) || (this.#limits.isWritable && writingVerbs.has(verb));
    if (!isAllowed) {
      if (!writingVerbs.has(verb)) this.#refuseStatement(source, span);
      const first = firstWord(tokens);
      fail(
        "serve/read-only",
        { statement: first },
        { source, span: { ...span, end: span.start + first.length } },
      );
    }
    // Some PRAGMAs do their work while they are compiled, in EXPLAIN too.
    if (verb === "explain" && !explainable.has(explained(tokens))) this.#refuseStatement(source, span);
  }

  #refuseStatement(source: Source, span: Span): never {
    const statement = firstWord(scan(source.text.slice(span.start, span.end)));
    const place = { source, span: { start: span.start, end: span.start + statement.length } };
    if (!statementWords.has(statement.toUpperCase())) failAsUnknownVerb(statement, place);
    const allowed = this.#limits.isWritable ? [...readingNames, ...writingNames] : readingNames;
    return fail("serve/statement-refused", { statement, allowed }, place);
  }

  /** The next request may meet another process, or somebody else's. */
  #checkTemporary(source: Source, statement: SqlStatement, tokens: readonly Token[]): void {
    if (!writingVerbs.has(statement.verb)) return;
    for (const [at, token] of tokens.entries()) {
      const isCreated =
        (token.word === "TEMP" || token.word === "TEMPORARY") && tokens[at - 1]?.word === "CREATE";
      const isSchema = isName(token) && isTemp(nameOf(token).text) && tokens[at + 1]?.tokenType === Dot;
      if (isCreated || isSchema) fail("serve/temporary-refused", {}, placeOf(token, source, statement));
    }
    const { into } = statement;
    if (into?.isTemporary === true) fail("serve/temporary-refused", {}, { source, span: into.span });
  }
}

/** Tokens of a statement count from its start. */
function placeOf(token: Token, source: Source, { span }: SqlStatement): Place {
  const { start, end } = spanOf(token);
  return { source, span: { start: span.start + start, end: span.start + end } };
}

/** What stands behind EXPLAIN [QUERY PLAN]. */
function explained(tokens: readonly Token[]): string {
  return (tokens[1]?.word === "QUERY" ? tokens[3] : tokens[1])?.word ?? "";
}

const explainable: ReadonlySet<string> = new Set(
  "SELECT VALUES WITH CALL EXEC EXECUTE INSERT REPLACE UPDATE DELETE".split(" "),
);

function firstWord(tokens: readonly Token[]): string {
  return tokens[0]?.image ?? "";
}

function isTemp(name: string): boolean {
  return name.toLowerCase() === "temp";
}

/** Counts what makes a statement costly to compile. */
class Size {
  readonly #limits: Required<Confinement>;
  readonly #place: (token: Token) => Place;
  #depth = 0;
  #queries = 1;

  constructor(limits: Required<Confinement>, place: (token: Token) => Place) {
    this.#limits = limits;
    this.#place = place;
  }

  read(token: Token): void {
    const { depthMax, queriesMax } = this.#limits;
    if (token.tokenType === LParen || token.word === "CASE") this.#depth++;
    if (token.tokenType === RParen || token.word === "END") this.#depth--;
    if (this.#depth > depthMax) fail("serve/too-deep", { max: depthMax }, this.#place(token));
    if (["UNION", "INTERSECT", "EXCEPT"].includes(token.word)) this.#queries++;
    if (this.#queries > queriesMax) fail("serve/too-many-queries", { max: queriesMax }, this.#place(token));
  }
}

/** PRAGMA [schema.] name [(argument)]: only those that read, and an argument only where it is a table's name. */
function checkPragma(tokens: readonly Token[], place: (token: Token) => Place): void {
  const at = tokens[2]?.tokenType === Dot ? 3 : 1;
  const name = tokens[at];
  const text = name === undefined ? "" : nameOf(name).text.toLowerCase();
  const follower = tokens[at + 1];
  const isRead =
    follower === undefined
      ? safePragmas.has(text)
      : safePragmas.get(text) === "argument" && follower.tokenType !== Equals;
  if (isRead) return;
  fail(
    "serve/pragma-refused",
    { pragma: text, allowed: [...safePragmas.keys()] },
    name === undefined ? {} : place(name),
  );
}

function checkName(
  tokens: readonly Token[],
  at: number,
  known: KnownNames,
  place: (token: Token) => Place,
): void {
  const token = tokens[at];
  if (token === undefined) return;
  // A module's name is checkModule's.
  if (tokens[at - 1]?.word === "USING") return;
  const isFollowedByArguments = tokens[at + 1]?.tokenType === LParen;
  if (!(token.tokenType === Text && namesTable(tokens[at - 1])) && !isName(token)) return;
  const name = nameOf(token).text.toLowerCase();
  const isPrivate = name.startsWith("callsql_");
  if (isFollowedByArguments && token.tokenType !== Text && (isPrivate || known.functions.has(name))) {
    fail("serve/function-refused", { function: nameOf(token).text }, place(token));
  }
  const pragma = /^pragma_(.*)$/.exec(name)?.[1];
  const isOwn = pragma === undefined ? isPrivate || known.tables.has(name) : !safePragmas.has(pragma);
  if (isOwn) fail("serve/table-refused", { table: nameOf(token).text }, place(token));
}

/** SQLite takes a table's name in single quotes too. */
function namesTable(before: Token | undefined): boolean {
  return before !== undefined && ([",", ".", "("].includes(before.image) || tableWords.has(before.word));
}

const tableWords: ReadonlySet<string> = new Set("FROM JOIN INTO UPDATE TABLE".split(" "));

function checkModule(token: Token | undefined, place: (token: Token) => Place): void {
  if (token === undefined || !(token.tokenType === Text || isName(token))) return;
  const module = nameOf(token).text;
  if (!safeModules.has(module.toLowerCase())) {
    fail("serve/module-refused", { module, allowed: [...safeModules] }, place(token));
  }
}

/** What this SQLite has and the lists do not: refused. Lower case. */
interface KnownNames {
  readonly functions: ReadonlySet<string>;
  /** Virtual tables that need not be created. */
  readonly tables: ReadonlySet<string>;
}

function readKnownNames(db: Database): KnownNames {
  const names = (pragma: string, isSafe: (name: string) => boolean): ReadonlySet<string> =>
    new Set(readNames(db.pragma(pragma)).filter((name) => !isSafe(name)));
  return {
    functions: names("function_list", (name) => safeFunctions.has(name)),
    tables: names("module_list", (name) => safeTables.has(name) || safeModules.has(name)),
  };
}

function readNames(rows: unknown): string[] {
  return (rows as { name: string }[]).map(({ name }) => name.toLowerCase());
}
