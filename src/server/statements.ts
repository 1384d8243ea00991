/**
 * A command on its way to the parts of an answer: a call of values is made here, anything with SQL of its own in a process
 * that can be ended.
 */
import type { JsonObject, ResultSet, SqlValue } from "../index.ts";
import type { CallOptions, Client } from "./clients.ts";
import type { StatementPool } from "./pool.ts";
import type { EachOptions, Part, Task } from "./protocol.ts";
import { bindsOf } from "./values.ts";

export interface Command extends CallOptions {
  readonly client: Client;
  readonly task: Task;
}

/** Throws DiagnosticError; what is wrong with the text comes before the first part. */
export async function* answer(
  pool: StatementPool,
  { client, task, ...options }: Command,
): AsyncGenerator<Part> {
  const { command, binds, verb } = task;
  const statement = client.read(command);
  client.checkConnection(options.connection);
  const result = verb === "execute" ? await client.callAlone(statement, binds, options) : undefined;
  if (result === undefined) yield* pool.run(task, conditionsOf(client, options));
  else yield* partsOf(result, client);
}

export interface EachCommand extends CallOptions {
  readonly client: Client;
  readonly command: string;
  readonly binds: Readonly<Record<string, SqlValue>>;
  readonly each: EachOptions;
  readonly isOrdered: boolean;
  readonly rows: AsyncGenerator<JsonObject>;
}

/** A head, an output for each row, an end. Throws as `answer` does. */
export async function* answerEach(pool: StatementPool, given: EachCommand): AsyncGenerator<Part> {
  const { client, command, binds, each, isOrdered, rows, ...options } = given;
  const statement = client.read(command);
  client.checkConnection(options.connection);
  const run = client.callEach(statement, rows, {
    ...options,
    ...each,
    ordered: isOrdered,
    bind: (row) => ({ ...binds, ...bindsOf(row) }),
  });
  if (run === undefined) {
    const task: Task = { verb: "each", command, binds, each, rowsMax: 0 };
    yield* pool.run(task, { ...conditionsOf(client, options), rows });
    return;
  }
  yield { kind: "head", columns: run.columns };
  for await (const output of run) {
    if (output.output !== "error") client.noteObject(output.row);
    yield { kind: "output", output };
  }
  const { counts, warnings } = run;
  yield { kind: "end", end: { affectedRows: 0, isTruncated: false, warnings, counts } };
}

function conditionsOf(client: Client, options: CallOptions) {
  return { desk: client.desk(options), signal: options.signal };
}

async function* partsOf(result: ResultSet, client: Client): AsyncGenerator<Part> {
  const { columns, affectedRows, warnings, counts } = result;
  yield { kind: "head", columns };
  const rows: (readonly SqlValue[])[] = await Array.fromAsync(result.arrays());
  for (const row of rows) client.noteRow(columns, row);
  yield { kind: "rows", rows };
  yield { kind: "end", end: { affectedRows, isTruncated: false, warnings, counts } };
}
