/**
 * A process that runs statements for the server, one after the other, and can be ended at any moment. It has the database
 * and nothing else: no key, no ledger, no network; the calls of a statement are bought by the server.
 */
import {
  diagnostic,
  DiagnosticError,
  openSession,
  type Answer,
  type CallDesk,
  type Connection,
  type ConnectionFacts,
  type Delivery,
  type JsonObject,
  type ResultSet,
  type Session,
  type SqlValue,
} from "../index.ts";
import { bindsOf } from "./values.ts";
import {
  withoutSource,
  type DescribedBind,
  type End,
  type FromProcess,
  type Setup,
  type Task,
  type ToProcess,
} from "./protocol.ts";

/** A part holds so many rows, or fewer that come to so many bytes. */
const partRows = 500;
const partBytes = 256 * 1024;

process.once("message", (message: ToProcess) => {
  if (message.kind === "setup") void serve(message.setup);
});
// The server is gone: nobody is left to work for.
process.once("disconnect", () => process.exit());

async function serve(setup: Setup): Promise<void> {
  const line = new Line();
  try {
    const session = await open(setup, line);
    line.onTask = (task) => void perform(session, task, line);
    line.send({ kind: "ready" });
  } catch (error) {
    line.send({ kind: "failure", diagnostics: diagnosticsOf(error) });
  }
}

function open({ database, isWritable, models, connection }: Setup, line: Line): Promise<Session> {
  return openSession({
    env: {},
    confined: { isWritable },
    desk: line,
    readonly: !isWritable,
    ...(database === undefined ? {} : { database }),
    ...(models === undefined ? {} : { models }),
    ...(connection === undefined ? {} : { connection: { ...connection, send: refuseToSend } }),
  });
}

/** Only for its models and limits, which EXPLAIN CALLS goes by. */
const refuseToSend: Connection["send"] = async () => {
  throw new Error("calls are bought by the server");
};

async function perform(session: Session, task: Task, line: Line): Promise<void> {
  try {
    line.send({ kind: "end", end: await give(session, task, line) });
  } catch (error) {
    line.send({ kind: "failure", diagnostics: diagnosticsOf(error) });
  }
}

async function give(session: Session, task: Task, line: Line): Promise<End> {
  switch (task.verb) {
    case "describe":
      return describe(session, task, line);
    case "explain": {
      const { sites, warnings } = await session.explain(task.command, task.binds, task.explain);
      await line.part({ kind: "explanation", sites });
      return { ...nothing, warnings: warnings.map(withoutSource) };
    }
    case "each":
      return giveEach(session, task, line);
    case "execute":
      return giveRows(await session.execute(task.command, task.binds), task, line);
  }
}

const nothing: End = { affectedRows: 0, isTruncated: false, warnings: [], counts: undefined };

async function describe(session: Session, { command }: Task, line: Line): Promise<End> {
  const { columns, parameters } = session.prepare(command);
  const described = parameters.map(({ name, parameter, procedure }): DescribedBind => ({
    name,
    ...(parameter === undefined || procedure === undefined
      ? {}
      : {
          procedure: procedure.name,
          parameter: parameter.name,
          type: parameter.type,
          isRequired: parameter.required === true,
        }),
  }));
  await line.part({ kind: "head", columns, parameters: described });
  return nothing;
}

async function giveRows(result: ResultSet, { rowsMax }: Task, line: Line): Promise<End> {
  const { columns, affectedRows, warnings, counts } = result;
  let isTruncated = false;
  let isWanted = await line.part({ kind: "head", columns });
  let rows: (readonly SqlValue[])[] = [];
  let bytes = 0;
  let given = 0;
  for await (const row of result.arrays()) {
    isTruncated = given === rowsMax;
    if (!isWanted || isTruncated) break;
    given++;
    bytes += sizeOf(row);
    rows.push(row);
    if (rows.length < partRows && bytes < partBytes) continue;
    isWanted = await line.part({ kind: "rows", rows });
    rows = [];
    bytes = 0;
  }
  if (isWanted && rows.length > 0) await line.part({ kind: "rows", rows });
  return { affectedRows, isTruncated, warnings: warnings.map(withoutSource), counts };
}

