/**
 * Whether a request body is one the API takes: names, types, enums, limits, from api-schema.json.
 * An error reads as the API's own: a message, the parameter, a code.
 */
import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import schemaFile from "./api-schema.json" with { type: "json" };

export interface BodyProblem {
  readonly message: string;
  readonly param: string | null;
  readonly code: string | null;
}

export type BodyKind = "json" | "multipart";

const ajv = new Ajv({ strict: false, allErrors: false, verbose: true });
ajv.addSchema({ $id: "api", definitions: schemaFile.definitions });

const validators = new Map<string, ValidateFunction>();
const bodies: Readonly<Record<string, object>> = schemaFile.bodies;

/** The first problem, or undefined for a body the API takes. */
export function problemOf(endpoint: string, kind: BodyKind, body: unknown): BodyProblem | undefined {
  const schema = bodies[`${endpoint} ${kind}`];
  if (schema === undefined) {
    const other = kind === "json" ? "multipart/form-data" : "application/json";
    return { message: `Invalid Content-Type: ${endpoint} takes ${other}.`, param: null, code: null };
  }
  const validate = validatorOf(`${endpoint} ${kind}`, schema);
  if (validate(body)) return undefined;
  return describe(validate.errors ?? []);
}

/** Multipart fields arrive as text: numbers and booleans are read where the schema wants them. */
export function coerceFields(
  endpoint: string,
  fields: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const properties = readProperties(bodies[`${endpoint} multipart`]);
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      coerce(value, JSON.stringify(properties[name] ?? {})),
    ]),
  );
}

function coerce(value: unknown, schema: string): unknown {
  if (typeof value === "object" && value !== null && !Array.isArray(value) && !("filename" in value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, coerce(item, '"number"')]));
  }
  if (typeof value !== "string") return value;
  if (/"(?:integer|number)"|PartialImages/.test(schema) && /^-?\d+(?:\.\d+)?$/.test(value))
    return Number(value);
  if (schema.includes('"boolean"') && /^(?:true|false)$/.test(value)) return value === "true";
  return value;
}

function validatorOf(key: string, schema: object): ValidateFunction {
  const known = validators.get(key);
  if (known !== undefined) return known;
  const text = JSON.stringify(schema).replaceAll('"#/definitions/', '"api#/definitions/');
  const made = ajv.compile(parseSchema(text));
  validators.set(key, made);
  return made;
}

/** Of all that ajv says, the deepest place; of several there, one that is not merely "no branch matches". */
function describe(errors: readonly ErrorObject[]): BodyProblem {
  const telling = errors.filter(({ keyword }) => !["anyOf", "oneOf"].includes(keyword));
  const depth = ({ instancePath }: ErrorObject): number => instancePath.split("/").length;
  // At the same place a broken limit says more than the other branches' "not a string".
  const rank = (item: ErrorObject): number => depth(item) * 2 + Number(item.keyword !== "type");
  const [error] = (telling.length > 0 ? telling : errors).toSorted((a, b) => rank(b) - rank(a));
  if (error === undefined) return { message: "Invalid body.", param: null, code: null };
  const path = error.instancePath
    .slice(1)
    .replaceAll("/", ".")
    .replace(/\.(\d+)/g, "[$1]");
  const child = (name: unknown): string => (path === "" ? String(name) : `${path}.${String(name)}`);
  switch (error.keyword) {
    case "additionalProperties": {
      const param = child(error.params["additionalProperty"]);
      return { message: `Unknown parameter: '${param}'.`, param, code: "unknown_parameter" };
    }
    case "required": {
      const param = child(error.params["missingProperty"]);
      return {
        message: `Missing required parameter: '${param}'.`,
        param,
        code: "missing_required_parameter",
      };
    }
    case "enum": {
      const allowed = listOf(error.params["allowedValues"]).filter((item) => item !== null);
      const message = `Invalid value: ${show(error.data)}. Supported values are: ${allowed.map(show).join(", ")}.`;
      return { message, param: path, code: "invalid_value" };
    }
    case "type": {
      const message = `Invalid type for '${path}': expected ${String(error.params["type"])}, but got ${kindOf(error.data)} instead.`;
      return { message, param: path, code: "invalid_type" };
    }
    default: {
      const message = `Invalid '${path}': ${error.message ?? error.keyword}.`;
      return { message, param: path, code: codeOf(error.keyword) };
    }
  }
}

function codeOf(keyword: string): string {
  const codes: Readonly<Record<string, string>> = {
    minimum: "integer_below_min_value",
    maximum: "integer_above_max_value",
    maxLength: "string_above_max_length",
    minLength: "empty_string",
    maxItems: "array_above_max_length",
    minItems: "empty_array",
  };
  return codes[keyword] ?? "invalid_value";
}

function show(value: unknown): string {
  return typeof value === "string" ? `'${value}'` : JSON.stringify(value);
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : `a ${typeof value}`;
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function readProperties(
  schema: { readonly properties?: Record<string, unknown> } | undefined,
): Record<string, unknown> {
  return { ...schema?.properties };
}

function parseSchema(text: string): object {
  return JSON.parse(text) as object;
}
