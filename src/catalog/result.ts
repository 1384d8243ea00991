/**
 * A finished call → its row: the procedure's own columns, the tail common to all, the echo of the arguments.
 * Every column is always there; what is not known is NULL.
 */
import { apiHints } from "../diagnostics/messages/call.ts";
import type { ColumnDefinitions, Definition, ParameterDefinitions } from "./definition.ts";
import { isEndpointMissing } from "./missing-endpoint.ts";
import { costOf, shippedModels, type Cost, type ModelTable, type Usage } from "./models.ts";
import { readArguments } from "./prepare.ts";
import { callError } from "./problem.ts";
import type { CallError, CallResult, Cells, CellValue, Column, Outcome, Prepared, Row } from "./procedure.ts";
import type { ApiAnswer, ApiFailure } from "./request.ts";
import type { Arguments, SqlValue } from "./value.ts";

/** After a procedure's own columns. */
export const commonColumns = {
  Status: { type: "text", summary: "completed, incomplete or failed." },
  Error_Code: { type: "text", summary: "Why the call failed: the API's code, or call/… of callsql's own." },
  Error_Type: { type: "text", summary: "The API's error type." },
  Error_Param: { type: "text", summary: "The parameter at fault, where one is." },
  Error_Message: { type: "text", summary: "The error in words." },
  Http_Status: { type: "integer", summary: "HTTP status of the last answer." },
  Request_Id: { type: "text", summary: "The API's request id, for its support." },
  Attempts: { type: "integer", summary: "HTTP requests sent for this call." },
  Duration_Ms: { type: "integer", summary: "Milliseconds from the first attempt to the answer." },
  Cost_Usd: { type: "real", summary: "Cost by the price list, in USD; NULL when it is not known." },
  Cost_As_Of: { type: "text", summary: "The day that price was read." },
} as const satisfies ColumnDefinitions;

export function resultOf<P extends ParameterDefinitions, C extends ColumnDefinitions>(
  definition: Definition<P, C>,
  columns: readonly Column[],
  prepared: Extract<Prepared, { ok: true }>,
  outcome: Outcome,
): CallResult {
  const args = prepared.arguments;
  if (outcome.answer === undefined) return failureResult(columns, args, outcome);
  const { answer } = outcome;
  const reading = definition.row(answer.body, readArguments<P>(args), answer);
  const error = reading.error === undefined ? undefined : completeError(reading.error, answer);
  const model = reading.model ?? answer.model ?? args["Model"];
  const cost = costOfModel(model, reading.usage ?? {}, prepared);
  const status = error === undefined ? "completed" : (reading.status ?? "failed");
  const tail = tailCells({ status, error, outcome, cost });
  const usage = {
    inputTokens: reading.usage?.inputTokens ?? 0,
    outputTokens: reading.usage?.outputTokens ?? 0,
  };
  return {
    row: toRow(columns, { ...args, ...reading.cells, ...tail }),
    usage,
    ...(error === undefined ? {} : { error }),
    ...(cost === undefined ? {} : { costUsd: cost.usd, costAsOf: cost.asOf }),
  };
}

/** The row of a call that was never sent. */
export function errorRow(columns: readonly Column[], values: Arguments, error: CallError): Row {
  return toRow(columns, { ...values, ...tailCells({ status: "failed", error }) });
}

/** What SQLite stores for a cell: booleans 0/1, objects and arrays JSON text, undefined NULL. */
export function toSqlValue(cell: CellValue): SqlValue {
  switch (typeof cell) {
    case "boolean":
      return cell ? 1 : 0;
    case "undefined":
      return null;
    case "number":
      return Number.isFinite(cell) ? cell : null;
    case "object":
      return cell === null || cell instanceof Uint8Array ? cell : JSON.stringify(cell);
    default:
      return cell;
  }
}

const unbilled: ReadonlySet<string | undefined> = new Set(["http", "redirect", "unavailable", "credentials"]);

function failureResult(columns: readonly Column[], args: Arguments, outcome: Outcome): CallResult {
  const error = failureError(outcome.failure);
  // A refused request is not billed; of one that broke off nobody knows.
  const isUnbilled = unbilled.has(outcome.failure?.kind);
  const costUsd = isUnbilled ? 0 : undefined;
  const row = toRow(columns, {
    ...args,
    ...tailCells({ status: "failed", error, outcome }),
    Cost_Usd: costUsd,
  });
  return { row, error, usage: { inputTokens: 0, outputTokens: 0 }, ...(isUnbilled ? { costUsd: 0 } : {}) };
}

function failureError(failure: ApiFailure | undefined): CallError {
  if (failure === undefined) return callError("call/bad-answer", { what: "there is none" });
  const isMissing = isEndpointMissing(failure);
  const own = isMissing ? callError("call/no-endpoint", { message: failure.message }) : ownError(failure);
  return {
    // Some servers put the status there.
    code: isMissing ? own.code : (failure.code ?? own.code),
    message: own.message,
    hint: failure.hint ?? apiHints[failure.code ?? ""] ?? own.hint,
    type: failure.type,
    param: failure.param,
    httpStatus: failure.status,
    requestId: failure.requestId,
  };
}

function ownError(failure: ApiFailure): CallError {
  const { message } = failure;
  switch (failure.kind) {
    case "http":
      return callError("call/http-error", { message });
    case "network":
      return callError("call/network", { message });
    case "timeout":
      return callError("call/timeout", { message });
    case "bad-answer":
      return callError("call/bad-answer", { what: message });
    case "redirect":
      return callError("call/redirect", { message });
    case "cancelled":
      return { ...callError("call/cancelled", {}), message };
    case "unavailable":
      return callError("call/not-available-offline", { message, hint: failure.hint });
    case "credentials":
    case "proxy":
      return callError("call/credentials", { message });
  }
}

function completeError(error: CallError, answer: ApiAnswer): CallError {
  return {
    ...error,
    hint: error.hint ?? apiHints[error.code],
    httpStatus: error.httpStatus ?? answer.status,
    requestId: error.requestId ?? answer.requestId,
  };
}

function costOfModel(
  id: unknown,
  usage: Usage,
  { modelTable = shippedModels, today }: { readonly modelTable?: ModelTable; readonly today?: string },
): Cost | undefined {
  const model = typeof id === "string" ? modelTable.find(id) : undefined;
  return model === undefined ? undefined : costOf(model, usage, today);
}

interface Tail {
  readonly status: string;
  readonly error?: CallError | undefined;
  readonly outcome?: Outcome | undefined;
  readonly cost?: Cost | undefined;
}

function tailCells({ status, error, outcome, cost }: Tail): Record<keyof typeof commonColumns, CellValue> {
  return {
    Status: status,
    Error_Code: error?.code,
    Error_Type: error?.type,
    Error_Param: error?.param,
    Error_Message: error?.message,
    Http_Status: error?.httpStatus ?? outcome?.answer?.status,
    Request_Id: error?.requestId ?? outcome?.answer?.requestId,
    Attempts: outcome?.attempts,
    Duration_Ms: outcome?.durationMs,
    Cost_Usd: cost?.usd,
    Cost_As_Of: cost?.asOf,
  };
}

function toRow(columns: readonly Column[], cells: Cells): Row {
  return columns.map((column) => toSqlValue(cells[column.name]));
}