async function giveEach(session: Session, { command, binds, each }: Task, line: Line): Promise<End> {
  const run = session.executeForEach(command, line.rows(), {
    ...each,
    bind: (row: JsonObject) => ({ ...binds, ...bindsOf(row) }),
  });
  let isWanted = await line.part({ kind: "head", columns: run.columns });
  if (isWanted) {
    for await (const output of run) {
      const found = output.output === "error" ? { ...output, error: withoutSource(output.error) } : output;
      isWanted = await line.part({ kind: "output", output: found });
      if (!isWanted) break;
    }
  }
  return {
    affectedRows: 0,
    isTruncated: false,
    warnings: run.warnings.map(withoutSource),
    counts: { ...run.counts },
  };
}

function sizeOf(row: readonly SqlValue[]): number {
  let size = 0;
  for (const value of row)
    size += typeof value === "string" || value instanceof Uint8Array ? value.length : 8;
  return size;
}

function diagnosticsOf(error: unknown) {
  if (error instanceof DiagnosticError) return error.diagnostics.map(withoutSource);
  return [diagnostic("internal/bug", { what: error instanceof Error ? error.message : String(error) })];
}

type Recorded = readonly (Answer | undefined)[];

/** What is said to the server and heard from it. */
class Line implements CallDesk {
  onTask: (task: Task) => void = () => {};
  #delivered: PromiseWithResolvers<Delivery> | undefined;
  #told: PromiseWithResolvers<ConnectionFacts> | undefined;
  #found: PromiseWithResolvers<Recorded> | undefined;
  #taken: ((isWanted: boolean) => void) | undefined;
  #row: ((row: JsonObject | undefined) => void) | undefined;

  constructor() {
    process.on("message", (message: ToProcess) => this.#hear(message));
  }

  send(message: FromProcess): void {
    // Where the server has gone while this was on its way, there is nothing to do and nobody to tell.
    process.send?.(message, (error: Error | null) => {
      if (error !== null) process.exit();
    });
  }

  /** Whether more is wanted. */
  part(message: FromProcess): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#taken = resolve;
    this.send(message);
    return promise;
  }

  buy(orders: Parameters<CallDesk["buy"]>[0]): Promise<Delivery> {
    this.#delivered = Promise.withResolvers();
    this.send({ kind: "orders", orders });
    return this.#delivered.promise;
  }

  recorded(orders: Parameters<CallDesk["buy"]>[0]): Promise<Recorded> {
    this.#found = Promise.withResolvers();
    this.send({ kind: "look-up", orders });
    return this.#found.promise;
  }

  connectionFacts(name: string): Promise<ConnectionFacts> {
    this.#told = Promise.withResolvers();
    this.send({ kind: "connection", name });
    return this.#told.promise;
  }

  /** Input rows, each asked for when it is wanted. */
  async *rows(): AsyncGenerator<JsonObject> {
    for (;;) {
      const { promise, resolve } = Promise.withResolvers<JsonObject | undefined>();
      this.#row = resolve;
      this.send({ kind: "wanted" });
      const row = await promise;
      if (row === undefined) return;
      yield row;
    }
  }

  #hear(message: ToProcess): void {
    switch (message.kind) {
      case "setup":
        return;
      case "task":
        return this.onTask(message.task);
      case "delivery":
        return this.#delivered?.resolve(message.delivery);
      case "facts":
        return this.#told?.resolve(message.facts);
      case "recorded":
        return this.#found?.resolve(message.answers);
      case "refusal": {
        // One is asked for at a time; the others have their answers, which stand.
        const error = new DiagnosticError(message.diagnostics);
        this.#found?.reject(error);
        this.#delivered?.reject(error);
        return this.#told?.reject(error);
      }
      case "row":
        return this.#row?.(message.row);
      case "more":
        return this.#taken?.(true);
      case "stop":
        this.#row?.(undefined);
        return this.#taken?.(false);
    }
  }
}
