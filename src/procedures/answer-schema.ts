/**
 * Whether a structured answer has the shape that was asked for: types, required properties, enums, the parts of arrays
 * and objects. Numbers, lengths, patterns and formats are the API's to keep. Says the first place that is wrong.
 */
import { isObject, readEntries, readField, readList, readText } from "../catalog/read.ts";

/** A schema may refer to itself; what is deeper than this is not looked at. */
const depthMax = 64;

/** What is wrong and where, such as `$.items[0].price is text, number was expected`. */
export function schemaMismatch(schema: unknown, value: unknown): string | undefined {
  return mismatch({ schema, value, path: "$", root: schema, depth: 0 });
}

interface Place {
  readonly schema: unknown;
  readonly value: unknown;
  readonly path: string;
  /** What `#` in a reference means. */
  readonly root: unknown;
  readonly depth: number;
}

function mismatch(place: Place): string | undefined {
  const { schema, root, depth } = place;
  if (depth > depthMax || !isObject(schema)) return undefined;
  const inner = (next: unknown): Place => ({ ...place, schema: next, depth: depth + 1 });
  const reference = readText(schema, "$ref");
  if (reference !== undefined) return mismatch(inner(resolve(root, reference)));
  const branches = [...readList(schema, "anyOf"), ...readList(schema, "oneOf")];
  if (branches.length > 0) {
    const found = branches.map((branch) => mismatch(inner(branch)));
    if (found.includes(undefined)) return undefined;
    // The branch that fits furthest says best what is wrong.
    return found.toSorted((a = "", b = "") => b.indexOf(" ") - a.indexOf(" "))[0];
  }
  return wrongValue(place) ?? wrongType(place) ?? wrongItem(place) ?? wrongProperty(place);
}

function wrongValue({ schema, value, path }: Place): string | undefined {
  const constant = readField(schema, "const");
  const allowed = constant === undefined ? readList(schema, "enum") : [constant];
  if (allowed.length === 0) return undefined;
  const text = JSON.stringify(value);
  if (allowed.some((item) => JSON.stringify(item) === text)) return undefined;
  return `${path} is ${text.slice(0, 60)}, one of ${JSON.stringify(allowed).slice(0, 120)} was expected`;
}

function wrongType({ schema, value, path }: Place): string | undefined {
  const type = readField(schema, "type");
  const types = (Array.isArray(type) ? type : [type]).filter((item) => typeof item === "string");
  const isExpected = types.length === 0 || types.some((item) => isOfType(item, value));
  return isExpected ? undefined : `${path} is ${typeOf(value)}, ${types.join(" or ")} was expected`;
}

function wrongItem({ schema, value, path, root, depth }: Place): string | undefined {
  const items = readField(schema, "items");
  if (items === undefined || !Array.isArray(value)) return undefined;
  for (const [index, item] of value.entries()) {
    const place = { schema: items, value: item, path: `${path}[${index}]`, root, depth: depth + 1 };
    const found = mismatch(place);
    if (found !== undefined) return found;
  }
  return undefined;
}

function wrongProperty({ schema, value, path, root, depth }: Place): string | undefined {
  if (!isObject(value) || Array.isArray(value)) return undefined;
  const missing = readList(schema, "required").find((name) => !Object.hasOwn(value, String(name)));
  if (missing !== undefined) return `${path} has no ${JSON.stringify(missing)}`;
  const properties = readEntries(schema, "properties");
  for (const [name, property] of properties) {
    if (!Object.hasOwn(value, name)) continue;
    const place = { schema: property, value: value[name], path: `${path}.${name}`, root, depth: depth + 1 };
    const found = mismatch(place);
    if (found !== undefined) return found;
  }
  if (readField(schema, "additionalProperties") !== false) return undefined;
  const stranger = Object.keys(value).find((name) => !properties.some(([known]) => known === name));
  return stranger === undefined ? undefined : `${path} has ${JSON.stringify(stranger)}, which it may not`;
}

function isOfType(type: string, value: unknown): boolean {
  switch (type) {
    case "integer":
      return Number.isInteger(value);
    case "number":
      return typeof value === "number";
    default:
      return type === typeOf(value);
  }
}

/** As JSON Schema names it. */
function typeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

/** References within the schema only: `#`, `#/$defs/step`. */
function resolve(root: unknown, reference: string): unknown {
  if (!reference.startsWith("#")) return undefined;
  const steps = reference.slice(1).split("/").slice(1);
  return readField(root, ...steps.map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~")));
}
