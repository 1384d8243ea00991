/**
 * The sys_ tables: what each is and what its columns say, once. Their readers (describe.ts, runtime/system-tables.ts,
 * runtime/ledger/tables.ts, runtime/run-changes.ts) must have exactly these columns; DESCRIBE and docs/system-tables.md
 * show the words.
 */

/** Of a sys_ table. */
export interface SystemColumn {
  /** What its values are; NULL may always stand for what is not known. */
  readonly type: "text" | "integer" | "real" | "any";
  readonly summary: string;
}

interface SystemTable {
  readonly summary: string;
  readonly columns: Readonly<Record<string, SystemColumn>>;
}

const text = (summary: string): SystemColumn => ({ type: "text", summary });
const integer = (summary: string): SystemColumn => ({ type: "integer", summary });
const real = (summary: string): SystemColumn => ({ type: "real", summary });
const any = (summary: string): SystemColumn => ({ type: "any", summary });
const flag = (summary: string): SystemColumn => integer(`1 or 0: ${summary}`);

const startedAt = text("When it began, ISO 8601 in UTC.");
const endedAt = text("When it ended; NULL while it goes on.");
const spent = {
  input_tokens: integer("Tokens sent."),
  output_tokens: integer("Tokens answered."),
  cost_usd: real("Cost by the price list, in USD; NULL where no price is known."),
};

