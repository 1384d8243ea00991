/**
 * What a procedure is: one declarative value from which binding, help, sys_ tables, docs and tests are derived.
 * `Definition` is what a procedure's file writes; `Procedure` is the complete form the rest of the program reads.
 */
import type { MediaKind } from "./media.ts";
import type { ModelTable } from "./models.ts";
import type { ApiAnswer, ApiFailure, ApiRequest, ConnectionModels, Endpoint } from "./request.ts";
import type { Arguments, ColumnType, SqlValue } from "./value.ts";

/** What a parameter takes. Numbers given as text are coerced; json is text that parses. */
export type ParameterType = "text" | "integer" | "real" | "boolean" | "bytes" | "json";

/** What a definition says of a parameter. What it refuses is refused before anything is sent. */
export interface ParameterDefinition {
  readonly type: ParameterType;
  readonly summary: string;
  readonly required?: boolean;
  /** Shipped default, applied when the argument is absent or NULL and no session default is set. */
  readonly default?: string | number | boolean;
  /** The shipped default is the connection's model for this purpose. */
  readonly defaultModel?: keyof ConnectionModels;
  readonly aliases?: readonly string[];
  /** The only values allowed; matched case-insensitively, sent as written here. */
  readonly values?: readonly string[];
  /** Text beyond `values` that passes as written, such as the id of a custom voice. */
  readonly otherValues?: RegExp;
  /** json: text that is no JSON is a list separated by commas. */
  readonly isList?: boolean;
  /** bytes: what the file must be; text is taken as base64 only when it decodes to such a file. */
  readonly media?: MediaKind;
  /** bytes: an https URL passes as text. */
  readonly acceptsUrl?: boolean;
  readonly min?: number;
  readonly max?: number;
  /** In characters. */
  readonly maxLength?: number;
  readonly maxBytes?: number;
  /** In tokens, which are counted for listed models only (PrepareContext.countTokens). */
  readonly maxTokens?: number;
  /** Ours, not in the connector's documentation. Stands after the documented ones. */
  readonly isExtension?: boolean;
  /** Accepted because the documentation lists it, but the API has no field for it: a warning, never silence. */
  readonly isUnsent?: boolean;
  /** A result column of earlier calls whose values it takes. A server lets nobody use a value that another was given. */
  readonly refersTo?: string;
  /** Where it comes from, when that is not the procedure's own source: of an extension, the API's field. */
  readonly source?: string;
}

/** What a definition says of a result column. */
export interface ColumnDefinition {
  readonly type: ColumnType;
  readonly summary: string;
}

/** A parameter of a procedure, with its place. */
export interface Parameter extends ParameterDefinition {
  readonly name: string;
  /** From 0, in the signature. */
  readonly position: number;
}

/** A result column of a procedure. */
export interface Column extends ColumnDefinition {
  readonly name: string;
}

/** A column's value before it becomes SQLite's: booleans become 0/1, objects and arrays JSON text, undefined NULL. */
export type CellValue =
  | SqlValue
  | boolean
  | undefined
  | readonly unknown[]
  | { readonly [key: string]: unknown };
export type Cells = Readonly<Record<string, CellValue>>;

/** Row values in the order of `Procedure.columns`. */
export type Row = readonly SqlValue[];

/** Why a call's row carries an error. `code` is what Error_Code shows: the API's own code, or one of ours. */
export interface CallError {
  readonly code: string;
  readonly message: string;
  readonly type?: string | undefined;
  readonly param?: string | undefined;
  readonly httpStatus?: number | undefined;
  readonly requestId?: string | undefined;
  readonly hint?: string | undefined;
}

/** What a call says that does not end it. */
export interface CallWarning {
  /** A code of messages/call.ts. */
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
}

/** What the values of one call come to, before anything is sent. */
export type Prepared =
  | {
      readonly ok: true;
      readonly arguments: Arguments;
      readonly request: ApiRequest;
      readonly warnings: readonly CallWarning[];
      /** The models and prices it was prepared with; the shipped ones when absent. */
      readonly modelTable?: ModelTable;
      /** `YYYY-MM-DD`, whose prices hold; the newest when absent. */
      readonly today?: string;
    }
  | { readonly ok: false; readonly arguments: Arguments; readonly error: CallError };

/** A finished call. `failure` is set when attempts ended without an answer. */
export interface Outcome {
  readonly answer?: ApiAnswer;
  readonly failure?: ApiFailure;
  /** HTTP requests sent for it. */
  readonly attempts: number;
  readonly durationMs: number;
}

/** A call's result: always a full row; `error` when the row is an error row (Status failed or incomplete). */
export interface CallResult {
  readonly row: Row;
  readonly error?: CallError;
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number };
  /** USD; undefined when the model's price is unknown. */
  readonly costUsd?: number;
  /** `YYYY-MM-DD`, when that price was read. */
  readonly costAsOf?: string;
}

/** `when` is bound → the call is `use` instead (GenerateImage with Image is EditImage). */
export interface Overload {
  readonly when: string;
  readonly use: string;
}

/** Calls that agree in `by` may share one HTTP request (used by the dispatcher's packing). */
export interface PackRule {
  /** Parameters. */
  readonly by: readonly string[];
  /** Field of the request that takes one input or an array of them. */
  readonly input: string;
  readonly inputsMax: number;
  readonly tokensMax: number;
  /** Field of the answer that holds one item per input. */
  readonly answers: string;
}

/** Session defaults by parameter name, from SET DEFAULT. */
export type Defaults = Readonly<Record<string, SqlValue>>;

/** What the values of a call are prepared with. */
export interface PrepareContext {
  readonly models: ConnectionModels;
  readonly defaults: Defaults;
  /** `YYYY-MM-DD`, for prices and retirement warnings; for these the date of the model table when absent. */
  readonly today?: string;
  /** The user's own models and prices, in place of the shipped ones. */
  readonly modelTable?: ModelTable;
  /** As the endpoint's models count them; without it the service alone knows when a text is too long. */
  readonly countTokens?: (text: string, endpoint: Endpoint) => number;
}

/** A complete procedure, as the catalogue holds it. Made by defineProcedure. */
export interface Procedure {
  readonly name: string;
  readonly summary: string;
  readonly source: string;
  readonly endpoint: Endpoint;
  readonly parameters: readonly Parameter[];
  /** Documented result columns first, then the common tail, then the echo of every parameter. */
  readonly columns: readonly Column[];
  /** Index into `columns`: what a value site gives. */
  readonly primary: number;
  readonly overloads: readonly Overload[];
  readonly pack?: PackRule;
  readonly examples: readonly string[];
  /** Where the documentation and the API disagree, and what was decided. */
  readonly notes?: readonly string[];
  /** Errors of its own, callsql's and the API's: code → when. */
  readonly errors?: Readonly<Record<string, string>>;
  /** Lower-case name or alias → parameter. */
  findParameter(name: string): Parameter | undefined;
  /** `values` in signature order, null or absent = not given. Coerces, applies defaults, checks ranges and rules
   * of the model, builds the request. Pure. */
  prepare(values: readonly (SqlValue | undefined)[], context: PrepareContext): Prepared;
  /** From a finished call to its row. Never throws: an answer that makes no sense is an error row. */
  result(prepared: Extract<Prepared, { ok: true }>, outcome: Outcome): CallResult;
  /** The row of a call that was never sent. */
  errorRow(values: Arguments, error: CallError): Row;
}

export interface Catalog {
  readonly procedures: readonly Procedure[];
  /** Any case. */
  find(name: string): Procedure | undefined;
}
