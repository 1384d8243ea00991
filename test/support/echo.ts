/**
 * Procedures and a connection for testing the runtime: P, Q and S take (x, y) and answer by a function of the test's
 * own. The connection keeps a log of what was asked, in order.
 */
import type { CallError, Procedure, Row } from "../../src/catalog/procedure.ts";
import type { Connection, ConnectionModels, SendOutcome } from "../../src/catalog/request.ts";
import type { SqlValue } from "../../src/catalog/value.ts";
import { openSession, type Session, type SessionOptions } from "../../src/index.ts";

/** `connection`: the one that a call names, NULL where it names none; of the oracle alone. */
export type Answers = (procedure: string, x: SqlValue, y: SqlValue, connection?: SqlValue) => SqlValue;

export interface Echo {
  readonly session: Session;
  /** `P(x)` or `P(x, y)` for each request, in the order sent. */
  readonly asked: string[];
  /** Rows of a statement, as arrays. */
  readonly rows: (sql: string, binds?: Record<string, SqlValue>) => Promise<(readonly SqlValue[])[]>;
}

/** Throw it from an answer function to fail the call. */
export class EchoFailure extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string) {
    super(`failed with ${code}`);
    this.status = status;
    this.code = code;
  }
}

export async function openEcho(answers: Answers, options: SessionOptions = {}): Promise<Echo> {
  const asked: string[] = [];
  const connection = echoConnection(answers, asked);
  const session = await openSession({ connection, ...options, procedures: echoProcedures });
  return {
    session,
    asked,
    rows: async (sql, binds = {}) => Array.fromAsync((await session.execute(sql, binds)).arrays()),
  };
}

const columns = [
  { name: "R", type: "text", summary: "answer" },
  { name: "Error_Code", type: "text", summary: "error" },
  { name: "X", type: "text", summary: "echo" },
] as const;

export const echoProcedures: readonly Procedure[] = ["P", "Q", "S"].map(echoProcedure);

/** For services that take whatever model a call names. */
export const noModels: ConnectionModels = {
  text: "",
  image: "",
  embedding: "",
  moderation: "",
  transcription: "",
  translation: "",
  speech: "",
};

export function echoConnection(answers: Answers, asked: string[] = [], name = "echo"): Connection {
  return {
    name,
    identity: name,
    models: noModels,
    send: async (request): Promise<SendOutcome> => {
      const { procedure, x, y } = readBody(request.body);
      asked.push(described(procedure, x, y));
      try {
        const body = { r: answers(procedure, x, y) };
        return { ok: true, answer: { body, status: 200, contentType: "application/json" } };
      } catch (error) {
        if (!(error instanceof EchoFailure)) throw error;
        const { status, code, message } = error;
        return { ok: false, failure: { kind: "http", status, code, message } };
      }
    },
  };
}

export function described(procedure: string, x: SqlValue, y: SqlValue): string {
  const text = (value: SqlValue): string =>
    value instanceof Uint8Array
      ? `<${value.length} bytes>`
      : typeof value === "string"
        ? // 1 and '1' are different calls to the runtime.
          value.replace(/^-?[\d.]+$/, "'$&'")
        : String(value ?? "NULL");
  return y === null ? `${procedure}(${text(x)})` : `${procedure}(${text(x)}, ${text(y)})`;
}

function readBody(body: unknown): { procedure: string; x: SqlValue; y: SqlValue } {
  return body as { procedure: string; x: SqlValue; y: SqlValue };
}

function echoProcedure(name: string): Procedure {
  const parameters = ["x", "y"].map((parameter, position) => ({
    name: parameter,
    position,
    type: "text" as const,
    summary: parameter,
  }));
  const errorRow = (error: CallError): Row => [null, error.code, null];
  return {
    name,
    summary: "echo",
    source: "test",
    endpoint: "responses",
    parameters,
    columns,
    primary: 0,
    overloads: [],
    examples: [],
    findParameter: (text) => parameters.find((item) => item.name === text.toLowerCase()),
    prepare: ([x = null, y = null]) => {
      if (x === "invalid") {
        return { ok: false, arguments: {}, error: { code: "call/test-invalid", message: "x is invalid" } };
      }
      const plain = (value: SqlValue): SqlValue => (typeof value === "bigint" ? Number(value) : value);
      const body = { procedure: name, x: plain(x), y: plain(y) };
      return { ok: true, arguments: {}, request: { endpoint: "responses", body }, warnings: [] };
    },
    result: (prepared, { answer, failure }) => {
      const usage = { inputTokens: 1, outputTokens: 1 };
      if (failure !== undefined) {
        const error = { code: failure.code ?? failure.kind, message: failure.message };
        return { row: errorRow(error), error, usage };
      }
      const { x } = readBody(prepared.request.body);
      return { row: [readAnswer(answer?.body), null, x], usage };
    },
    errorRow: (_, error) => errorRow(error),
  };
}

function readAnswer(body: unknown): SqlValue {
  return (body as { r: SqlValue }).r;
}
