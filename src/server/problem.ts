/** Errors as RFC 9457 problem details, with our code, span and hint. Nothing of the server's own paths or stacks. */
import { diagnostic, DiagnosticError, hintOverHttp, type Diagnostic } from "../index.ts";

type Code = Diagnostic["code"];

export interface Problem {
  /** `urn:callsql:` and the code. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: Code;
  readonly hint?: string;
  /** Into the command, in UTF-16 code units, half-open. */
  readonly span?: { readonly start: number; readonly end: number };
  /** Where there is more than one mistake: all of them. */
  readonly diagnostics?: readonly Finding[];
}

export interface Finding {
  readonly severity: Diagnostic["severity"];
  readonly code: Code;
  readonly message: string;
  readonly hint?: string;
  readonly span?: { readonly start: number; readonly end: number };
}

/** What concerns the server's own files, or is a mistake of ours, is for its log: the client learns the code alone. */
export function isPrivate(error: unknown): boolean {
  if (!(error instanceof DiagnosticError)) return true;
  const [phase] = error.code.split("/");
  return (
    phase === "internal" ||
    error.code === "serve/bad-token-file" ||
    error.code === "sql/cannot-open" ||
    error.code === "sql/no-such-file" ||
    (phase === "ledger" && error.code !== "ledger/not-recorded")
  );
}

export function problemOf(error: unknown): Problem {
  const hidden = diagnostic("internal/bug", { what: "see the server's log" });
  const found = error instanceof DiagnosticError && !isPrivate(error) ? error.diagnostics : [hidden];
  const first = found.find(({ severity }) => severity === "error") ?? hidden;
  const { code, message } = first;
  return {
    type: `urn:callsql:${code}`,
    title: message,
    status: statusOf(code),
    code,
    ...hintOf(first),
    ...(first.span === undefined ? {} : { span: first.span }),
    ...(found.length > 1 ? { diagnostics: found.map(findingOf) } : {}),
  };
}

/** Who reads it has no command line. */
function hintOf(found: Diagnostic): { readonly hint?: string } {
  const hint = hintOverHttp(found);
  return hint === undefined ? {} : { hint };
}

export function findingOf(found: Diagnostic): Finding {
  const { severity, code, message, span } = found;
  return {
    severity,
    code,
    message,
    ...hintOf(found),
    ...(span === undefined ? {} : { span }),
  };
}

/** Anything else about a statement is a mistake in what was sent. */
const statusByPhase: Readonly<Record<string, number>> = {
  connect: 502,
  ledger: 500,
  internal: 500,
};

const statusByCode: Partial<Record<Code, number>> = {
  "bind/unknown-procedure": 404,
  "call/attempts-used-up": 502,
  "call/budget-reached": 402,
  "call/cancelled": 499,
  "call/failed": 422,
  "connect/none": 503,
  "connect/asked-to-wait": 503,
  "sql/busy": 503,
  "serve/statement-refused": 403,
  "serve/read-only": 403,
  "serve/temporary-refused": 403,
  "serve/function-refused": 403,
  "serve/pragma-refused": 403,
  "serve/table-refused": 403,
  "serve/module-refused": 403,
  "serve/procedure-refused": 403,
  "serve/connection-refused": 403,
  "serve/foreign-response": 403,
  "serve/wrong-origin": 403,
  "serve/unauthorized": 401,
  "serve/wrong-host": 421,
  "serve/not-found": 404,
  "serve/wrong-method": 405,
  "serve/body-too-slow": 408,
  "serve/body-too-large": 413,
  "serve/wrong-type": 415,
  "serve/statement-timeout": 422,
  "serve/statement-memory": 422,
  "serve/too-many-requests": 429,
  "serve/process-died": 500,
  "serve/busy": 503,
  "serve/shutting-down": 503,
  "serve/request-timeout": 504,
};

function statusOf(code: Code): number {
  const [phase = ""] = code.split("/");
  return statusByCode[code] ?? statusByPhase[phase] ?? 400;
}
