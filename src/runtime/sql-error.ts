/**
 * SQLite's refusals as diagnostics: its own message, with the user's names and a place in the user's text.
 * better-sqlite3 gives no offset, so the place is where the word the message quotes stands.
 */
import Database from "better-sqlite3";
import { DiagnosticError, diagnostic, type Diagnostic, type Place } from "../diagnostics/diagnostic.ts";
import type { Source, Span } from "../diagnostics/source.ts";

/** Gives back what is not SQLite's. */
export function fromSqlite(error: unknown, source: Source, span: Span): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  const message = withUserNames(error.message);
  const found = placeOf(message, source.text, span);
  const place: Place = { source, span: found ?? span };
  return new DiagnosticError([describe(error.code, message, place)], { cause: error });
}

function describe(code: string, message: string, place: Place): Diagnostic {
  if (code.startsWith("SQLITE_CONSTRAINT")) return diagnostic("sql/constraint", { message }, place);
  if (code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED")) {
    return diagnostic("sql/busy", { message }, place);
  }
  if (code.startsWith("SQLITE_READONLY")) return diagnostic("sql/readonly", { message }, place);
  if (/^SQLITE_(FULL|IOERR|CORRUPT|CANTOPEN)/.test(code))
    return diagnostic("sql/storage", { message }, place);
  return diagnostic("sql/error", { message }, place);
}

/** `callsql_2_ModerateText` → `ModerateText`. */
function withUserNames(message: string): string {
  return message.replace(/callsql_(?:\d+_)?(\w+)/g, "$1");
}

/** The first place of the word that SQLite names, within the statement. */
function placeOf(message: string, text: string, statement: Span): Span | undefined {
  const word = quotedWord(message);
  if (word === undefined || word === "") return undefined;
  const pattern = new RegExp(`${boundary(word.at(0))}${escaped(word)}${boundary(word.at(-1))}`, "gi");
  pattern.lastIndex = statement.start;
  const match = pattern.exec(text);
  if (match === null || match.index >= statement.end) return undefined;
  return { start: match.index, end: match.index + match[0].length };
}

function quotedWord(message: string): string | undefined {
  const near = /near "(.+?)":/s.exec(message)?.[1];
  if (near !== undefined) return near;
  const named =
    /(?:no such (?:column|table|function|collation sequence|savepoint)|ambiguous column name|no such module): (.+)$/s;
  return named.exec(message)?.[1]?.split(".").at(-1);
}

function boundary(character: string | undefined): string {
  return character !== undefined && /\w/.test(character) ? "\\b" : "";
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