/** The sys_ tables by name: a summary of each, and the type and the words of its columns, in their order. */
export const systemTables = {
  sys_procedures: {
    summary: "The procedures that can be called.",
    columns: {
      procedure_name: text("As it is written in a call."),
      remarks: text("What it does."),
      signature: text("Its parameters in order; those in brackets may be left out."),
      primary_column: text("The column that is the value of the call in an expression."),
      endpoint: text("The API's endpoint it asks."),
      parameter_count: integer("How many parameters it has."),
      column_count: integer("How many columns it gives."),
      examples: text("JSON array of SQL."),
      notes: text("JSON array of what else is to be known."),
      source: text("Where its description comes from."),
    },
  },
  sys_procedure_parameters: {
    summary: "The parameters of every procedure.",
    columns: {
      procedure_name: text("The procedure."),
      parameter_name: text("As it is written before =>."),
      ordinal_position: integer("Its place among the arguments, from 1."),
      data_type: text("text, integer, real, boolean, bytes or json."),
      is_required: flag("a call without it is refused."),
      default_value: any("What stands for it when it is left out."),
      aliases: text("Other names, separated by commas."),
      allowed_values: text("Its values where they are a list, separated by commas."),
      minimum: real("The least number."),
      maximum: real("The greatest number."),
      max_length: integer("The most characters."),
      max_bytes: integer("The most bytes."),
      max_tokens: integer("The most tokens."),
      is_extension: flag("callsql's own, beyond the connector's documentation."),
      is_sent: flag("it reaches the API."),
      remarks: text("What it is for."),
      source: text("Where its description comes from."),
    },
  },
  sys_procedure_columns: {
    summary: "The columns of every procedure's rows.",
    columns: {
      procedure_name: text("The procedure."),
      column_name: text("The column."),
      ordinal_position: integer("Its place in the row, from 1."),
      data_type: text("text, integer, real, boolean, blob or json."),
      column_kind: text(
        "result: the procedure's own; status: how the call went; argument: what it was given.",
      ),
      is_primary: flag("it is the value of the call in an expression."),
      remarks: text("What it says."),
    },
  },
  sys_models: {
    summary: "The known models: what they are for, cost and refuse, and when they retire.",
    columns: {
      model: text("Its id, as Model => takes it."),
      price: text("In words."),
      procedures: text("Those that can use it, separated by commas."),
      sampling: text("When it takes Temperature and TopP: always, effort-none, never."),
      not_supported: text("Parameters it refuses, separated by commas."),
      supported_values: text("JSON: parameters of which it takes some values only."),
      retires_on: text("The day it is shut down, where that is known."),
      replacement: text("The model its maker names in its place."),
      is_free: flag("it costs nothing."),
      listing: text("After callsql models --refresh: listed, not listed, or unknown to callsql."),
      shutdown_date: text("The day the service itself gives, after --refresh."),
      input_usd: real("USD per million tokens sent."),
      cached_input_usd: real("USD per million tokens sent that the service had cached."),
      output_usd: real("USD per million tokens answered."),
      image_input_usd: real("USD per million tokens of images sent."),
      audio_input_usd: real("USD per million tokens of sound sent."),
      image_output_usd: real("USD per million tokens of images answered."),
      hour_usd: real("USD per hour of sound."),
      character_usd: real("USD per million characters."),
      price_as_of: text("The day the price was read."),
      price_source: text("Where it was read."),
    },
  },
  sys_options: {
    summary: "The options of the session, as SHOW OPTIONS lists them.",
    columns: {
      option: text("What SET takes."),
      value: any("What holds."),
      source: text("Who said so: set (by SET), default, or the connection."),
      summary: text("What it does."),
      allowed: text("What it may be."),
    },
  },
  sys_calls: {
    summary: "Every call that was sent, from the record of calls; the oldest first.",
    columns: {
      id: integer("Number of the call in the record."),
      run: integer("The run it belongs to: sys_runs.id."),
      statement: integer("The statement that asked: sys_statements.id."),
      status: text(
        "succeeded; unusable: answered, but not as asked; failed; started; unknown: no answer came, and it may have been charged.",
      ),
      procedure: text("The procedure."),
      connection: text("The connection that sent it."),
      endpoint: text("The API's endpoint."),
      model: text("The model that was asked."),
      key: text("SHA-256 of connection, endpoint and request: equal calls have one."),
      request: text("What was sent as JSON; bytes by their hash, keys masked."),
      response: text("What came back, if it is text."),
      started_at: startedAt,
      ended_at: endedAt,
      attempts: integer("HTTP requests sent."),
      duration_ms: integer("Milliseconds from the first attempt to the answer."),
      http_status: integer("HTTP status of the last answer."),
      request_id: text("The API's request id, for its support."),
      error_code: text("Why it failed: the API's code, or call/… of callsql's own."),
      error_message: text("The error in words."),
      ...spent,
    },
  },
  sys_statements: {
    summary: "Statements that sent calls: what RETRY FAILED runs again.",
    columns: {
      id: integer("Number of the statement in the record."),
      run: integer("The run it belongs to: sys_runs.id."),
      text: text("The SQL."),
      binds: text("JSON object of the values of binds; bytes by their hash."),
      status: text("running, finished or failed."),
      started_at: startedAt,
      ended_at: endedAt,
      error_code: text("Why it failed."),
      error_message: text("The error in words."),
    },
  },
  sys_runs: {
    summary: "What was run: scripts, which may go on after a crash, and sessions.",
    columns: {
      id: integer("Number of the run: what callsql runs and callsql retry take."),
      kind: text("script or session."),
      name: text("The script's files, or what the session is called."),
      database: text("The file it worked on; NULL: in memory."),
      status: text("running, finished, failed or interrupted."),
      process: integer("Process id of who runs it."),
      started_at: startedAt,
      ended_at: endedAt,
      succeeded: integer("Calls that have their answer."),
      failed: integer("Calls that failed and have no answer since."),
      unknown: integer("Calls without an answer that may have been charged."),
      ...spent,
    },
  },
  sys_run_changes: {
    summary: "Which answers differ between two runs: sys_run_changes(A, B).",
    columns: {
      change: text("changed, only in run A, or only in run B."),
      procedure: text("The procedure."),
      model: text("The model."),
      request: text("What was sent, as JSON."),
      before: text("What run A was answered."),
      after: text("What run B was answered."),
    },
  },
} as const satisfies Readonly<Record<string, SystemTable>>;

export type SystemTableName = keyof typeof systemTables;
/** What a reader of a table must know: exactly its columns. */
export type ColumnsOf<Name extends SystemTableName> = keyof (typeof systemTables)[Name]["columns"] & string;

/** Case does not matter, as in SQL. */
export function findSystemTable(name: string): SystemTable | undefined {
  const tables: Readonly<Record<string, SystemTable>> = systemTables;
  const key = name.toLowerCase();
  return Object.hasOwn(tables, key) ? tables[key] : undefined;
}
