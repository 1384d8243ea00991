/** What a result says beside its rows: warnings of calls, failed rows, and the place of an error. */
import { diagnostic, DiagnosticError, warning, type Diagnostic } from "../diagnostics/diagnostic.ts";
import type { Code } from "../diagnostics/messages.ts";
import { holdsKey } from "../diagnostics/secret-text.ts";
import type { Source } from "../diagnostics/source.ts";
import type { CallError, CallWarning, Procedure } from "../catalog/procedure.ts";
import { allParametersOf } from "../catalog/pseudo-parameters.ts";
import type { Argument, CallSite } from "../parser/syntax.ts";
import type { BoundSite } from "./bind.ts";
import { CallFailed, type RowFailure } from "./pass.ts";
import type { RunInput } from "./run-input.ts";

const warningsMax = 100;

/** Each warning once. */
export function addWarning(warnings: Diagnostic[], found: CallWarning, procedure: Procedure): void {
  const message = `${procedure.name}: ${found.message}`;
  const hint = found.hint === undefined ? {} : { hint: found.hint };
  addWarnings(warnings, [{ severity: "warning", code: readCode(found.code), message, ...hint }]);
}

/** Each once, as long as there is room. */
export function addWarnings(warnings: Diagnostic[], found: readonly Diagnostic[]): void {
  for (const one of found) {
    if (warnings.length >= warningsMax) return;
    if (!warnings.some(({ message }) => message === one.message)) warnings.push(one);
  }
}

function readCode(code: string): Code {
  return code as Code;
}

/** A call of a write or of ORDER BY has no row: what it was asked tells it from its like. */
export function failureWarning({ call, error, row }: RowFailure): Diagnostic {
  const { code, message, hint } = error;
  const asked = row === undefined ? askedText(call) : undefined;
  return warning("call/row-failed", { procedure: call.procedure.name, code, message, row, asked, hint });
}

/** The first value that is no bytes, cut to a line's length; behind a NULL stands nothing that tells calls apart. */
function askedText({ values }: RowFailure["call"]): string | undefined {
  const value = values.find((one) => !(one instanceof Uint8Array)) ?? null;
  if (value === null) return undefined;
  const text = String(value).replaceAll(/\s+/g, " ").trim();
  if (holdsKey(text)) return undefined;
  return text.length > askedMax ? `${text.slice(0, askedMax)}…` : text;
}

const askedMax = 60;

export function addFailures(warnings: Diagnostic[], failures: readonly RowFailure[]): void {
  for (const failure of failures.slice(0, warningsMax)) warnings.push(failureWarning(failure));
  const left = failures.length - warningsMax;
  if (left > 0) warnings.push(warning("call/more-rows-failed", { count: left }));
}

/** A failed call ends a statement at the site that made it. */
export function withPlace(
  error: unknown,
  { source, statement }: RunInput,
  sites: readonly BoundSite[],
): unknown {
  if (!(error instanceof CallFailed)) return placed(error, source, statement.sites);
  const { call, error: failure, isPassing } = error.failure;
  const bound = siteOf(error.failure, sites);
  const span = (bound && argumentOf(bound, failure)?.expression) ?? (bound?.site ?? statement).span;
  const { code, message, hint } = failure;
  const details = { procedure: call.procedure.name, code, message, hint };
  const id = isPassing ? "call/attempts-used-up" : "call/failed";
  return new DiagnosticError([diagnostic(id, details, { source, span })]);
}

/** Sites are numbered as they are rewritten: each before those in its arguments. A view's own stand in another text. */
function siteOf({ call, site }: RowFailure, sites: readonly BoundSite[]): BoundSite | undefined {
  const withInner = (bound: BoundSite): readonly BoundSite[] => [
    bound,
    ...bound.slots.flatMap((slot) => (slot?.sites ?? []).flatMap(withInner)),
  ];
  const all = sites.flatMap(withInner);
  const numbered = all[site - 1];
  return numbered?.procedure === call.procedure
    ? numbered
    : all.find(({ procedure }) => procedure === call.procedure);
}

/** The argument that a failure is about; the API names its own fields, which are no parameters. */
function argumentOf({ procedure, slots }: BoundSite, { param }: CallError): Argument | undefined {
  const position = allParametersOf(procedure).findIndex(({ name }) => name === param);
  return slots[position]?.argument;
}

/** Errors that know no place are put at the first call site. */
function placed(error: unknown, source: Source, sites: readonly CallSite[]): unknown {
  const [site] = sites;
  if (!(error instanceof DiagnosticError) || site === undefined) return error;
  const diagnostics = error.diagnostics.map((item) =>
    item.span === undefined ? { ...item, source, span: site.span } : item,
  );
  return new DiagnosticError(diagnostics, { cause: error.cause });
}
