/** Connections that are missing, refused or unreachable. */
import { didYouMean, list, quote, type MessageTable } from "./message.ts";

export const connectMessages = {
  "connect/none": (_: object) => ({
    message: "no connection: a call needs an API key",
    hint: "set OPENAI_API_KEY, or try without one: --connection offline",
  }),
  "connect/unknown": (details: { name: string }) => ({
    message: `there is no connection ${quote(details.name)}`,
    hint: "connections are: openai, offline",
  }),
  "connect/bad-connection": (details: { missing: readonly string[] }) => ({
    message: `a connection of your own lacks ${list(details.missing)}`,
    hint: "see Connection and FetchConnection in docs/api.md",
  }),
  "connect/no-key": (details: { name: string }) => ({
    message: `connection ${quote(details.name)} has no API key`,
    hint: "set OPENAI_API_KEY, or try without one: --connection offline",
  }),
  "connect/bad-base-url": (details: {
    url: string;
    problem: "not-a-url" | "not-http" | "has-credentials" | "has-query";
  }) => ({
    message: `the base URL ${quote(details.url)} cannot be used: ${baseUrlProblems[details.problem]}`,
    hint: "OPENAI_BASE_URL looks like https://api.openai.com/v1 or http://127.0.0.1:11434/v1",
  }),
  "connect/unreadable-models": (details: { file: string; reason: string }) => ({
    message: `cannot read the models file ${quote(details.file)}: ${details.reason}`,
  }),
  "connect/bad-models": (details: {
    file?: string | undefined;
    line?: number | undefined;
    key?: string | undefined;
    problem: string;
  }) => ({
    message: `${modelsPlace(details)}${details.key === undefined || details.key === "" ? "" : `: ${quote(details.key)}`} ${details.problem}`,
    hint: "a models file has the shape of callsql's own: docs/models.md describes it",
  }),
  "connect/unknown-part": (details: {
    part: string;
    parts: readonly string[];
    suggestion?: string | undefined;
  }) => ({
    message: `the offline connection has no part ${quote(details.part)}`,
    hint: didYouMean(
      details.suggestion,
      `parts are ${list(details.parts)}; all of them: callsql offline install all`,
    ),
  }),
  "connect/no-npm": (_: object) => ({
    message: "npm was not found, and it is what installs the offline models",
    hint: "npm comes with Node; see that it is in the PATH",
  }),
  "connect/install-failed": (details: { folder: string; reason: string }) => ({
    message: `npm could not install the offline models into ${quote(details.folder)}: ${details.reason}`,
    hint: "npm needs the registry for this once; afterwards nothing is fetched",
  }),
  "connect/no-model-list": (details: { name: string; message?: string | undefined }) => ({
    message: `connection ${quote(details.name)} does not list its models${details.message === undefined ? "" : `: ${details.message}`}`,
    hint: "callsql models without --refresh shows what callsql knows by itself",
  }),
} satisfies MessageTable;

function modelsPlace({ file, line }: { file?: string | undefined; line?: number | undefined }): string {
  const name = file ?? "the models given";
  return line === undefined ? name : `${name}:${line}`;
}

const baseUrlProblems = {
  "not-a-url": "it is not an absolute URL",
  "not-http": "only http and https can be spoken to",
  "has-credentials": "a user name or password in it would end up in logs; give the key in OPENAI_API_KEY",
  "has-query": "a query or fragment would be lost",
};

/** What a connection says when no answer can be had; the message of an ApiFailure where the API sent no words. */
export const failureTexts = {
  cancelled: () => "cancelled",
  timeout: (details: { timeoutMs: number }) => `no complete answer within ${details.timeoutMs / 1000} s`,
  headersTimeout: () => "no answer: Node's fetch gave up waiting for the service",
  network: (details: { host: string; what: string; code?: string | undefined }) =>
    `${details.host} ${details.what}${details.code === undefined ? "" : ` (${details.code})`}`,
  noWords: (details: { status: number }) => `the service answered ${details.status} without a message`,
  redirect: (details: { status: number; target: string }) =>
    `the service answered with a redirect (${details.status}) to ${details.target}, which is never followed`,
  cut: (details: { code?: string | undefined }) =>
    `the answer was cut off${details.code === undefined ? "" : ` (${details.code})`}`,
  empty: () => "the answer is empty",
  tooLarge: (details: { bytesMax: number }) => `the answer is larger than ${details.bytesMax} bytes`,
  notJson: (details: { contentType: string; start: string }) =>
    `the answer is not JSON (${details.contentType === "" ? "no content type" : details.contentType}): ${details.start}`,
  notAnObject: () => "the answer is JSON, but not an object",
  notBytes: (details: { contentType: string; start: string }) =>
    `the answer is ${details.contentType}, audio was expected: ${details.start}`,
  noModels: () => "the answer holds no list of models",
  noFileId: () => "the file was stored, but the answer does not say under which id",
  noCredentials: (details: { reason: string }) => `the API key could not be had: ${details.reason}`,
  badKey: () => "the API key is empty or has characters that cannot stand in an HTTP header",
  unsendable: (details: { reason: string }) => `the request could not be made: ${details.reason}`,
  offlineHint: () => "set OPENAI_API_KEY and use --connection openai, or a base URL of a compatible server",
};

/** What happened to a connection, by the operating system's or Node's code. */
export const networkTexts: Readonly<Record<string, string>> = {
  ECONNREFUSED: "refused the connection",
  ECONNRESET: "broke the connection",
  EPIPE: "broke the connection",
  UND_ERR_SOCKET: "broke the connection",
  ENOTFOUND: "was not found",
  EAI_AGAIN: "could not be looked up",
  ETIMEDOUT: "did not accept the connection in time",
  UND_ERR_CONNECT_TIMEOUT: "did not accept the connection in time",
  EHOSTUNREACH: "cannot be reached",
  ENETUNREACH: "cannot be reached",
  CERT_HAS_EXPIRED: "has an expired certificate",
  DEPTH_ZERO_SELF_SIGNED_CERT: "has a certificate nobody vouches for",
  SELF_SIGNED_CERT_IN_CHAIN: "has a certificate nobody vouches for",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "has a certificate nobody vouches for",
  ERR_TLS_CERT_ALTNAME_INVALID: "has a certificate for another name",
};
