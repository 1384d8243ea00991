/**
 * SQLite's refusals as diagnostics: its own message, with the user's names and a place in the user's text.
 * better-sqlite3 gives no offset, so the place is where the word the message quotes stands.
 */
import Database from "better-sqlite3";
import { DiagnosticError, diagnostic, fail, type Diagnostic, type Place } from "../diagnostics/diagnostic.ts";
import type { Source, Span } from "../diagnostics/source.ts";
import { suggest } from "../diagnostics/suggest.ts";
import type { Details } from "../diagnostics/messages.ts";
import type { Catalog } from "../catalog/procedure.ts";
import { statementWords } from "../parser/verbs.ts";
import { likelyName } from "./likely-names.ts";

export interface RefusedText {
  readonly source: Source;
  readonly span: Span;
  /** Given where the user's text is what SQLite read: helps to find the place. */
  readonly db?: Database.Database | undefined;
  /** Whose tables and columns may have been meant. */
  readonly names?: Database.Database | undefined;
  readonly catalog: Catalog;
}

/** Gives back what is not SQLite's. */
export function fromSqliteError(error: unknown, { source, span, db, names, catalog }: RefusedText): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  const message = withUserNames(error.message);
  const found = placesOf(message, source.text, span);
  const [first] = found;
  const place =
    db === undefined || found.length < 2 ? first : (firstWrong(db, source.text, span, found) ?? first);
  const text = source.text.slice(span.start, span.end);
  const suggestion =
    procedureLike(message, catalog) ??
    verbLike(message, source.text, span) ??
    (names === undefined ? undefined : likelyName(message, text, names));
  const at = place ?? span;
  const unended = names && wordBehindMissingEnd(message, { text: source.text, span, at, db: names });
  const cause =
    unended === undefined
      ? causeOf(message, { catalog, isFirst: at.start === span.start })
      : ({ kind: "noSemicolon", word: unended } as const);
  const diagnostics = [describe(error.code, { message, suggestion, cause }, { source, span: at })];
  return new DiagnosticError(diagnostics, { cause: error });
}

