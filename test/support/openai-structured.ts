/** A value that satisfies a JSON schema, chosen by the request's text: what a model does under `text.format`. */
import { listOf, numberOf, recordOf, textOf } from "./openai-request.ts";

/** An enum member that the text mentions wins; else its hash decides. */
export function valueFor(schema: unknown, text: string, root: unknown = schema, path = "$"): unknown {
  const node = recordOf(schema);
  const reference = node["$ref"];
  if (typeof reference === "string") return valueFor(resolve(root, reference), text, root, path);
  if ("const" in node) return node["const"];
  const choices = listOf(node["enum"]);
  if (choices.length > 0) return choose(choices, text);
  const branches = [...listOf(node["anyOf"]), ...listOf(node["oneOf"])];
  if (branches.length > 0) return valueFor(branches[0], text, root, path);
  const type = listOf(node["type"])[0] ?? node["type"];
  switch (type) {
    case "object":
      return objectFor(node, text, root, path);
    case "array": {
      const length = Math.max(1, Number(node["minItems"] ?? 1));
      return Array.from({ length }, (_, index) => valueFor(node["items"], text, root, `${path}[${index}]`));
    }
    case "integer":
      return Math.floor(between(node, 0, 100, text + path));
    case "number":
      return Math.round(between(node, 0, 1, text + path) * 1000) / 1000;
    case "boolean":
      return numberOf(text + path) % 2 === 0;
    case "null":
      return null;
    default:
      return `${path.slice(path.lastIndexOf(".") + 1)} of ${text.slice(0, 40)}`;
  }
}

function choose(choices: readonly unknown[], text: string): unknown {
  const lower = text.toLowerCase();
  const mentioned = choices.filter((choice) => lower.includes(textOf(choice, "\0").toLowerCase()));
  return mentioned.length === 1 ? mentioned[0] : choices[numberOf(text) % choices.length];
}

function objectFor(
  node: Readonly<Record<string, unknown>>,
  text: string,
  root: unknown,
  path: string,
): object {
  const properties = Object.entries(recordOf(node["properties"]));
  return Object.fromEntries(
    properties.map(([name, schema]) => [name, valueFor(schema, text, root, `${path}.${name}`)]),
  );
}

function between(node: Readonly<Record<string, unknown>>, min: number, max: number, seed: string): number {
  const low = Number(node["minimum"] ?? min);
  const high = Number(node["maximum"] ?? Math.max(max, low));
  return low + (high - low) * (numberOf(seed) / 2 ** 32);
}

function resolve(root: unknown, reference: string): unknown {
  return reference
    .replace(/^#\/?/, "")
    .split("/")
    .filter((step) => step !== "")
    .reduce<unknown>((node, step) => recordOf(node)[step], root);
}
