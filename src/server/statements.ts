/**
 * A command on its way to the parts of an answer: a call of values is made here, anything with SQL of its own in a process
 * that can be ended.
 */
import type { ResultSet, SqlValue } from "../index.ts";
import type { CallOptions, Client } from "./clients.ts";
import type { StatementPool } from "./pool.ts";
import type { Part, Task } from "./protocol.ts";

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
  if (result !== undefined) {
    yield* partsOf(result, client);
    return;
  }
  yield* pool.run(task, { desk: client.desk(options), signal: options.signal });
}

async function* partsOf(result: ResultSet, client: Client): AsyncGenerator<Part> {
  const { columns, affectedRows, warnings, counts } = result;
  yield { kind: "head", columns };
  const rows: (readonly SqlValue[])[] = await Array.fromAsync(result.arrays());
  for (const row of rows) client.noteRow(columns, row);
  yield { kind: "rows", rows };
  yield { kind: "end", end: { affectedRows, isTruncated: false, warnings, counts } };
}
