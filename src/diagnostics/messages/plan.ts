/** placeholder */
import type { MessageTable } from "./message.ts";

export const planMessages = {} satisfies MessageTable;
