/** The server: who may ask, what may be asked, and what statements of strangers may do. */
import { onErrorHint } from "./dispatch.ts";
import { apiHints } from "./call.ts";
import { didYouMean, list, quote, type MessageTable } from "./message.ts";

export const serveMessages = {
  "serve/statement-refused": (details: { statement: string; allowed: readonly string[] }) => ({
    message: `${details.statement} is not among the statements that run here`,
    hint: `allowed are ${list(details.allowed)}`,
  }),
  "serve/read-only": (details: { statement: string }) => ({
    message: `${details.statement} would write, and this database is read-only here`,
    hint: operator("callsql serve --writable lets statements write"),
  }),
  "serve/temporary-refused": (_: object) => ({
    message: "temporary tables, views and triggers are not kept here",
    hint: "each request may meet another process: write WITH name AS (…) in the statement itself",
  }),
  "serve/function-refused": (details: { function: string }) => ({
    message: `the function ${quote(details.function)} is not among those that statements may use here`,
  }),
  "serve/pragma-refused": (details: { pragma: string; allowed: readonly string[] }) => ({
    message: `the PRAGMA ${quote(details.pragma)} is not allowed here`,
    hint: `allowed, for reading only, are ${list(details.allowed)}`,
  }),
  "serve/table-refused": (details: { table: string }) => ({
    message: `the table ${quote(details.table)} of SQLite's own is not among those that statements may read here`,
  }),
  "serve/module-refused": (details: { module: string; allowed: readonly string[] }) => ({
    message: `virtual tables of ${quote(details.module)} are not allowed here`,
    hint: `allowed are ${list(details.allowed)}`,
  }),
  "serve/text-too-long": (details: { length: number; max: number }) => ({
    message: `the statement has ${details.length} characters, ${details.max} are allowed`,
    hint: "give values as parameters (:name), not inside the text",
  }),
  "serve/too-deep": (details: { max: number }) => ({
    message: `parentheses and CASE are nested more than ${details.max} deep`,
  }),
  "serve/too-many-queries": (details: { max: number }) => ({
    message: `more than ${details.max} queries are joined by UNION, INTERSECT or EXCEPT`,
  }),
  "serve/statement-timeout": (details: { seconds: number }) => ({
    message: `SQLite has worked on the statement for ${details.seconds} s, which is all it is given`,
    hint: `an index or a LIMIT may help; the time of calls does not count; ${operator("callsql serve --sql-timeout sets the limit")}`,
  }),
  "serve/statement-memory": (details: { megabytes: number }) => ({
    message: `the statement took more than ${details.megabytes} MB of memory`,
    hint: operator("callsql serve --sql-memory sets the limit"),
  }),
  "serve/process-died": (_: object) => ({
    message: "the process that ran the statement ended unexpectedly",
    hint: "nothing of the statement was kept; send it again",
  }),
  "serve/busy": (_: object) => ({
    message: "too much is being asked at once",
    hint: "try again in a moment",
  }),
  "serve/shutting-down": (_: object) => ({
    message: "the server is shutting down",
  }),
  "serve/request-timeout": (details: { seconds: number }) => ({
    message: `the request was not answered within ${details.seconds} s`,
    hint: "answers that had arrived are recorded; timeoutMs asks for more, up to what callsql serve --timeout allows",
  }),
  "serve/unauthorized": (_: object) => ({
    message: "no valid token",
    hint: "send Authorization: Bearer TOKEN, once; callsql serve token create NAME makes one",
  }),
  "serve/wrong-host": (_: object) => ({
    message: "the Host header names another server",
    hint: operator("callsql serve --allow-host NAME adds a name it is reached by"),
  }),
  "serve/wrong-origin": (_: object) => ({
    message: "requests from web pages of other origins are not answered",
    hint: operator("callsql serve --allow-origin ORIGIN lets the pages of one origin in"),
  }),
  "serve/not-found": (_: object) => ({
    message: "there is nothing at this address",
    hint: "see GET /openapi.json for what there is",
  }),
  "serve/wrong-method": (details: { allowed: readonly string[] }) => ({
    message: "this address does not take the request's method",
    hint: `it takes ${list(details.allowed)}`,
  }),
  "serve/wrong-type": (details: { expected: string }) => ({
    message: "the body is of another content type",
    hint: `send Content-Type: ${details.expected}`,
  }),
  "serve/body-too-large": (details: { max: number }) => ({
    message: `the body, or a line of it, is larger than ${details.max} bytes`,
    hint: operator("callsql serve --max-body sets the limit"),
  }),
  "serve/body-too-slow": (details: { seconds: number }) => ({
    message: `the body did not arrive within ${details.seconds} s`,
  }),
  "serve/bad-body": (details: { where: string; problem: string }) => ({
    message: `${details.where} ${details.problem}`,
    hint: "see GET /openapi.json for what a request looks like",
  }),
  "serve/too-many-requests": (details: { perMinute: number }) => ({
    message: `the token may send ${details.perMinute} requests a minute`,
    hint: "the header Retry-After says when the next one may be sent",
  }),
  "serve/procedure-refused": (details: { procedure: string; token: string; allowed: readonly string[] }) => ({
    message: `the token ${quote(details.token)} may not call ${quote(details.procedure)}`,
    hint: `it may call ${list(details.allowed)}`,
  }),
  "serve/connection-refused": (details: { connection: string; token?: string | undefined }) => ({
    message: `${details.token === undefined ? "calls" : `the token ${quote(details.token)}`} may not use the connection ${quote(details.connection)}`,
    hint: "leave connection out for the server's own",
  }),
  "serve/foreign-response": (details: { parameter: string }) => ({
    message: `${details.parameter} names a response that this token was not given`,
    hint: "a conversation goes on with the Response_Id of an answer to the same token",
  }),
  "serve/no-tokens": (_: object) => ({
    message: "there is no token, so nobody could ask anything",
    hint: "callsql serve token create NAME makes one; on the loopback interface --no-auth serves without",
  }),
  "serve/remote-refused": (details: { host: string }) => ({
    message: `${quote(details.host)} can be reached from other machines, and this server speaks plain HTTP`,
    hint: "put a proxy with TLS in front and add --behind-proxy, or keep to 127.0.0.1",
  }),
  "serve/no-auth-remote": (_: object) => ({
    message: "--no-auth is for the loopback interface only",
    hint: "make a token: callsql serve token create NAME",
  }),
  "serve/cannot-listen": (details: { address: string; reason: string }) => ({
    message: `cannot listen on ${details.address}: ${details.reason}`,
    hint: "--port 0 takes any free port",
  }),
  "serve/token-exists": (details: { name: string }) => ({
    message: `there is a token ${quote(details.name)} already`,
    hint: "revoke it first, or choose another name",
  }),
  "serve/unknown-token": (details: { name: string; suggestion?: string | undefined }) => ({
    message: `there is no token ${quote(details.name)}`,
    hint: didYouMean(details.suggestion, "callsql serve token list shows them"),
  }),
  "serve/bad-token-name": (details: { name: string }) => ({
    message: `${quote(details.name)} is no name for a token`,
    hint: "letters, digits, dots, dashes and underscores, at most 64",
  }),
  "serve/bad-limit": (details: { option: string; value: string; expected: string }) => ({
    message: `${quote(details.value)} is no value for ${details.option}: expected ${details.expected}`,
  }),
  "serve/bad-token-file": (details: { file: string; problem: string }) => ({
    message: `cannot use the token file ${quote(details.file)}: ${details.problem}`,
  }),
} satisfies MessageTable;

