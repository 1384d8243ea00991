/**
 * A stand-in for api.openai.com on the loopback, for tests: the real protocol, every request body checked against the
 * API's schema, deterministic answers, and whatever fault a test scripts. It knows nothing of callsql.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { defaultAnswer } from "./openai-answers.ts";
import { errorBody, responseIdOf, type ErrorFields } from "./openai-bodies.ts";
import { deliver, write, type Delivery } from "./openai-deliver.ts";
import {
  FaultScript,
  invalidKeyError,
  rateLimitError,
  type Fault,
  type FaultAction,
} from "./openai-faults.ts";
import { readMultipart } from "./openai-multipart.ts";
import { RequestRate } from "./openai-rate.ts";
import { hashOf, recordOf, textOf, type Answer, type RecordedRequest } from "./openai-request.ts";
import { refusalOf } from "./openai-rules.ts";
import { coerceFields, problemOf, type BodyProblem } from "./openai-validate.ts";

export { faults, type Fault } from "./openai-faults.ts";
export { emptyData, failed, refusal } from "./openai-bodies.ts";
export type { RecordedRequest } from "./openai-request.ts";

export interface ServerOptions {
  /** The only key that is let in; by default any. */
  readonly apiKey?: string;
  /** A body instead of the usual one; `undefined` leaves the usual. A string or bytes go out as they are. */
  readonly answer?: (request: RecordedRequest) => unknown;
  readonly faults?: readonly Fault[];
  /** Of the faults with a probability. */
  readonly seed?: number;
  readonly requestsPerMinute?: number;
  /** How many of those may come at once. */
  readonly burst?: number;
  /** Idle sockets are closed after this time. */
  readonly keepAliveMs?: number;
  /** Models that do not exist (besides any called `missing-…`). */
  readonly missingModels?: readonly string[];
  /** false: requests are counted but not kept, for long runs. */
  readonly keepRequests?: boolean;
}

export interface Violation extends BodyProblem {
  readonly request: RecordedRequest;
}

