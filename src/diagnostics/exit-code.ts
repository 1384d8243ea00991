/** What a process that ends with an error tells its caller (4-interfaces, 4.1). */
import type { Code } from "./messages.ts";
import type { DiagnosticError } from "./diagnostic.ts";

const exitCodes = {
  ok: 0,
  statement: 1,
  usage: 2,
  retryable: 3,
  budget: 4,
  someRowsFailed: 5,
  credentials: 6,
  interrupted: 130,
} as const;

const byCode: Partial<Record<Code, number>> = {
  "call/cancelled": exitCodes.interrupted,
  "call/budget-reached": exitCodes.budget,
  "call/budget-too-small": exitCodes.budget,
  "call/attempts-used-up": exitCodes.retryable,
  "connect/unreachable": exitCodes.retryable,
  "connect/asked-to-wait": exitCodes.retryable,
  "sql/busy": exitCodes.retryable,
  "connect/refused": exitCodes.credentials,
  "connect/none": exitCodes.credentials,
  "connect/no-key": exitCodes.credentials,
  "connect/no-keychain": exitCodes.credentials,
  "connect/login-failed": exitCodes.credentials,
  "connect/unknown": exitCodes.usage,
  "ledger/already-running": exitCodes.retryable,
  "ledger/unwritable": exitCodes.statement,
  "ledger/damaged": exitCodes.statement,
  "ledger/damaged-row": exitCodes.statement,
  "ledger/unreadable-answer": exitCodes.statement,
  "ledger/not-recorded": exitCodes.statement,
  "sql/cannot-open": exitCodes.usage,
  "sql/no-such-file": exitCodes.usage,
  "sql/not-a-database": exitCodes.usage,
};

/** What a command that ends with this error should exit with. */
export function exitCodeOf(error: DiagnosticError): number {
  const known = byCode[error.code];
  if (known !== undefined) return known;
  const [phase] = error.code.split("/");
  return phase === "cli" ||
    phase === "ledger" ||
    phase === "import" ||
    phase === "connect" ||
    phase === "serve"
    ? exitCodes.usage
    : exitCodes.statement;
}
