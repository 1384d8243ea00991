/** Text that is not a statement of ours. */
import type { MessageTable } from "./message.ts";

export const parseMessages = {
  "parse/nul": (_: object) => ({
    message: "NUL in the SQL text",
    hint: "SQLite would silently stop reading there; bind the value instead",
  }),
  "parse/expected": (details: { expected: string; found: string; hint?: string | undefined }) => ({
    message: `expected ${details.expected}, found ${details.found}`,
    hint: details.hint,
  }),
  "parse/unclosed": (details: { procedure: string; opener: string; closer: string }) => ({
    message: `"${details.opener}" of the call of "${details.procedure}" is never closed`,
    hint: `add the missing "${details.closer}"; a statement ends at the first ";" outside quotes`,
  }),
  "parse/unterminated": (details: { quote: string }) => ({
    message: `${details.quote} opens a text or name that never ends`,
    hint: "close it; a quote inside is written twice: 'it''s'",
  }),
  "parse/empty-argument": (details: { procedure: string }) => ({
    message: `an argument of "${details.procedure}" is empty`,
    hint: "leave arguments out by naming the others (Name => value), or write NULL for not given",
  }),
  "parse/too-deep": (details: { max: number }) => ({
    message: `calls are nested more than ${details.max} deep`,
    hint: "compute the inner calls in a subquery or a table of their own",
  }),
  "parse/call-in-default": (details: { procedure: string }) => ({
    message: `a default is a plain value, found a call of "${details.procedure}"`,
    hint: "keep the result first (SET :name = …) and use :name as the default",
  }),
} satisfies MessageTable;
