/**
 * The catalogue as rows: what the sys_ tables and DESCRIBE show. Names as in JDBC's metadata, in snake_case.
 * Plain arrays, so that any reader can make a table of them.
 */
import { priceOn, shippedModels, type Model, type ModelTable, type Price } from "./models.ts";
import type { Catalog, Column, Parameter, Procedure } from "./procedure.ts";
import { pseudoParametersOf } from "./pseudo-parameters.ts";
import type { ListedModel } from "./request.ts";
import { commonColumns, toSqlValue } from "./result.ts";
import { findSystemTable, type ColumnsOf, type SystemTableName } from "./system-tables.ts";
import type { SqlValue } from "./value.ts";

export interface Listing {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly SqlValue[])[];
}

export function describeProcedures(catalog: Catalog): Listing {
  return listing("sys_procedures", catalog.procedures, {
    procedure_name: (procedure) => procedure.name,
    remarks: (procedure) => procedure.summary,
    signature: signatureOf,
    primary_column: (procedure) => procedure.columns[procedure.primary]?.name,
    endpoint: (procedure) => procedure.endpoint,
    parameter_count: (procedure) => procedure.parameters.length,
    column_count: (procedure) => procedure.columns.length,
    examples: (procedure) => procedure.examples,
    notes: (procedure) => procedure.notes ?? [],
    source: (procedure) => procedure.source,
  });
}

export function describeParameters(catalog: Catalog): Listing {
  const items = catalog.procedures.flatMap((procedure) =>
    procedure.parameters.map((parameter) => ({ procedure, parameter })),
  );
  return listing("sys_procedure_parameters", items, {
    procedure_name: ({ procedure }) => procedure.name,
    parameter_name: ({ parameter }) => parameter.name,
    ordinal_position: ({ parameter }) => parameter.position + 1,
    data_type: ({ parameter }) => parameter.type,
    is_required: ({ parameter }) => parameter.required === true,
    default_value: ({ parameter }) => defaultOf(parameter),
    aliases: ({ parameter }) => parameter.aliases?.join(", "),
    allowed_values: ({ parameter }) => parameter.values?.join(", "),
    minimum: ({ parameter }) => parameter.min,
    maximum: ({ parameter }) => parameter.max,
    max_length: ({ parameter }) => parameter.maxLength,
    max_bytes: ({ parameter }) => parameter.maxBytes,
    max_tokens: ({ parameter }) => parameter.maxTokens,
    is_extension: ({ parameter }) => parameter.isExtension === true,
    is_sent: ({ parameter }) => parameter.isUnsent !== true,
    remarks: ({ parameter }) => parameter.summary,
    source: ({ procedure, parameter }) => parameter.source ?? procedure.source,
  });
}

export function describeColumns(catalog: Catalog): Listing {
  const items = catalog.procedures.flatMap((procedure) =>
    procedure.columns.map((column, index) => ({ procedure, column, index })),
  );
  return listing("sys_procedure_columns", items, {
    procedure_name: ({ procedure }) => procedure.name,
    column_name: ({ column }) => column.name,
    ordinal_position: ({ index }) => index + 1,
    data_type: ({ column }) => column.type,
    column_kind: ({ procedure, column }) => kindOf(procedure, column),
    is_primary: ({ procedure, index }) => index === procedure.primary,
    remarks: ({ column }) => column.summary,
  });
}

/** Prices are USD: per million tokens, per hour of audio, per million characters, whichever the model has. */
export function describeModels(
  catalog: Catalog,
  table: ModelTable = shippedModels,
  listed?: readonly ListedModel[],
): Listing {
  // A row of the user's own stands for the shipped one of its id, which lies behind it.
  const ids = table.models.map(({ id }) => id);
  const known = table.models.filter(({ id }, index) => ids.indexOf(id) === index);
  const unknown = (listed ?? []).filter(({ id }) => table.find(id) === undefined).map(unknownModel);
  return listing("sys_models", [...known, ...unknown], {
    model: (model) => model.id,
    price: (model) => priceText(priceOn(model)),
    procedures: (model) => proceduresOf(catalog, model).join(", "),
    sampling: (model) => model.sampling,
    not_supported: (model) => model.refuses?.join(", "),
    supported_values: (model) => model.values,
    retires_on: (model) => model.retiresOn,
    replacement: (model) => model.replacement,
    is_free: (model) => priceOn(model)?.isFree === true,
    listing: (model) => standing(model, table, listed),
    shutdown_date: (model) => listedAs(model, table, listed ?? [])?.shutdownDate,
    input_usd: (model) => priceOn(model)?.perMillion?.input,
    cached_input_usd: (model) => priceOn(model)?.perMillion?.cachedInput,
    output_usd: (model) => priceOn(model)?.perMillion?.output,
    image_input_usd: (model) => priceOn(model)?.perMillion?.inputImage,
    audio_input_usd: (model) => priceOn(model)?.perMillion?.inputAudio,
    image_output_usd: (model) => priceOn(model)?.perMillion?.outputImage,
    hour_usd: (model) => priceOn(model)?.perHour,
    character_usd: (model) => priceOn(model)?.perMillionCharacters,
    price_as_of: (model) => priceOn(model)?.asOf,
    price_source: (model) => priceOn(model)?.source,
  });
}

