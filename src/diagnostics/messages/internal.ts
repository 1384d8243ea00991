/** Our own bugs: said plainly, with a request to report them. */
import type { MessageTable } from "./message.ts";

export const internalMessages = {
  "internal/bug": (details: { what: string }) => ({
    message: `this is a bug in callsql: ${details.what}`,
    hint: "please report it with the statement that caused it",
  }),
} satisfies MessageTable;
