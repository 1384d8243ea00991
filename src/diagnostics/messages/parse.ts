/** Text that is not a statement of ours. */
import type { MessageTable } from "./message.ts";

export const parseMessages = {
  "parse/nul": (_: object) => ({
    message: "NUL in the SQL text",
    hint: "SQLite would silently stop reading there; bind the value instead",
  }),
} satisfies MessageTable;
