/**
 * What a procedure's file writes: data, and pure functions from arguments to a request and from an answer to a
 * row. The argument types of those functions follow from the parameters. define.ts makes a Procedure of it.
 */
import type { CallCode } from "./problem.ts";
import type { Details } from "../diagnostics/messages.ts";
import type { Model, Usage } from "./models.ts";
import type {
  CallError,
  CellValue,
  ColumnDefinition,
  Overload,
  PackRule,
  ParameterDefinition,
  ParameterType,
} from "./procedure.ts";
import type { ApiAnswer, Endpoint } from "./request.ts";

/** By name, in the order of the signature. */
export type ParameterDefinitions = Readonly<Record<string, ParameterDefinition>>;
/** By name, in their order. */
export type ColumnDefinitions = Readonly<Record<string, ColumnDefinition>>;

interface TypeOf {
  readonly text: string;
  readonly integer: number;
  readonly real: number;
  readonly boolean: boolean;
  readonly bytes: Uint8Array;
  readonly json: readonly unknown[] | { readonly [key: string]: unknown };
}

type ValueOf<D extends ParameterDefinition> =
  | TypeOf[D["type"] & ParameterType]
  | (D extends { readonly acceptsUrl: true } ? string : never);

type IsPresent<D extends ParameterDefinition> = D extends
  | { readonly required: true }
  | { readonly default: string | number | boolean }
  | { readonly defaultModel: string }
  ? true
  : false;

/** The arguments of one call as its functions see them: never undefined where a value or a default is certain. */
export type ArgumentsOf<P extends ParameterDefinitions> = {
  readonly [K in keyof P]: IsPresent<P[K]> extends true ? ValueOf<P[K]> : ValueOf<P[K]> | undefined;
};

/** What a procedure's functions see beside the arguments. */
export interface CallContext {
  readonly procedure: string;
  /** What is known about the model of this call; undefined for an unknown id. */
  readonly model: Model | undefined;
  warn<C extends CallCode>(code: C, details: Details<C>): void;
}

/** A rule over several arguments or the model, checked before anything is sent. */
export type Rule<A> = (args: A, context: CallContext) => CallError | undefined;

/** What an answer comes to. Cells of a failed call are shown too: whatever the answer held. */
export interface Reading<C extends string = string> {
  readonly cells: Readonly<Record<C, CellValue>>;
  readonly error?: CallError | undefined;
  /** Of an error; `failed` when absent. */
  readonly status?: "failed" | "incomplete" | undefined;
  readonly usage?: Usage | undefined;
  /** The model that answered, where the answer names it. */
  readonly model?: string | undefined;
}

/** What defineProcedure takes. */
export interface Definition<P extends ParameterDefinitions, C extends ColumnDefinitions> {
  readonly name: string;
  readonly summary: string;
  /** Where it is documented, and the API operation. */
  readonly source: string;
  readonly endpoint: Endpoint;
  /** In the order of the documentation; extensions are moved behind the documented ones. */
  readonly parameters: P;
  readonly primary: keyof C & string;
  readonly columns: C;
  readonly overloads?: readonly Overload[];
  readonly pack?: PackRule;
  readonly examples: readonly string[];
  /** Where documentation and API disagree and what was decided, for the docs page. */
  readonly notes?: readonly string[];
  /** Errors of its own beside those that follow from its parameters: code → when. */
  readonly errors?: Readonly<Record<string, string>>;
  /** Arguments that follow from others; they fill what was not given. */
  readonly infer?: (args: ArgumentsOf<P>) => Partial<ArgumentsOf<P>>;
  readonly rules?: readonly Rule<ArgumentsOf<P>>[];
  /** API field → value; undefined fields are not sent. */
  readonly request: (args: ArgumentsOf<P>, context: CallContext) => Readonly<Record<string, unknown>>;
  readonly row: (body: unknown, args: ArgumentsOf<P>, answer: ApiAnswer) => Reading<keyof C & string>;
}