export interface OpenAIServer {
  /** http://127.0.0.1:PORT/v1 */
  readonly url: string;
  readonly requests: readonly RecordedRequest[];
  /** Bodies the real API would not take. A test of what callsql sends asserts that there are none. */
  readonly violations: readonly Violation[];
  /** Requests by endpoint. */
  readonly counts: Readonly<Record<string, number>>;
  readonly inFlight: number;
  readonly peakInFlight: number;
  /** Requests whose work was done, whether or not the answer arrived: what would be on the bill. */
  readonly charged: number;
  /** Sockets accepted since the start. */
  readonly connections: number;
  script(...faults: readonly Fault[]): void;
  /** Ends an outage: scripted faults are forgotten, all else stays. */
  heal(): void;
  /** Replaces the `answer` option, until the next reset(). */
  answerWith(answer: ServerOptions["answer"]): void;
  /** Forgets requests, violations, counts, scripted faults and answerWith(); stored responses and files stay. */
  reset(): void;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startOpenAIServer(options: ServerOptions = {}): Promise<OpenAIServer> {
  const state = new State(options);
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    handle(request, response, state).catch((error: unknown) => {
      // A bug in a test's `answer` must not look like a fault of the network.
      if (response.headersSent) response.destroy();
      else write(response, plainError(500, { message: `test server: ${String(error)}` }, {}));
    });
  });
  server.keepAliveTimeout = options.keepAliveMs ?? 5000;
  // Node adds a second of grace to what it announces; a test of idle sockets wants the exact time.
  server.keepAliveTimeoutBuffer = 0;
  server.on("connection", (socket) => {
    state.connections += 1;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return {
    url: `http://127.0.0.1:${readPort(server.address())}/v1`,
    get requests() {
      return state.requests;
    },
    get violations() {
      return state.violations;
    },
    get counts() {
      return Object.fromEntries(state.counts);
    },
    get inFlight() {
      return state.inFlight;
    },
    get peakInFlight() {
      return state.peakInFlight;
    },
    get charged() {
      return state.charged;
    },
    get connections() {
      return state.connections;
    },
    script: (...faults) => state.script.add(faults),
    heal: () => state.script.clear(),
    answerWith: (answer) => {
      state.answer = answer;
    },
    reset: () => state.reset(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

class State {
  readonly options: ServerOptions;
  readonly script: FaultScript;
  readonly rate: RequestRate;
  readonly responseIds = new Set<string>();
  readonly fileIds = new Set<string>();
  readonly missingModels: ReadonlySet<string>;
  answer: ServerOptions["answer"];
  requests: RecordedRequest[] = [];
  violations: Violation[] = [];
  counts = new Map<string, number>();
  received = 0;
  charged = 0;
  connections = 0;
  inFlight = 0;
  peakInFlight = 0;

  constructor(options: ServerOptions) {
    this.options = options;
    this.answer = options.answer;
    this.script = new FaultScript(options.seed ?? 1);
    this.script.add(options.faults ?? []);
    this.rate = new RequestRate(options.requestsPerMinute, options.burst);
    this.missingModels = new Set(options.missingModels);
  }

  reset(): void {
    this.requests = [];
    this.violations = [];
    this.counts = new Map();
    this.received = 0;
    this.charged = 0;
    this.peakInFlight = this.inFlight;
    this.script.clear();
    this.answer = this.options.answer;
  }
}

const postEndpoints = new Set([
  "responses",
  "embeddings",
  "moderations",
  "images/generations",
  "images/edits",
  "audio/transcriptions",
  "audio/translations",
  "audio/speech",
  "files",
]);

async function handle(incoming: IncomingMessage, response: ServerResponse, state: State): Promise<void> {
  state.inFlight += 1;
  state.peakInFlight = Math.max(state.peakInFlight, state.inFlight);
  response.on("close", () => (state.inFlight -= 1));
  const received = await receive(incoming, state);
  const { request } = received;
  response.on("close", () => (request.endedAt = Date.now()));
  response.on("finish", () => (request.status = response.statusCode));
  const headers = {
    "x-request-id": `req_${hashOf([request.number, request.body]).slice(0, 32)}`,
    ...standing(state),
  };
  const actions = state.script.actionsFor(request);
  request.faults.push(...actions.map(({ kind }) => kind));
  for (const action of actions) if (action.kind === "delay") await sleep(action.ms);
  const refused = refuse(received, state, headers) ?? replaced(actions, headers);
  if (refused !== undefined) {
    write(response, refused);
    return;
  }
  const action = actions.find(({ kind }) => kind !== "delay");
  if (action?.kind === "reset" && action.after === "request") {
    response.socket?.resetAndDestroy();
    return;
  }
  await deliver(response, await work(request, state, headers), action);
}

/** What the service does and bills. */
async function work(
  request: RecordedRequest,
  state: State,
  headers: Readonly<Record<string, string>>,
): Promise<Delivery> {
  request.charged = request.method === "POST";
  if (request.charged) state.charged += 1;
  const given: unknown = await state.answer?.(request);
  const answer: Answer =
    given === undefined ? defaultAnswer(request) : { body: given, contentType: typeOf(given) };
  if (request.endpoint === "responses" && request.body["store"] !== false) {
    state.responseIds.add(textOf(recordOf(answer.body)["id"], responseIdOf(request)));
  }
  if (request.endpoint === "files") state.fileIds.add(textOf(recordOf(answer.body)["id"]));
  const model = textOf(request.body["model"]);
  const timing = { "openai-processing-ms": "12", ...(model === "" ? {} : { "openai-model": model }) };
  return { ...answer, status: 200, headers: { ...headers, ...timing } };
}

interface Received {
  readonly request: RecordedRequest;
  readonly problem: BodyProblem | undefined;
}

async function receive(incoming: IncomingMessage, state: State): Promise<Received> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  const endpoint = (incoming.url ?? "").replace(/^\/v1\//, "").replace(/\?.*$/, "");
  const method = incoming.method ?? "";
  const read = await readBody(incoming, endpoint, Buffer.concat(chunks));
  state.received += 1;
  const request: RecordedRequest = {
    number: state.received,
    endpoint,
    method,
    headers: incoming.headers,
    body: recordOf(read.body),
    files: read.files,
    partNames: read.names,
    receivedAt: Date.now(),
    faults: [],
    charged: false,
  };
  state.counts.set(endpoint, (state.counts.get(endpoint) ?? 0) + 1);
  if (state.options.keepRequests !== false) state.requests.push(request);
  if (read.problem !== undefined) state.violations.push({ ...read.problem, request });
  return { request, problem: read.problem };
}

interface ReadBody {
  readonly body: unknown;
  readonly files: RecordedRequest["files"];
  readonly names: readonly string[];
  readonly problem?: BodyProblem | undefined;
}

async function readBody(incoming: IncomingMessage, endpoint: string, bytes: Buffer): Promise<ReadBody> {
  if (!postEndpoints.has(endpoint)) return { body: {}, files: [], names: [] };
  try {
    if ((incoming.headers["content-type"] ?? "").startsWith("multipart/form-data")) {
      const { fields, files, names } = await readMultipart(incoming.headers, bytes);
      const body = coerceFields(endpoint, fields);
      return { body, files, names, problem: problemOf(endpoint, "multipart", body) };
    }
    const body: unknown = JSON.parse(bytes.toString("utf8"));
    return { body, files: [], names: [], problem: problemOf(endpoint, "json", body) };
  } catch (error) {
    const message = `We could not parse the body of your request. (${String(error)})`;
    return { body: {}, files: [], names: [], problem: { message, param: null, code: null } };
  }
}

/** Everything the service refuses before it works, in the order it would. */
function refuse(
  { request, problem }: Received,
  state: State,
  headers: Readonly<Record<string, string>>,
): Delivery | undefined {
  const unauthorized = keyProblem(request, state.options.apiKey);
  if (unauthorized !== undefined) return plainError(401, unauthorized, headers);
  const isKnown =
    request.method === "POST" ? postEndpoints.has(request.endpoint) : request.endpoint === "models";
  if (!isKnown) {
    return plainError(404, { message: `Invalid URL (${request.method} /v1/${request.endpoint})` }, headers);
  }
  const waitMs = state.rate.take();
  if (waitMs !== undefined) {
    const retry = { "retry-after": String(Math.ceil(waitMs / 1000)), "retry-after-ms": String(waitMs) };
    return plainError(429, rateLimitError, { ...headers, ...standing(state), ...retry });
  }
  if (problem !== undefined) return plainError(400, problem, headers);
  const refusal = refusalOf(request, state);
  return refusal === undefined ? undefined : plainError(refusal.status, refusal, headers);
}

/** Faults that stand in for the work. */
function replaced(
  actions: readonly FaultAction[],
  headers: Readonly<Record<string, string>>,
): Delivery | undefined {
  const action = actions.find(({ kind }) => kind === "status" || kind === "redirect");
  if (action?.kind === "redirect") {
    const body = "";
    return {
      body,
      status: action.status,
      contentType: "text/plain",
      headers: { ...headers, location: action.location },
    };
  }
  if (action?.kind !== "status") return undefined;
  const contentType = typeof action.body === "string" ? "text/html; charset=utf-8" : "application/json";
  return {
    body: action.body,
    status: action.status,
    contentType,
    headers: { ...headers, ...action.headers },
  };
}

function keyProblem(request: RecordedRequest, apiKey: string | undefined): ErrorFields | undefined {
  const [, key] = /^Bearer (.+)$/.exec(request.headers.authorization ?? "") ?? [];
  if (key === undefined) {
    const message =
      "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).";
    return { message };
  }
  return apiKey === undefined || key === apiKey ? undefined : invalidKeyError(key);
}

function standing(state: State): Record<string, string> {
  return { "openai-version": "2020-10-01", "openai-organization": "org-test", ...state.rate.headers() };
}

function plainError(
  status: number,
  fields: ErrorFields,
  headers: Readonly<Record<string, string>>,
): Delivery {
  return { status, headers, contentType: "application/json", body: errorBody(fields) };
}

function typeOf(body: unknown): string {
  if (typeof body === "string") return "text/plain; charset=utf-8";
  return body instanceof Uint8Array ? "application/octet-stream" : "application/json";
}

function readPort(address: AddressInfo | string | null): number {
  return (address as AddressInfo).port;
}
