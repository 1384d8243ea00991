/** Connections that are missing, refused or unreachable. */
import type { MessageTable } from "./message.ts";

export const connectMessages = {
  "connect/none": (_: object) => ({
    message: "no connection: a call needs an API key",
    hint: "set OPENAI_API_KEY, or try without one: --connection offline",
  }),
  "connect/unknown": (details: { name: string }) => ({
    message: `there is no connection "${details.name}"`,
    hint: "connections are: openai, offline",
  }),
} satisfies MessageTable;