/** What a price comes to in words, such as `USD 0.1 in, 0.01 cached, 0.5 out per 1M tokens`. */
function priceText(price: Price | undefined): string | undefined {
  if (price?.isFree === true) return "free";
  if (price?.perHour !== undefined) return `USD ${price.perHour} per hour of audio`;
  if (price?.perMillionCharacters !== undefined) return `USD ${price.perMillionCharacters} per 1M characters`;
  if (price?.perMillion === undefined) return undefined;
  const { input, cachedInput, inputImage, inputAudio, output, outputImage } = price.perMillion;
  const parts = [
    [input, "in"],
    [cachedInput, "cached"],
    [inputImage, "image in"],
    [inputAudio, "audio in"],
    [output, "out"],
    [outputImage, "image out"],
  ] as const;
  const known = parts.filter(([amount]) => amount !== undefined);
  return `USD ${known.map(([amount, what]) => `${amount} ${what}`).join(", ")} per 1M tokens`;
}

function unknownModel({ id }: ListedModel): Model {
  return { id, pattern: "", endpoints: [], prices: [] };
}

/** Whether the service lists the model; NULL while it was not asked. */
function standing(
  model: Model,
  table: ModelTable,
  listed: readonly ListedModel[] | undefined,
): "listed" | "not listed" | "unknown" | undefined {
  if (listed === undefined) return undefined;
  if (model.pattern === "") return "unknown";
  return listedAs(model, table, listed) === undefined ? "not listed" : "listed";
}

/** Under its own id, else under that of a dated snapshot its row speaks for. */
function listedAs(model: Model, table: ModelTable, listed: readonly ListedModel[]): ListedModel | undefined {
  return (
    listed.find(({ id }) => id === model.id) ??
    listed.find(({ id }) => model.pattern !== "" && table.find(id)?.id === model.id)
  );
}

/** What DESCRIBE shows of one procedure: its parameters in order, its result columns, then what every call takes. */
export function describeProcedure(procedure: Procedure): Listing {
  const parameters = procedure.parameters.map((parameter) => [
    "parameter",
    parameter.position + 1,
    parameter.name,
    parameter.type,
    toSqlValue(parameter.required === true),
    toSqlValue(defaultOf(parameter)),
    parameter.summary,
  ]);
  const pseudo = pseudoParametersOf(procedure).map(({ name, type, summary }) => [
    "parameter of every call",
    null,
    name,
    type,
    toSqlValue(false),
    null,
    summary,
  ]);
  const columns = procedure.columns.map((column, index) => [
    index === procedure.primary ? "primary column" : `${kindOf(procedure, column)} column`,
    index + 1,
    column.name,
    column.type,
    null,
    null,
    column.summary,
  ]);
  return { name: procedure.name, columns: describedAs, rows: [...parameters, ...columns, ...pseudo] };
}

/** Of a procedure, a table or a view. */
const describedAs = ["kind", "position", "name", "type", "is_required", "default_value", "remarks"];

/** A column of the user's own tables, as SQLite knows it. */
export interface TableColumn {
  readonly name: string;
  /** As declared; "" where nothing was. */
  readonly type: string;
  readonly isRequired: boolean;
  readonly defaultValue: string | null;
  /** An argument is what a table-valued function takes. */
  readonly kind: "key column" | "column" | "argument";
}

/** What DESCRIBE shows of a table or view: its columns. Of a sys_ table it knows what they say. */
export function describeTable(name: string, columns: readonly TableColumn[]): Listing {
  const words = findSystemTable(name)?.columns;
  const rows = columns.map(({ name: column, type, isRequired, defaultValue, kind }, index) => [
    kind,
    index + 1,
    column,
    words?.[column]?.type ?? (type === "" ? null : type),
    toSqlValue(isRequired),
    defaultValue,
    words?.[column]?.summary ?? null,
  ]);
  return { name, columns: describedAs, rows };
}

/** `GetEmbeddings(Text, [Model], [Dimensions])` */
export function signatureOf(procedure: Procedure): string {
  const names = procedure.parameters.map((parameter) =>
    parameter.required === true ? parameter.name : `[${parameter.name}]`,
  );
  return `${procedure.name}(${names.join(", ")})`;
}

/** result: the procedure's own; status: common to all; argument: the echo of a parameter. */
export function kindOf(procedure: Procedure, column: Column): "result" | "status" | "argument" {
  if (Object.hasOwn(commonColumns, column.name)) return "status";
  return procedure.parameters.some((parameter) => parameter.name === column.name) ? "argument" : "result";
}

export function defaultOf(parameter: Parameter): string | number | boolean | undefined {
  if (parameter.default !== undefined) return parameter.default;
  return parameter.defaultModel === undefined
    ? undefined
    : `the connection's ${parameter.defaultModel} model`;
}

function proceduresOf(catalog: Catalog, model: Model): readonly string[] {
  return catalog.procedures
    .filter((procedure) => model.endpoints.includes(procedure.endpoint))
    .map((procedure) => procedure.name);
}

function listing<T, Name extends SystemTableName>(
  name: Name,
  items: readonly T[],
  columns: Readonly<Record<ColumnsOf<Name>, (item: T) => Parameters<typeof toSqlValue>[0]>>,
): Listing {
  const readers = Object.values<(item: T) => Parameters<typeof toSqlValue>[0]>(columns);
  return {
    name,
    columns: Object.keys(columns),
    get rows() {
      return items.map((item) => readers.map((read) => toSqlValue(read(item))));
    },
  };
}
