/**
 * Makes a complete procedure of its definition: signature order, names and aliases, result columns, and the
 * functions that prepare a call and read its result. A definition that contradicts itself is refused (check.ts).
 */
import type { ColumnDefinitions, Definition, ParameterDefinitions } from "./definition.ts";
import { checkDefinition, checkShape } from "./check.ts";
import { prepareCall } from "./prepare.ts";
import type { Column, Parameter, ParameterType, Procedure } from "./procedure.ts";
import { commonColumns, errorRow, resultOf } from "./result.ts";
import type { ColumnType } from "./value.ts";

/**
 * A procedure of your own, for the option `procedures` of openSession: data, and two pure functions, from the arguments to a
 * request and from an answer to a row. Its columns are followed by status, usage and error columns and by the arguments.
 * Throws session/bad-procedure with all that contradicts itself, session/bad-argument for what is no definition.
 *
 * ```ts
 * import { defineProcedure, openSession } from "callsql";
 *
 * const detectLanguage = defineProcedure({
 *   name: "DetectLanguage",
 *   summary: "Names the language of a text.",
 *   source: "in-house",
 *   endpoint: "responses",
 *   parameters: {
 *     Text: { type: "text", required: true, maxLength: 10_000, summary: "Text to look at." },
 *     Model: { type: "text", defaultModel: "text", summary: "Model that answers." },
 *   },
 *   primary: "Language",
 *   columns: { Language: { type: "text", summary: "ISO 639-1 code." } },
 *   examples: ["CALL DetectLanguage(:Text)"],
 *   request: ({ Text, Model }) => ({ model: Model, instructions: "Answer with an ISO 639-1 code.", input: Text }),
 *   row: (body) => ({ cells: { Language: JSON.stringify(body).length > 2 ? "en" : undefined } }),
 * });
 * await using session = await openSession({ procedures: [detectLanguage] });
 * const result = await session.execute("SELECT DetectLanguage(:text) AS language", { text: "Good morning" });
 * console.log(await result.first());
 * ```
 */
export function defineProcedure<const P extends ParameterDefinitions, const C extends ColumnDefinitions>(
  definition: Definition<P, C>,
): Procedure {
  checkShape(definition);
  const parameters = signatureOf(definition.parameters);
  const parameterByName = namesOf(parameters);
  const columns = columnsOf(definition.columns, parameters);
  checkDefinition(definition, parameters, columns);
  const findParameter = (name: string): Parameter | undefined => parameterByName.get(name.toLowerCase());
  const signature = { definition, parameters, findParameter };
  const pack = definition.pack === undefined ? {} : { pack: definition.pack };
  return {
    name: definition.name,
    summary: definition.summary,
    source: definition.source,
    endpoint: definition.endpoint,
    parameters,
    columns,
    primary: columns.findIndex((column) => column.name === definition.primary),
    overloads: definition.overloads ?? [],
    ...pack,
    examples: definition.examples,
    notes: definition.notes ?? [],
    errors: definition.errors ?? {},
    findParameter,
    prepare: (values, context) => prepareCall(signature, values, context),
    result: (prepared, outcome) => resultOf(definition, columns, prepared, outcome),
    errorRow: (values, error) => errorRow(columns, values, error),
  };
}

/** Documented parameters keep their places; ours stand behind them. */
function signatureOf(definitions: ParameterDefinitions): readonly Parameter[] {
  const entries = Object.entries(definitions);
  const documented = entries.filter(([, parameter]) => parameter.isExtension !== true);
  const extensions = entries.filter(([, parameter]) => parameter.isExtension === true);
  return [...documented, ...extensions].map(([name, parameter], position) => ({
    ...parameter,
    name,
    position,
  }));
}

function namesOf(parameters: readonly Parameter[]): ReadonlyMap<string, Parameter> {
  const parameterByName = new Map<string, Parameter>();
  for (const parameter of parameters) {
    for (const name of [parameter.name, ...(parameter.aliases ?? [])]) {
      parameterByName.set(name.toLowerCase(), parameter);
    }
  }
  return parameterByName;
}

function columnsOf(own: ColumnDefinitions, parameters: readonly Parameter[]): readonly Column[] {
  return [
    ...Object.entries({ ...own, ...commonColumns }).map(([name, column]) => ({ name, ...column })),
    ...parameters.map((parameter) => ({
      name: parameter.name,
      type: echoTypes[parameter.type],
      summary: `The call's ${parameter.name}.`,
    })),
  ];
}

const echoTypes: Readonly<Record<ParameterType, ColumnType>> = {
  text: "text",
  integer: "integer",
  real: "real",
  boolean: "integer",
  bytes: "blob",
  json: "text",
};