/** What a caller over HTTP cannot do, but somebody can. */
function operator(text: string): string {
  return `who runs the server: ${text}`;
}

/** For codes whose hints speak of SET or of the command line, which a caller over HTTP has not. */
const hintsByCode: Readonly<Record<string, string>> = {
  "call/budget-reached":
    "what was bought is recorded; who runs the server can raise it: callsql serve token create --max-cost makes a token with more",
  "call/no-endpoint": operator("callsql connect test says which procedures the connection can answer"),
  "connect/none": operator("set OPENAI_API_KEY for callsql serve, or name a profile with --connection"),
  "connect/login-failed": operator("callsql connect login NAME logs in again"),
  "connect/no-key": operator("callsql connect add NAME --replace, or set OPENAI_API_KEY for callsql serve"),
  "connect/no-credit": operator("add credit or raise the limit of the organisation or project"),
  "connect/redirect": operator("set the connection's base URL to the final address"),
  "connect/refused": operator(
    "callsql connect show says which key, organisation and project are used, and where they come from",
  ),
  "connect/unknown-model": "name a model the account can use: Model => '…'",
  "connect/unreachable": `try again later; ${operator("callsql connect show says which base URL is asked")}`,
  "ledger/not-recorded": `"cache": "run" finds what the record holds; ${operator("without --replay and with a cache other than only, calls are made")}`,
  "session/key-in-text":
    "keys belong into the server's connections; text that only looks like one is passed in parameters (:value)",
};

/** Hints of several codes. */
const hintsByHint: ReadonlyMap<string | undefined, string> = new Map([
  [onErrorHint, "as a table, SELECT * FROM the call, it gives a row with its error columns filled"],
  [apiHints["invalid_api_key"], operator("check the connection's key: callsql connect test")],
]);

/** What a caller over HTTP, or who runs the server, can do about a diagnostic: its own hint where that is theirs to follow. */
export function hintOverHttp({
  code,
  hint,
}: {
  readonly code: string;
  readonly hint?: string | undefined;
}): string | undefined {
  return hintsByCode[code] ?? hintsByHint.get(hint) ?? hint;
}
