/** What can go wrong with one call: its values, the answer, the service. */
import type { MessageTable } from "./message.ts";

export const callMessages = {} satisfies MessageTable;
