/** Connections that are missing, refused or unreachable. */
import { didYouMean, list, quote, type MessageTable } from "./message.ts";

export const connectMessages = {
  "connect/none": (_: object) => ({
    message: "no connection: a call needs an API key",
    hint: "set OPENAI_API_KEY, run callsql connect add, or try without one: --connection offline",
  }),
  "connect/unknown": (details: {
    name: string;
    names: readonly string[];
    suggestion?: string | undefined;
    untrusted?: string | undefined;
  }) => ({
    message: `there is no connection ${quote(details.name)}`,
    hint:
      details.untrusted === undefined
        ? `${details.suggestion === undefined ? "" : `${didYouMean(details.suggestion)} `}connections are: ${details.names.join(", ")}; callsql connect add makes one`
        : `connections are: ${details.names.join(", ")}; ${details.untrusted} is not read before callsql connect trust`,
  }),
  "connect/bad-connection": (details: { missing: readonly string[] }) => ({
    message: `a connection of your own lacks ${list(details.missing)}`,
    hint: "see Connection and FetchConnection in docs/api.md",
  }),
  "connect/no-api": (details: { identity: string }) => ({
    message: `the OpenAI API is not below ${details.identity}: no list of models, and no endpoint`,
    hint: "most base URLs end in /v1; some servers stand deeper: /api/v1, /openai/v1",
  }),
  "connect/no-key": (details: { name: string }) => ({
    message: `connection ${quote(details.name)} has no API key`,
    hint:
      details.name === "openai"
        ? "set OPENAI_API_KEY, run callsql connect add openai, or try without one: --connection offline"
        : `callsql connect add ${details.name} --replace asks for one; --auth none is for servers that want none`,
  }),
  "connect/bad-base-url": (details: { url: string; problem: keyof typeof baseUrlTexts }) => ({
    message: `the base URL ${quote(details.url)} cannot be used: ${baseUrlTexts[details.problem]}`,
    hint: "OPENAI_BASE_URL looks like https://api.openai.com/v1 or http://127.0.0.1:11434/v1",
  }),
  "connect/bad-proxy": (details: { variable: string; url: string; protocols: readonly string[] }) => ({
    message: `${details.variable} names no proxy that can be used: ${quote(details.url)}`,
    hint: `a proxy looks like http://HOST:PORT; ${list(details.protocols.map((protocol) => `${protocol}//`))} can be spoken to; unset it, or name this server in NO_PROXY, to go without`,
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
  "connect/unreadable-profiles": (details: { file: string; reason: string }) => ({
    message: `cannot read the connections in ${quote(details.file)}: ${details.reason}`,
  }),
  "connect/unwritable-profiles": (details: { file: string; reason: string }) => ({
    message: `cannot write the connections to ${quote(details.file)}: ${details.reason}`,
  }),
  "connect/bad-profiles": (details: {
    file: string;
    line?: number | undefined;
    key?: string | undefined;
    problem: string;
  }) => ({
    message: `${details.file}${details.line === undefined ? "" : `:${details.line}`}${details.key === undefined || details.key === "" ? "" : `: ${quote(details.key)}`} ${details.problem}`,
    hint: "docs/guides/connections.md lists the settings",
  }),
  "connect/bad-setting": (details: { key: string; problem: string }) => ({
    message: `${quote(details.key)} ${details.problem}`,
    hint: "callsql connect add --help lists the settings",
  }),
  "connect/exists": (details: { name: string; place: string }) => ({
    message: `there is a connection ${quote(details.name)} already (${details.place})`,
    hint: "--replace puts this one in its place",
  }),
  "connect/not-a-profile": (details: { name: string; names: readonly string[] }) => ({
    message: `there is no profile ${quote(details.name)}`,
    hint:
      details.names.length === 0
        ? "callsql connect add makes the first one"
        : `profiles are: ${details.names.join(", ")}`,
  }),
  "connect/not-editable": (details: { name: string; place: string }) => ({
    message: `the profile ${quote(details.name)} stands in ${details.place}, and callsql cannot take it out`,
    hint: "edit that file; callsql changes tables [connections.NAME] of the user's own file only",
  }),
  "connect/key-in-arguments": (_: object) => ({
    message: "a key stands in the arguments, where ps and the shell's history keep it",
    hint: "give it on standard input (callsql connect add NAME --secret-stdin), or say where it is: --secret env:NAME, cmd:COMMAND or file:PATH; a key that was shown should be renewed",
  }),
  "connect/no-keychain": (_: object) => ({
    message: "no keychain of the operating system answers",
    hint: "--secret store keeps the key in a file that only you can read; env:NAME, cmd:COMMAND and file:PATH name other places",
  }),
  "connect/not-forgotten": (details: { account: string; reason: string }) => ({
    message: `the profile is changed, but the keychain still holds what it used, as ${quote(details.account)}: ${details.reason}`,
    hint: `unlock the keychain and take out the entry ${quote(details.account)} of callsql there`,
  }),
  "connect/no-project-file": (details: { folder: string }) => ({
    message: `there is no callsql.toml in ${quote(details.folder)} or above`,
  }),
  "connect/needs-terminal": (details: { missing: readonly string[] }) => ({
    message: `${details.missing.join(" and ")} would be asked, but standard input is no terminal`,
    hint: "give everything by flags: callsql connect add --help",
  }),
  "connect/no-secret-given": (_: object) => ({
    message: "standard input holds no key",
    hint: 'printf %s "$KEY" | callsql connect add NAME --secret-stdin',
  }),
  "connect/not-oauth": (details: { name: string }) => ({
    message: `connection ${quote(details.name)} has nothing to log in to: it does not use OAuth`,
    hint: "callsql connect add NAME --auth oauth --issuer URL --client-id ID",
  }),
  "connect/login-failed": (details: { name: string; reason: string }) => ({
    message: `nobody is logged in to ${quote(details.name)}: ${details.reason}`,
    hint: `callsql connect login ${details.name} tries again; --device is for machines without a browser`,
  }),
  "connect/not-revoked": (details: { name: string; reason: string }) => ({
    message: `the tokens of ${quote(details.name)} are forgotten here, but the provider did not take them back: ${details.reason}`,
    hint: "end the session in the provider's own settings",
  }),
  "connect/unreadable-certificates": (details: { file: string; reason: string }) => ({
    message: `cannot read the certificates in ${quote(details.file)}: ${details.reason}`,
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

/** Why a base URL cannot be used. */
export const baseUrlTexts = {
  "not-a-url": "it is not an absolute URL, which begins with http:// or https://",
  "not-http": "only http and https can be spoken to",
  "has-credentials":
    "a user name or password in it would end up in logs; a key is given apart from it (OPENAI_API_KEY, --secret)",
  "has-query": "a query or fragment would be lost; Azure's api-version goes to --api-version",
  "has-endpoint": "it names an endpoint; callsql puts the endpoint behind it",
};

/** What `connect test` says of an endpoint. */
export const checkTexts = {
  answered: () => "answers",
  refusedEmpty: () => "answers (an empty request was refused, as it should be)",
};

/** What a browser shows when it comes back from the provider. */
export const loginPages = {
  done: () => page("You are logged in. This window can be closed."),
  refused: () => page("The login was refused. The terminal says why."),
  other: () => page("Nothing is waiting here."),
};

function page(text: string): string {
  return `<!doctype html><meta charset="utf-8"><title>callsql</title><p>${text}</p>`;
}

/** Why a key or token could not be had; behind "the API key could not be had: ". */
export const secretTexts = {
  notKept: ({ place, account }: { place: "store" | "keychain"; account: string }) =>
    place === "store"
      ? `the file that callsql keeps it in is not there; callsql connect add ${account} --replace asks for it`
      : `the keychain has none for ${quote(account)}, or is locked: unlock it; callsql connect add ${account} --replace asks for another`,
  keychainRefused: (details: { reason: string }) =>
    `the keychain said no, and may be locked: ${details.reason}`,
  noVariable: (details: { name: string }) => `the environment has no ${details.name}`,
  unreadable: (details: { path: string; reason: string }) =>
    `cannot read ${quote(details.path)}: ${details.reason}`,
  commandFailed: (details: { command: string; ending: string; words?: string }) =>
    `the command ${quote(details.command)} ended with ${details.ending}${details.words === undefined ? "" : `: ${details.words}`}`,
  commandSlow: (details: { command: string; seconds: number }) =>
    `the command ${quote(details.command)} had not ended after ${details.seconds} s`,
  notLoggedIn: (details: { name: string }) => `nobody has logged in: callsql connect login ${details.name}`,
  noRefreshToken: (details: { name: string }) =>
    `the login has expired and cannot be renewed: callsql connect login ${details.name} (with the scope offline_access most providers let it be renewed)`,
  loginEnded: (details: { name: string; description?: string | undefined }) =>
    `the login has expired or was revoked${details.description === undefined ? "" : ` (${details.description})`}: callsql connect login ${details.name}`,
  loginRefused: (details: { code: string; description?: string | undefined }) =>
    `the provider answered ${details.code}${details.description === undefined ? "" : `: ${details.description}`}`,
  providerFailed: (details: { reason: string }) => `the OAuth provider could not be asked: ${details.reason}`,
  noDeviceCode: () => "the provider has no device codes",
  noToken: () => "the JSON it gave holds no access_token, token, api_key or key",
};

/** What a connection says when no answer can be had; the message of an ApiFailure where the API sent no words. */
export const failureTexts = {
  cancelled: () => "cancelled",
  timeout: (details: { timeoutMs: number; proxy: string | undefined }) =>
    `no complete answer within ${details.timeoutMs / 1000} s${through(details)}`,
  headersTimeout: () => "no answer: Node's fetch gave up waiting for the service",
  network: (details: { host: string; what: string; code: string | undefined; proxy: string | undefined }) =>
    `${details.host} ${details.what}${inBrackets(details)}${through(details)}`,
  behindProxy: (details: { host: string; what: string }) =>
    `${details.host} is asked through ${details.what}`,
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

function through({ proxy }: { proxy: string | undefined }): string {
  return proxy === undefined ? "" : `, through the proxy ${proxy}`;
}

function inBrackets({ code }: { code: string | undefined }): string {
  return code === undefined ? "" : ` (${code})`;
}

/** What a proxy did instead of opening the way; behind "is asked through ". */
export const proxyTexts = {
  failed: (details: { proxy: string; what: string; code: string | undefined }) =>
    `the proxy ${details.proxy}, which ${details.what}${inBrackets(details)}`,
  other: (details: { reason: string }) => `could not be asked: ${details.reason}`,
  refused: (details: { proxy: string; status: number }) =>
    `the proxy ${details.proxy}, which answered ${details.status}${proxyStatusTexts[details.status] ?? ""}`,
};

/** What to do where a proxy refuses; `variable` names it. */
export function proxyHint({ variable, status }: { variable: string; status: number }): string {
  const remedy =
    status === 407
      ? `write it as http://USER:PASSWORD@HOST:PORT in ${variable}`
      : `who runs it must let it go there, or ${variable} must name another`;
  return `${remedy}; NO_PROXY lists servers that are asked without it`;
}

const proxyStatusTexts: Readonly<Record<number, string>> = {
  403: ": it does not let anybody go there",
  407: ": it wants a user name and a password that it knows",
  502: ": it could not reach the server",
  503: ": it could not reach the server",
  504: ": the server did not answer it in time",
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
  DEPTH_ZERO_SELF_SIGNED_CERT: "has a certificate nobody vouches for; ca_file in the profile names who may",
  SELF_SIGNED_CERT_IN_CHAIN: "has a certificate nobody vouches for; ca_file in the profile names who may",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    "has a certificate nobody vouches for; ca_file in the profile names who may",
  ERR_SSL_WRONG_VERSION_NUMBER: "does not speak TLS: is http:// meant instead of https://?",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "does not speak TLS: is http:// meant instead of https://?",
  ERR_TLS_CERT_ALTNAME_INVALID: "has a certificate for another name",
};
