/**
 * What a definition may not say: mistakes of whoever writes a procedure, found when it is defined, all of them at once.
 * JavaScript reaches these checks too, so what the types promise is checked where it would hurt far away.
 */
import { checkObject, kindOf } from "../diagnostics/arguments.ts";
import { diagnostic, DiagnosticError, type Diagnostic } from "../diagnostics/diagnostic.ts";
import type { Details } from "../diagnostics/messages.ts";
import { coerce } from "./coerce.ts";
import type { ColumnDefinitions, Definition, ParameterDefinitions } from "./definition.ts";
import type { Column, Parameter, Procedure } from "./procedure.ts";
import { pseudoNames } from "./pseudo-parameters.ts";
import { endpoints } from "./request.ts";

type Problem = Details<"session/bad-procedure">["problem"];

/** SQLite takes 32 hidden columns of a table function. */
const parametersMax = 32 - pseudoNames.length;

/**
 * What must be objects before anything else can be looked at. Throws session/bad-procedure, and session/bad-argument for a
 * definition that is none.
 */
export function checkShape(definition: {
  readonly name: unknown;
  readonly parameters: unknown;
  readonly columns: unknown;
}): void {
  checkObject("defineProcedure's definition", definition);
  const { parameters, columns } = definition;
  const problems = new Problems(nameOf(definition));
  for (const [part, items] of Object.entries({ parameters, columns })) {
    problems.add("shape", isObject(items) ? [] : [part]);
    if (!isObject(items)) continue;
    const wrong = Object.entries(items).filter(([, item]) => !isObject(item));
    problems.add(
      "shape",
      wrong.map(([item]) => `${part}.${item}`),
    );
  }
  problems.throwIfAny();
}

function nameOf({ name }: { readonly name: unknown }): string {
  return typeof name === "string" ? name : "?";
}

/** Also of what is none. */
function textOf(value: unknown): string {
  return typeof value === "string" ? value : kindOf(value);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Throws session/bad-procedure. */
export function checkDefinition<P extends ParameterDefinitions, C extends ColumnDefinitions>(
  definition: Definition<P, C>,
  parameters: readonly Parameter[],
  columns: readonly Column[],
): void {
  const problems = new Problems(nameOf(definition));
  problems.add("name", [definition.name].filter(isNoName).map(textOf));
  problems.add(
    "endpoint",
    [definition.endpoint].filter((endpoint) => !endpointNames.has(endpoint)).map(textOf),
  );
  problems.add(
    "function",
    functionNames.filter((name) => typeof definition[name] !== "function"),
  );
  checkParameters(parameters, problems);
  const own = Object.entries(definition.columns);
  const names = columns.map(({ name }) => name);
  problems.add("columnName", own.map(([name]) => name).filter(isNoName));
  problems.add("columnTwice", repeated(names));
  problems.add(
    "columnType",
    own.flatMap(([name, { type }]) => (columnTypes.has(type) ? [] : [name])),
  );
  problems.add("primary", [definition.primary].filter((name) => !names.includes(name)).map(textOf));
  const known = new Set(parameters.map(({ name }) => name));
  problems.add(
    "pack",
    (definition.pack?.by ?? []).filter((name) => !known.has(name)),
  );
  problems.throwIfAny();
}

const functionNames = ["request", "row"] as const;

function checkParameters(parameters: readonly Parameter[], problems: Problems): void {
  const names = parameters.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
  problems.add("parameterName", names.filter(isNoName));
  problems.add("parameterTwice", repeated(names));
  problems.add(
    "parameterReserved",
    names.filter((name) => pseudoNames.some((taken) => taken.toLowerCase() === name.toLowerCase())),
  );
  const named = (isWrong: (parameter: Parameter) => boolean): string[] =>
    parameters.filter(isWrong).map(({ name }) => name);
  problems.add(
    "parameterType",
    named(({ type }) => !parameterTypes.has(type)),
  );
  problems.add("default", named(isBadDefault));
  problems.add("tooManyParameters", parameters.length > parametersMax ? [String(parameters.length)] : []);
}

/** A shipped default that the parameter itself would refuse. */
function isBadDefault(parameter: Parameter): boolean {
  const { default: value, type } = parameter;
  if (value === undefined || !parameterTypes.has(type)) return false;
  return !coerce(parameter, typeof value === "boolean" ? Number(value) : value).ok;
}

/** Throws session/bad-procedure for what defineProcedure did not make, names that are taken, and overloads of nothing. */
export function checkProcedures(procedures: readonly Procedure[], sqlFunctions: ReadonlySet<string>): void {
  const names = procedures.map((procedure) => String(readProcedure(procedure).name));
  const found = procedures.flatMap((procedure) => {
    const problems = new Problems(String(readProcedure(procedure).name));
    const { name, overloads, parameters, columns } = readProcedure(procedure);
    const isDefined =
      typeof procedure?.prepare === "function" && Array.isArray(parameters) && Array.isArray(columns);
    problems.add("notDefined", isDefined ? [] : [""]);
    problems.add(
      "sqlFunction",
      [String(name)].filter((own) => sqlFunctions.has(own.toLowerCase())),
    );
    const uses = (overloads ?? []).map(({ use }) => use);
    problems.add(
      "overload",
      uses.filter((use) => !names.includes(use)),
    );
    return problems.found;
  });
  for (const name of repeated(names)) {
    found.push(diagnostic("session/bad-procedure", { procedure: name, problem: "taken", name }));
  }
  if (found.length > 0) throw new DiagnosticError(found);
}

/** What JavaScript may have put into the list. */
function readProcedure(procedure: Procedure | null | undefined): Partial<Procedure> {
  return procedure ?? {};
}

class Problems {
  readonly found: Diagnostic[] = [];
  readonly #procedure: string;

  constructor(procedure: string) {
    this.#procedure = procedure;
  }

  add(problem: Problem, names: readonly string[]): void {
    for (const name of names) {
      this.found.push(diagnostic("session/bad-procedure", { procedure: this.#procedure, problem, name }));
    }
  }

  throwIfAny(): void {
    if (this.found.length > 0) throw new DiagnosticError(this.found);
  }
}

/** It must be readable as one word in SQL, `Name => value` and `:Name`. */
function isNoName(name: unknown): boolean {
  return typeof name !== "string" || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
}

/** Names are one whatever their case. */
function repeated(names: readonly string[]): string[] {
  const seen = new Set<string>();
  return names.filter((name) => {
    const key = name.toLowerCase();
    return seen.has(key) || !seen.add(key);
  });
}

const parameterTypes: ReadonlySet<string> = new Set(["text", "integer", "real", "boolean", "bytes", "json"]);
const columnTypes: ReadonlySet<string> = new Set(["text", "integer", "real", "blob"]);
const endpointNames: ReadonlySet<string> = new Set(endpoints);
