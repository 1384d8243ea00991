/** Turns a code of messages/call.ts into what a row or a result set carries. Builds no sentence itself. */
import { diagnostic } from "../diagnostics/diagnostic.ts";
import type { Code, Details } from "../diagnostics/messages.ts";
import type { CallError, CallWarning } from "./procedure.ts";

/** Codes about a single call. */
/** Codes of what goes wrong with one call. */
export type CallCode = Extract<Code, `call/${string}`>;

export function callError<C extends CallCode>(code: C, details: Details<C>): CallError {
  const { message, hint } = diagnostic(code, details);
  return { code, message, hint, param: parameterOf(details) };
}

export function callWarning<C extends CallCode>(code: C, details: Details<C>): CallWarning {
  const { message, hint } = diagnostic(code, details);
  return { code, message, hint };
}

function parameterOf(details: object): string | undefined {
  return "parameter" in details && typeof details.parameter === "string" ? details.parameter : undefined;
}
