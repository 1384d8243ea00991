/**
 * What callsql tells its user when something is wrong: an expected, coded event with a place and a hint.
 * Never used for our own bugs; those are assertions and carry `internal/bug`.
 */
import { messages, type Code, type Details } from "./messages.ts";
import type { Source, Span } from "./source.ts";

/** A warning ends nothing. */
export type Severity = "error" | "warning";

/** What is wrong, where, and what to do about it. */
export interface Diagnostic {
  readonly severity: Severity;
  /** `phase/kebab-name`; never changes its meaning. */
  readonly code: Code;
  /** One line, lower case, without a final full stop. */
  readonly message: string;
  readonly hint?: string;
  /** The text `span` and `related` point into. */
  readonly source?: Source;
  readonly span?: Span;
  readonly related?: readonly Related[];
}

/** A second place that explains the first. */
export interface Related {
  readonly span: Span;
  readonly message: string;
}

/** Where it is. */
export interface Place {
  readonly source?: Source;
  readonly span?: Span;
  readonly related?: readonly Related[];
}

/** Builds a diagnostic of a code. */
export function diagnostic<C extends Code>(code: C, details: Details<C>, place: Place = {}): Diagnostic {
  return build("error", code, details, place);
}

/** As `diagnostic`, of what is worth knowing and stops nothing. */
export function warning<C extends Code>(code: C, details: Details<C>, place: Place = {}): Diagnostic {
  return build("warning", code, details, place);
}

/** Collects what one phase finds, so that all mistakes of a statement are reported together. */
export class DiagnosticSink {
  readonly found: Diagnostic[] = [];
  readonly #source: Source | undefined;

  constructor(source?: Source) {
    this.#source = source;
  }

  report<C extends Code>(code: C, span: Span, details: Details<C>, related?: readonly Related[]): void {
    const source = this.#source === undefined ? {} : { source: this.#source };
    this.found.push(diagnostic(code, details, { span, ...source, ...(related ? { related } : {}) }));
  }

  get hasErrors(): boolean {
    return this.found.some((item) => item.severity === "error");
  }

  /** Throws a DiagnosticError when an error was reported. */
  throwIfErrors(): void {
    if (this.hasErrors) throw new DiagnosticError(this.found);
  }
}

/** The only exception callsql throws on purpose; `diagnostics` is never empty. */
export class DiagnosticError extends Error {
  /** All that was found, never empty. */
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[], options?: ErrorOptions) {
    const { code, message } = firstOf(diagnostics);
    super(`${code}: ${message}`, options);
    this.name = "DiagnosticError";
    this.diagnostics = diagnostics;
  }

  /** Code of the first error. */
  get code(): Code {
    return firstOf(this.diagnostics).code;
  }
}

/** The first error; the first warning where there is none. */
function firstOf(diagnostics: readonly Diagnostic[]): Diagnostic {
  const first = diagnostics.find((item) => item.severity === "error") ?? diagnostics[0];
  assert(first !== undefined, "an error of no diagnostic");
  return first;
}

/** Throws a DiagnosticError of one diagnostic. */
export function fail<C extends Code>(code: C, details: Details<C>, place: Place = {}): never {
  throw new DiagnosticError([diagnostic(code, details, place)]);
}

/** States what cannot happen; a failure is our bug, never the user's. */
export function assert(condition: boolean, what: string): asserts condition {
  if (!condition) fail("internal/bug", { what });
}

function build<C extends Code>(severity: Severity, code: C, details: Details<C>, place: Place): Diagnostic {
  const define = messages[code] as (details: Details<C>) => { message: string; hint?: string | undefined };
  const { message, hint } = define(details);
  return { severity, code, message, ...(hint === undefined ? {} : { hint }), ...place };
}
