/** Command line, files and formats. */
import type { MessageTable } from "./message.ts";

export const cliMessages = {} satisfies MessageTable;
