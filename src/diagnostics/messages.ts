/**
 * Every sentence callsql says about a mistake, under its code. One file a phase in messages/; notes.ts there has what is
 * said when nothing is wrong. No sentence for the user is built anywhere else.
 */
import { bindMessages } from "./messages/bind.ts";
import { callMessages } from "./messages/call.ts";
import { cliMessages } from "./messages/cli.ts";
import { connectMessages } from "./messages/connect.ts";
import { dispatchMessages } from "./messages/dispatch.ts";
import { ledgerMessages } from "./messages/ledger.ts";
import { internalMessages } from "./messages/internal.ts";
import { parseMessages } from "./messages/parse.ts";
import { planMessages } from "./messages/plan.ts";
import { serveMessages } from "./messages/serve.ts";
import { sessionMessages } from "./messages/session.ts";

export const messages = {
  ...parseMessages,
  ...bindMessages,
  ...planMessages,
  ...callMessages,
  ...dispatchMessages,
  ...connectMessages,
  ...ledgerMessages,
  ...sessionMessages,
  ...serveMessages,
  ...cliMessages,
  ...internalMessages,
};

/** Of every message: docs/errors.md lists them. */
export type Code = keyof typeof messages;
/** What a code's sentence is built of. */
export type Details<C extends Code> = Parameters<(typeof messages)[C]>[0];
