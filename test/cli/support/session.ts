/**
 * A session that runs scripts of its own: statements end in `;`, and each says what happens to it.
 * `rows N` gives N rows, `change N` changes N, `fail CODE` fails, `failed N` is a row set with N failed calls,
 * `wait` runs until it is cancelled, `broken` does not parse.
 */
import {
  DiagnosticError,
  diagnostic,
  fail,
  type Binds,
  type ExecuteOptions,
  type ResultSet,
  type Session,
  type SessionOptions,
  type SqlValue,
  type Script,
  type ScriptStatement,
} from "../../../src/index.ts";

export interface FakeLibrary {
  readonly openSession: (options?: SessionOptions) => Promise<Session>;
  readonly procedures: readonly never[];
  /** What was asked of the session, in order. */
  readonly log: string[];
  /** Called when `wait` waits. */
  onWait: () => void;
}

const noCounts = {
  calls: 0,
  made: 0,
  cached: 0,
  failed: 0,
  inputTokens: 0,
  outputTokens: 0,
  costUsd: 0,
  costAsOf: undefined,
  elapsedMs: 1,
};

export function fakeLibrary(): FakeLibrary {
  const log: string[] = [];
  const library: FakeLibrary = {
    log,
    procedures: [],
    onWait: () => {},
    openSession: async (options = {}) => {
      const { database = ":memory:", connection = "none", readonly = false } = options;
      log.push(
        `open ${database} ${typeof connection === "string" ? connection : connection.name}${readonly ? " readonly" : ""}`,
      );
      return fakeSession(log, () => library.onWait());
    },
  };
  return library;
}

function fakeSession(log: string[], onWait: () => void): Session {
  const close = async (): Promise<void> => {
    log.push("close");
  };
  const session: FakeSession = {
    parse,
    setVariable: (name, value) => log.push(`:${name} = ${typeof value} ${JSON.stringify(value)}`),
    beginRun: () => ({ id: 1, isResumed: false, answeredCalls: 0, unansweredCalls: 0 }),
    endRun: (status) => {
      if (status !== "finished") log.push(`run ${status}`);
    },
    importRows: async (table, columns, rows) => {
      let count = 0;
      for await (const row of rows) {
        log.push(`${table}(${columns.join()}) ${row.map((cell) => `${typeof cell} ${String(cell)}`).join()}`);
        count++;
      }
      return count;
    },
    execute: async (statement, _binds, options) => {
      if (typeof statement === "string") throw new Error("the fake executes parsed statements");
      const text = statement.source.text.slice(statement.span.start, statement.span.end).trim();
      log.push(text);
      return run(text, options?.signal, onWait);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
  return readSession(session);
}

/** The command line executes parsed statements, whose rows TypeScript knows nothing of. */
type FakeSession = Omit<Partial<Session>, "execute"> & {
  readonly execute: (
    statement: string | ScriptStatement,
    binds?: Binds,
    options?: ExecuteOptions,
  ) => Promise<ResultSet>;
};

/** The fake has what the command line uses of a session. */
function readSession(session: FakeSession): Session {
  return session as Session;
}

function parse(text: string, name = "statement"): Script {
  const source = { name, text };
  const statements: ScriptStatement[] = [];
  const diagnostics = [];
  for (const match of text.matchAll(/[^;\s][^;]*/g)) {
    const span = { start: match.index, end: match.index + match[0].length };
    if (match[0].startsWith("broken")) diagnostics.push(diagnostic("parse/nul", {}, { source, span }));
    else statements.push(readStatement({ source, span, kind: "sql" }));
  }
  return readScript({ source, statements, diagnostics });
}

function readStatement(statement: object): ScriptStatement {
  return statement as ScriptStatement;
}

function readScript(script: object): Script {
  return script as Script;
}

async function run(text: string, signal: AbortSignal | undefined, onWait: () => void): Promise<ResultSet> {
  const [verb = "", argument = "0"] = text.split(" ");
  const number = Number(argument);
  switch (verb) {
    case "rows":
      return resultSet("rows", numbers(number), {});
    case "change":
      return resultSet("changes", numbers(0), { affectedRows: number });
    case "failed":
      return resultSet("rows", numbers(1), { counts: { ...noCounts, calls: 10, made: 10, failed: number } });
    case "warn": {
      const warnings = [{ ...diagnostic("connect/none", {}), severity: "warning" as const }];
      return resultSet("rows", numbers(1), { warnings });
    }
    case "late":
      return resultSet("rows", failingAfter(number), {});
    case "wait":
      return new Promise((_, reject) => {
        signal?.addEventListener("abort", () =>
          reject(new DiagnosticError([diagnostic("connect/none", {})])),
        );
        onWait();
      });
    case "SET":
      return argument === "refused" ? fail("parse/nul", {}) : resultSet("notice", numbers(0), {});
    case "fail":
      return fail("connect/unknown", { name: argument, names: [] });
    default:
      return resultSet("notice", numbers(0), {});
  }
}

async function* numbers(count: number): AsyncGenerator<readonly SqlValue[]> {
  for (let number = 1; number <= count; number++) yield [number];
}

async function* failingAfter(count: number): AsyncGenerator<readonly SqlValue[]> {
  yield* numbers(count);
  fail("connect/unknown", { name: "late", names: [] });
}

function resultSet(
  kind: ResultSet["kind"],
  rows: AsyncGenerator<readonly SqlValue[]>,
  more: Partial<ResultSet>,
): ResultSet {
  const result: Partial<ResultSet> = {
    kind,
    columns: [{ name: "n", type: "INTEGER", format: undefined }],
    arrays: () => rows,
    affectedRows: 0,
    warnings: [],
    counts: noCounts,
    close: async () => {},
    ...more,
  };
  return readResultSet(result);
}

function readResultSet(result: Partial<ResultSet>): ResultSet {
  return result as ResultSet;
}
