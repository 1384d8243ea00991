/** placeholder */
import type { MessageTable } from "./message.ts";

export const sessionMessages = {} satisfies MessageTable;
