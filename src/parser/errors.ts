/** What the grammar could not read → a diagnostic that says what was expected, what was found, and what to do. */
import type { DiagnosticSink } from "../diagnostics/diagnostic.ts";
import type { Span } from "../diagnostics/source.ts";
import type { Grammar, OpenCall } from "./grammar.ts";
import { Comma, NamedBind, RParen, spanOf, type Token, Unterminated } from "./tokens.ts";

/** Reports why the grammar stopped in the statement of these tokens. */
export function reportMistake(grammar: Grammar, tokens: readonly Token[], sink: DiagnosticSink): void {
  const last = tokens.at(-1);
  const [error] = grammar.errors;
  if (last === undefined || error === undefined) return;
  // A quote that never closes takes in the rest of the text; every other mistake follows from it.
  if (last.tokenType === Unterminated) {
    sink.report("parse/unterminated", spanOf(last), { quote: last.image.slice(0, 1) });
    return;
  }
  const isAtEnd = error.token.tokenType.name === "EOF";
  // The first raw token there: the grammar may have met a run of many.
  const found = isAtEnd ? undefined : tokens.find((token) => token.startOffset >= error.token.startOffset);
  const span = found === undefined ? behind(last) : spanOf(found);
  const call = grammar.openCall;
  const isArgument = error.message === "an expression";
  if (call !== undefined && isAtEnd && call.paren !== undefined && !isArgument) {
    const [opener, closer] = error.message === '"}"' ? [braceOf(call, tokens), "}"] : [call.paren, ")"];
    const details = { procedure: call.procedure.image, opener: opener.image, closer };
    sink.report("parse/unclosed", spanOf(opener), details);
    return;
  }
  // The grammar consumes every comma it expects: one it stumbles over has no argument in front of it.
  const isEmpty = found?.tokenType === Comma || (isArgument && found?.tokenType === RParen);
  if (call !== undefined && isEmpty) {
    sink.report("parse/empty-argument", span, { procedure: call.procedure.image });
    return;
  }
  const details = {
    expected: error.message,
    found: found === undefined ? "the end of the statement" : quoted(found),
    hint: hintFor(error.message, tokens, found),
  };
  sink.report("parse/expected", span, details);
}

/** The `{` of `{call P(…)`. */
function braceOf(call: OpenCall, tokens: readonly Token[]): Token {
  const name = tokens.findIndex((token) => token.startOffset === call.procedure.startOffset);
  return tokens[name - 2] ?? call.procedure;
}

/** The place right behind a token: where what is missing belongs. */
function behind(token: Token): Span {
  return { start: token.endOffset, end: token.endOffset + 1 };
}

function quoted(token: Token): string {
  const text = token.image.length > 40 ? `${token.image.slice(0, 40)}…` : token.image;
  return `"${text}"`;
}

function hintFor(expected: string, tokens: readonly Token[], found: Token | undefined): string | undefined {
  const first = tokens[0]?.word;
  if (expected === '"("' && (first === "CALL" || found !== undefined)) {
    return "the arguments of a call stand in parentheses: CALL P(…)";
  }
  const isOption = first === "SET" && tokens[1]?.tokenType !== NamedBind;
  if (isOption && expected === "the end of the statement") {
    return "a value of more than one word stands in quotes: SET option = 'value'";
  }
  if (first === "EXPLAIN" && tokens.length === 2)
    return "EXPLAIN CALLS stands before a statement of SQL or a CALL";
  if (first === "SHOW") return "SHOW OPTIONS, SHOW PROCEDURES, SHOW DEFAULTS or SHOW VARIABLES";
  return undefined;
}
