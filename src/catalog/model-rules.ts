/**
 * What a model's row in the table means for a call: refused parameters and values, the wrong endpoint, and
 * warnings about its end. A model that is not listed has no rules.
 */
import { show } from "./coerce.ts";
import type { CallContext } from "./definition.ts";
import type { Model, ModelTable } from "./models.ts";
import { callError } from "./problem.ts";
import type { CallError, Parameter, PrepareContext } from "./procedure.ts";
import type { Endpoint } from "./request.ts";
import type { Arguments, ArgumentValue } from "./value.ts";

/** Days before a model's end from which calls to it carry a warning. */
const noticeDays = 90;

export interface RuleSubject {
  readonly definition: { readonly name: string; readonly endpoint: Endpoint };
  readonly parameters: readonly Parameter[];
  readonly table: ModelTable;
  readonly countTokens: PrepareContext["countTokens"];
}

export function modelProblem(
  subject: RuleSubject,
  args: Arguments,
  model: Model | undefined,
): CallError | undefined {
  const id = args["Model"];
  if (model === undefined || typeof id !== "string") return undefined;
  const { definition, table } = subject;
  if (!model.endpoints.includes(definition.endpoint)) {
    const models = usableModels(table, definition.endpoint);
    return callError("call/wrong-model", {
      parameter: "Model",
      procedure: definition.name,
      model: id,
      models,
    });
  }
  for (const parameter of subject.parameters) {
    const error =
      parameterProblem(parameter, args, { model, id }) ??
      lengthProblem(parameter, args[parameter.name], subject);
    if (error !== undefined) return error;
  }
  return undefined;
}

/** Unknown, retired or about to be; a model the connection itself is configured with is never unknown. */
export function warnOfModel(
  parameters: readonly Parameter[],
  args: Arguments,
  context: PrepareContext & { readonly table: ModelTable },
  call: CallContext,
): void {
  const id = args["Model"];
  if (typeof id !== "string") return;
  const { model } = call;
  if (model === undefined) {
    const purpose = parameters.find((parameter) => parameter.name === "Model")?.defaultModel;
    const isConfigured = purpose !== undefined && context.models[purpose] === id;
    if (!isConfigured) call.warn("call/unknown-model", { parameter: "Model", model: id });
    return;
  }
  if (model.retiresOn === undefined) return;
  const today = context.today ?? context.table.asOf;
  const details = { parameter: "Model", model: id, date: model.retiresOn, replacement: model.replacement };
  if (model.retiresOn <= today) call.warn("call/model-retired", details);
  else if (daysBetween(today, model.retiresOn) <= noticeDays) call.warn("call/model-retiring", details);
}

/** Ids of models for an endpoint, those that stay first. */
function usableModels(table: ModelTable, endpoint: Endpoint): readonly string[] {
  const fitting = table.models.filter((model) => model.endpoints.includes(endpoint));
  const staying = fitting.filter((model) => model.retiresOn === undefined && !model.id.endsWith("*"));
  return (staying.length > 0 ? staying : fitting).slice(0, 8).map((model) => model.id);
}

function parameterProblem(
  parameter: Parameter,
  args: Arguments,
  { model, id }: { readonly model: Model; readonly id: string },
): CallError | undefined {
  const value = args[parameter.name];
  if (value === undefined) return undefined;
  // Tables speak of Size; EditImage calls the same thing OutputSize and has Size as an alias.
  for (const name of [parameter.name, ...(parameter.aliases ?? [])]) {
    if (model.refuses?.includes(name) === true) {
      return callError("call/unsupported-parameter", { parameter: parameter.name, model: id });
    }
    const max = model.max?.[name];
    if (max !== undefined && typeof value === "number" && value > max) {
      const { min } = parameter;
      return callError("call/out-of-range", { parameter: parameter.name, found: show(value), min, max });
    }
    const allowed = model.values?.[name];
    if (allowed !== undefined && typeof value === "string" && !allowed.includes(value)) {
      const found = show(value);
      return callError("call/not-allowed", { parameter: parameter.name, found, allowed, model: id });
    }
  }
  return undefined;
}

/** Of listed models alone: others may count otherwise, and read more. */
function lengthProblem(
  { name, maxTokens: max = Infinity }: Parameter,
  value: ArgumentValue | undefined,
  { definition, countTokens }: RuleSubject,
): CallError | undefined {
  // A token has at least one byte, and no character more than three bytes a UTF-16 unit: short texts are not counted.
  if (typeof value !== "string" || value.length * 3 <= max || Buffer.byteLength(value) <= max)
    return undefined;
  const tokens = countTokens?.(value, definition.endpoint) ?? 0;
  return tokens > max ? callError("call/too-many-tokens", { parameter: name, tokens, max }) : undefined;
}

function daysBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 86_400_000;
}
