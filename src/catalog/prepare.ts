/**
 * The values of one call → its request, or the error of that call. Applies defaults, coerces, checks the rules
 * of the parameters, of the model and of the procedure. Nothing is sent here, so nothing refused here is billed.
 */
import { coerce } from "./coerce.ts";
import type {
  ArgumentsOf,
  CallContext,
  ColumnDefinitions,
  Definition,
  ParameterDefinitions,
} from "./definition.ts";
import { modelProblem, warnOfModel } from "./model-rules.ts";
import { shippedModels } from "./models.ts";
import { callError, callWarning } from "./problem.ts";
import type { CallError, CallWarning, Parameter, Prepared, PrepareContext } from "./procedure.ts";
import type { Arguments, ArgumentValue, SqlValue } from "./value.ts";

/** What prepare needs of a procedure. */
export interface Signature<P extends ParameterDefinitions, C extends ColumnDefinitions> {
  readonly definition: Definition<P, C>;
  readonly parameters: readonly Parameter[];
  findParameter(name: string): Parameter | undefined;
}

export function prepareCall<P extends ParameterDefinitions, C extends ColumnDefinitions>(
  signature: Signature<P, C>,
  values: readonly (SqlValue | undefined)[],
  context: PrepareContext,
): Prepared {
  const { definition, parameters } = signature;
  const collected = collect(signature, values, context);
  if (collected.error !== undefined) {
    return { ok: false, arguments: collected.arguments, error: collected.error };
  }
  const typed = readArguments<P>(collected.arguments);
  const args: Arguments = { ...definition.infer?.(typed), ...collected.arguments };
  const table = context.modelTable ?? shippedModels;
  const id = args["Model"];
  const model = typeof id === "string" ? table.find(id) : undefined;
  const warnings: CallWarning[] = [];
  const callContext: CallContext = {
    procedure: definition.name,
    model,
    warn: (code, details) => void warnings.push(callWarning(code, details)),
  };
  const error =
    modelProblem({ definition, parameters, table, countTokens: context.countTokens }, args, model) ??
    firstProblem(definition, readArguments<P>(args), callContext);
  if (error !== undefined) return { ok: false, arguments: args, error };
  warnOfModel(parameters, args, { ...context, table }, callContext);
  warnOfUnsent(parameters, args, callContext);
  const body = compact({ ...model?.fields, ...definition.request(readArguments<P>(args), callContext) });
  const modelTable = context.modelTable === undefined ? {} : { modelTable: context.modelTable };
  return {
    ok: true,
    arguments: args,
    request: { endpoint: definition.endpoint, body },
    warnings,
    ...modelTable,
    ...(context.today === undefined ? {} : { today: context.today }),
  };
}

interface Collected {
  readonly arguments: Arguments;
  /** The first one; the arguments are complete all the same, for the row's echo. */
  readonly error: CallError | undefined;
}

function collect<P extends ParameterDefinitions, C extends ColumnDefinitions>(
  signature: Signature<P, C>,
  values: readonly (SqlValue | undefined)[],
  context: PrepareContext,
): Collected {
  const args: Record<string, ArgumentValue> = {};
  let error: CallError | undefined;
  const defaults = sessionDefaults(signature, context);
  for (const parameter of signature.parameters) {
    const { name } = parameter;
    const value = values[parameter.position] ?? defaults.get(name);
    if (value === undefined || value === null) {
      const shipped = parameter.default ?? modelDefault(parameter, context);
      if (shipped !== undefined) args[name] = shipped;
      else if (parameter.required === true) {
        error ??= callError("call/missing-value", { procedure: signature.definition.name, parameter: name });
      }
      continue;
    }
    const coerced = coerce(parameter, value);
    args[name] = coerced.ok ? coerced.value : typeof value === "bigint" ? String(value) : value;
    if (!coerced.ok) error ??= coerced.error;
  }
  return { arguments: args, error };
}

/** By canonical name, however SET DEFAULT spelled it. */
function sessionDefaults<P extends ParameterDefinitions, C extends ColumnDefinitions>(
  signature: Signature<P, C>,
  context: PrepareContext,
): ReadonlyMap<string, SqlValue> {
  return new Map(
    Object.entries(context.defaults).map(([name, value]) => [
      signature.findParameter(name)?.name ?? name,
      value,
    ]),
  );
}

function modelDefault(parameter: Parameter, context: PrepareContext): string | undefined {
  return parameter.defaultModel === undefined ? undefined : context.models[parameter.defaultModel];
}

function firstProblem<P extends ParameterDefinitions, C extends ColumnDefinitions>(
  definition: Definition<P, C>,
  args: ArgumentsOf<P>,
  context: CallContext,
): CallError | undefined {
  for (const rule of definition.rules ?? []) {
    const error = rule(args, context);
    if (error !== undefined) return error;
  }
  return undefined;
}

function warnOfUnsent(parameters: readonly Parameter[], args: Arguments, context: CallContext): void {
  for (const parameter of parameters) {
    if (parameter.isUnsent !== true || args[parameter.name] === undefined) continue;
    context.warn("call/parameter-not-sent", { procedure: context.procedure, parameter: parameter.name });
  }
}

function compact(body: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
}

/** The border between arguments by name and the types a definition's parameters imply: collect() has just
 * established them. */
export function readArguments<P extends ParameterDefinitions>(args: Arguments): ArgumentsOf<P> {
  return args as ArgumentsOf<P>;
}