function describe(
  code: string,
  details: { message: string; suggestion: string | undefined; cause: Cause | undefined },
  place: Place,
): Diagnostic {
  if (code.startsWith("SQLITE_CONSTRAINT")) return diagnostic("sql/constraint", details, place);
  if (code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED"))
    return diagnostic("sql/busy", details, place);
  if (code.startsWith("SQLITE_READONLY")) return diagnostic("sql/readonly", details, place);
  if (/^SQLITE_(FULL|IOERR|CORRUPT|CANTOPEN)/.test(code)) return diagnostic("sql/storage", details, place);
  return diagnostic("sql/error", details, place);
}

/** A procedure whose name was perhaps meant. */
function procedureLike(message: string, { procedures }: Catalog): string | undefined {
  const unknown = /^no such (?:function|table): (\w+)$/.exec(message)?.[1];
  return unknown === undefined
    ? undefined
    : suggest(
        unknown,
        procedures.map(({ name }) => name),
      );
}

/** What such a message mostly comes from: a text in the wrong quotes or in none, a call without CALL, a missing `;`. */
type Cause = NonNullable<Details<"sql/error">["cause"]>;

function causeOf(
  message: string,
  { catalog, isFirst }: { readonly catalog: Catalog; readonly isFirst: boolean },
): Cause | undefined {
  if (/^unrecognized token: "['"`[]/.test(message)) return { kind: "openQuote", word: "" };
  const doubled = /^no such column: "(.*)" - should this be/s.exec(message)?.[1];
  if (doubled !== undefined) return { kind: "doubleQuotes", word: doubled };
  const bare = /^no such column: (\w+)$/.exec(message)?.[1];
  if (bare !== undefined) return { kind: "bareText", word: bare };
  const first = isFirst ? syntaxErrorAt.exec(message)?.[1]?.toLowerCase() : undefined;
  const called = catalog.procedures.find(({ name }) => name.toLowerCase() === first);
  return called === undefined ? undefined : { kind: "bareCall", word: called.name };
}

/** SELECT, where SELEC stands at the beginning. */
function verbLike(message: string, text: string, { start }: Span): string | undefined {
  const word = syntaxErrorAt.exec(message)?.[1];
  if (word === undefined || statementWords.has(word.toUpperCase())) return undefined;
  return text.startsWith(word, start) ? suggest(word, statementWords) : undefined;
}

interface Mistake {
  readonly text: string;
  readonly span: Span;
  readonly at: Span;
  readonly db: Database.Database;
}

/** What begins the line of the mistake, where all before that line is a statement by itself and lacks its `;`. */
function wordBehindMissingEnd(message: string, { text, span, at, db }: Mistake): string | undefined {
  if (!syntaxErrorAt.test(message)) return undefined;
  const line = text.lastIndexOf("\n", at.start - 1) + 1;
  const word = /^[a-z]+/i.exec(text.slice(line))?.[0].toUpperCase();
  if (line <= span.start || word === undefined || !statementWords.has(word)) return undefined;
  return readingOf(db, text.slice(span.start, line)) === "whole" ? word : undefined;
}

/** As SQLite refuses a word that begins no statement, for those who may not ask it. */
export function failAsUnknownVerb(word: string, place: Place): never {
  const suggestion = suggest(word, statementWords);
  return fail("sql/error", { message: `near "${word}": syntax error`, suggestion }, place);
}

const syntaxErrorAt = /^near "(.+)": syntax error$/s;

/** `callsql_2_ModerateText` → `ModerateText`. */
function withUserNames(message: string): string {
  return message.replace(/callsql_(?:\d+_)?(\w+)/g, "$1");
}

/** Where the word that SQLite names stands in the statement. */
function placesOf(message: string, text: string, statement: Span): Span[] {
  if (message === "incomplete input") return [{ start: statement.end, end: statement.end }];
  const word = quotedWord(message);
  if (word === undefined || word === "") return [];
  const pattern = new RegExp(`${boundary(word.at(0))}${escaped(word)}${boundary(word.at(-1))}`, "gi");
  const matches = text.slice(statement.start, statement.end).matchAll(pattern);
  return [...matches].slice(0, placesMax).map(({ index, 0: match }) => {
    const start = statement.start + index;
    return { start, end: start + match.length };
  });
}

const placesMax = 100;

/** SQLite stops at the first word it cannot read: what stands before that word is merely incomplete. */
function firstWrong(
  db: Database.Database,
  text: string,
  { start }: Span,
  places: readonly Span[],
): Span | undefined {
  return places.findLast((place) => readingOf(db, text.slice(start, place.start)) !== "wrong");
}

/** A text without a statement is a part of one, too: better-sqlite3's own error says so, not SQLite's. */
function readingOf(db: Database.Database, text: string): "whole" | "part" | "wrong" {
  try {
    db.prepare(text);
    return "whole";
  } catch (error) {
    const isWrong = error instanceof Database.SqliteError && error.message !== "incomplete input";
    return isWrong ? "wrong" : "part";
  }
}

function quotedWord(message: string): string | undefined {
  const near = /near "(.+?)":/s.exec(message)?.[1];
  if (near !== undefined) return near;
  const unread = /^unrecognized token: "(.+)"$/s.exec(message)?.[1];
  if (unread !== undefined) return unread;
  const named =
    /(?:no such (?:column|table|function|collation sequence|savepoint)|ambiguous column name|no such module): (.+)$/s;
  return named
    .exec(message)?.[1]
    ?.replace(/ - should this be .*$/s, "")
    .split(".")
    .at(-1);
}

function boundary(character: string | undefined): string {
  return character !== undefined && /\w/.test(character) ? "\\b" : "";
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
