/** Calls that a whole statement stops for. */
import { quote, type MessageTable } from "./message.ts";

type BudgetCap = "max_calls" | "max_tokens" | "max_cost";
type BudgetOption = BudgetCap | "max_cost_per_day";

const budgetTexts: Readonly<Record<BudgetOption, (spent: number) => string>> = {
  max_calls: (spent) => `this session has made ${spent} call${spent === 1 ? "" : "s"}`,
  max_tokens: (spent) => `this session has used ${spent} tokens, the next call may need more than is left`,
  max_cost: (spent) => `this session has spent ${usd(spent)}, the next call may cost more than is left`,
  max_cost_per_day: (spent) =>
    `today ${usd(spent)} are spent or held, the next call may cost more than is left`,
};

const needTexts: Readonly<Record<BudgetCap, (least: number) => string>> = {
  max_calls: (least) => `${least} call${least === 1 ? " is" : "s are"}`,
  max_tokens: (least) => `${least} tokens are`,
  max_cost: (least) => `${usd(least)} are`,
};

/** Small amounts matter here: six digits that count. */
function usd(amount: number): string {
  return `${Number(amount.toPrecision(6))} USD`;
}

/** Of a call that a statement ended for, where the service says nothing better. */
export const onErrorHint = "SET on_error = 'row' gives failed calls as rows with their error columns filled";

/** What a service said, or what is said of it. */
export interface Answering {
  readonly message: string;
  /** Where the call names it. */
  readonly connection?: string | undefined;
}

function service({ connection }: Answering): string {
  return connection === undefined ? "the service" : `connection ${quote(connection)}`;
}

export const dispatchMessages = {
  "call/cancelled": (_: object) => ({
    message: "cancelled; answers that had arrived are recorded",
  }),
  "call/budget-reached": (details: { option: BudgetOption; max: number; spent: number }) => ({
    message: `stopped at ${details.option} = ${details.max}: ${budgetTexts[details.option](details.spent)}`,
    hint:
      details.spent === 0
        ? `nothing was bought: raise ${details.option} and run it again`
        : `what was bought is kept: raise ${details.option} and run it again (callsql run goes on by itself, another session finds it with SET cache = 'on')`,
  }),
  "call/budget-too-small": ({ option, max, least }: { option: BudgetCap; max: number; least: number }) => ({
    message: `as far as can be foreseen, ${needTexts[option](least)} needed by here, and ${option} = ${max}: it would stop in this statement`,
    hint: `raise ${option}, or leave it: what is bought until then is kept`,
  }),
  "call/budget-may-be-small": ({ max, most }: { max: number; most: number }) => ({
    message: `up to ${usd(most)} may be needed by here, and max_cost = ${max}: it may stop in this statement`,
    hint: "with MaxOutputTokens an answer costs no more than so many tokens; what is bought until then is kept",
  }),
  "call/cost-not-counted": (details: { model: string }) => ({
    message: `the price of ${quote(details.model)} is not known: what it costs does not count against max_cost`,
    hint: "max_calls and max_tokens count it; a models file can give its price",
  }),
  "call/failed": (details: {
    procedure: string;
    code: string;
    message: string;
    hint?: string | undefined;
  }) => ({
    message: `${details.procedure} failed: ${details.message} (${details.code})`,
    hint: details.hint ?? onErrorHint,
  }),
  "call/row-failed": (details: {
    procedure: string;
    code: string;
    message: string;
    row?: number | undefined;
    /** Where there is no row: the first of its arguments. */
    asked?: string | undefined;
    hint?: string | undefined;
  }) => ({
    message: `${details.row === undefined ? "" : `row ${details.row}: `}${details.procedure}${details.asked === undefined ? "" : ` for ${quote(details.asked)}`} failed: ${details.message} (${details.code})`,
    hint: details.hint,
  }),
  "call/more-rows-failed": (details: { count: number }) => ({
    message: `${details.count} more rows failed`,
    hint: "their error columns say why: Error_Code, Error_Message",
  }),
  "call/attempts-used-up": (details: { procedure: string; code: string; message: string }) => ({
    message: `${details.procedure} got no answer after all attempts: ${details.message} (${details.code})`,
    hint: "try again later; answers that had arrived are recorded",
  }),
  "connect/unreachable": (details: Answering & { attempts: number }) => ({
    message: `${service(details)} cannot be reached: ${details.message} (${details.attempts} attempt${details.attempts === 1 ? "" : "s"})`,
    hint: "check the network and the base URL: callsql connect show",
  }),
  "connect/redirect": (details: Answering) => ({
    message: `${service(details)} answered with a redirect, which is never followed: ${details.message}`,
    hint: "a redirect would post the prompt to another address; set OPENAI_BASE_URL to the final one",
  }),
  "connect/proxy-refused": (details: Answering & { hint?: string | undefined }) => ({
    message: `${service(details)} was not asked: ${details.message}`,
    hint: details.hint,
  }),
  /** `isUnasked`: there are none to send. */
  "connect/refused": (details: Answering & { isUnasked: boolean }) => ({
    message: `${service(details)} ${details.isUnasked ? "was not asked" : "refused the credentials"}: ${details.message}`,
    hint: "callsql connect show says which key, organisation and project are used, and where they come from",
  }),
  "connect/asked-to-wait": (details: Answering & { minutes: number }) => ({
    message: `${service(details)} asks for a pause of ${details.minutes} minutes: ${details.message}`,
    hint: "run it again then; answers that had arrived are recorded",
  }),
  "connect/no-credit": (details: Answering) => ({
    message: `the account${details.connection === undefined ? "" : ` of ${service(details)}`} cannot pay for calls: ${details.message}`,
    hint: "add credit or raise the limit of the organisation or project; nothing was retried",
  }),
  "connect/unknown-model": (details: Answering) => ({
    message: details.connection === undefined ? details.message : `${service(details)}: ${details.message}`,
    hint: "name a model the account can use: Model => '…', or SET text_model = '…'",
  }),
} satisfies MessageTable;

/** What is wrong with the answer to several inputs; the message of an ApiFailure. */
export const packTexts = {
  mismatch: (details: { expected: number; found: number }) =>
    `the answer to ${details.expected} inputs holds ${details.found} items that do not match them one by one`,
};
