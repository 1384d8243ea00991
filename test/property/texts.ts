/**
 * Any text through the scanner, the parser, the highlighter, the binder and the rewrite: none may throw anything but a
 * diagnostic, places must lie in the text and in order, and what is not a call must come out as it went in.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { createCatalog } from "../../src/catalog/catalog.ts";
import { DiagnosticSink } from "../../src/diagnostics/diagnostic.ts";
import type { Span } from "../../src/diagnostics/source.ts";
import { unusedNumbers } from "../../src/parser/binds.ts";
import { isComplete } from "../../src/parser/complete.ts";
import { highlight } from "../../src/parser/highlight.ts";
import { parseScript } from "../../src/parser/parse.ts";
import { scan } from "../../src/parser/scanner.ts";
import type { BindUse, SqlStatement } from "../../src/parser/syntax.ts";
import { bindSites } from "../../src/runtime/bind.ts";
import { rewrite } from "../../src/runtime/rewrite.ts";
import { statements } from "../conformance/statements.ts";
import { echoProcedures } from "../support/echo.ts";
import { query, write } from "./random-sql.ts";

const fragments = [
  ...Array.from("()[]{},;.:?@$=<>|+-*/%&~'\"`"),
  ..."CALL EXEC LATERAL TABLE SELECT FROM WHERE JOIN ON IN INTO OPEN CLOSE SET SHOW RESET DESCRIBE EXPLAIN CALLS DEFAULT".split(
    " ",
  ),
  ..."WITH AS RECURSIVE VALUES INSERT UPDATE DELETE CREATE VIEW TRIGGER BEGIN END CASE WHEN THEN ELSE OVER LIMIT RETURNING".split(
    " ",
  ),
  ..."P Q S t body x y => := :m @p $q ?1 'text' \"name\" [a] `b` 1 1.5 0x1F x'00' NULL -- /* */ \n \t \u00a0 é 表 😀 \ud800 \0".split(
    " ",
  ),
];

/** Statements of SQLite, and such with calls, cut and spliced; words in any order; any characters at all. */
export const text: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.array(fc.constantFrom(...fragments), { maxLength: 30 }).map((words) => words.join(" ")),
  },
  {
    weight: 2,
    arbitrary: fc.array(fc.constantFrom(...fragments), { maxLength: 30 }).map((words) => words.join("")),
  },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 60 }) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        fc.oneof(query, write, fc.constantFrom(...statements)),
        fc.nat(),
        fc.nat(),
        fc.constantFrom("", ...fragments),
      )
      .map(([sql, start, length, by]) => {
        const from = start % (sql.length + 1);
        return sql.slice(0, from) + by + sql.slice(from + (length % 12));
      }),
  },
);

export function checkText(given: string): void {
  checkScan(given);
  for (const { start, end } of highlight(given)) assert.ok(start >= 0 && start <= end && end <= given.length);
  isComplete(given);
  const {
    statements: found,
    diagnostics,
    source,
  } = parseScript({ name: "fuzz", text: given }, { isProcedure });
  let at = 0;
  for (const { span } of found) {
    assert.ok(
      span.start >= at && span.start <= span.end && span.end <= given.length,
      "statements stand in order",
    );
    at = span.end;
  }
  for (const { span } of diagnostics) {
    if (span !== undefined) assert.ok(span.start >= 0 && span.start <= span.end && span.end <= given.length);
  }
  if (diagnostics.length > 0) return;
  for (const statement of found) if (statement.kind === "sql") checkRewrite(source.text, statement);
}

const catalog = createCatalog(echoProcedures);

function isProcedure(name: string): boolean {
  return catalog.find(name) !== undefined;
}

function checkScan(given: string): void {
  let at = 0;
  for (const { startOffset, endOffset = startOffset } of scan(given)) {
    assert.ok(
      startOffset >= at && endOffset >= startOffset && endOffset < given.length,
      "tokens stand in order",
    );
    at = endOffset + 1;
  }
}

/** Bytes outside of the edits are the user's. */
function checkRewrite(given: string, statement: SqlStatement): void {
  const sink = new DiagnosticSink();
  const sites = bindSites(statement.sites, { catalog, hasDefault: () => false }, sink);
  if (sink.hasErrors) return;
  const source = { name: "fuzz", text: given };
  const frozen = { last_insert_rowid: 0n, changes: 0n, total_changes: 0n };
  const { text: rewritten } = rewrite({ source, statement, sites, frozen });
  let at = 0;
  for (const piece of untouched(given, statement)) {
    const found = rewritten.indexOf(piece, at);
    assert.ok(found >= 0, `lost: ${piece}`);
    at = found + piece.length;
  }
  const isEdited = edits(statement).length > 0;
  if (!isEdited) assert.equal(rewritten, given.slice(statement.span.start, statement.span.end));
}

/** The statement between its edits. */
function untouched(given: string, statement: SqlStatement): string[] {
  const pieces: string[] = [];
  let at = statement.span.start;
  for (const { start, end } of edits(statement).toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    if (start < at) continue;
    pieces.push(given.slice(at, start));
    at = end;
  }
  return [...pieces, given.slice(at, statement.span.end)];
}

function edits({ sites, binds, frozenCalls, unnamedItems, into }: SqlStatement): Span[] {
  const hasUnused = unusedNumbers(binds).length > 0;
  const isEdited = ({ text: bind, number }: BindUse): boolean =>
    bind === "?" || (hasUnused && number !== undefined);
  return [
    ...sites.map(({ span }) => span),
    ...binds.filter(isEdited).map(({ span }) => span),
    ...frozenCalls.map(({ span }) => span),
    ...unnamedItems.map(({ end }) => ({ start: end, end })),
    ...(into === undefined ? [] : [into.span]),
  ];
}
