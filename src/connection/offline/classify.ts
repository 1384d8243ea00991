/**
 * Fills a strict JSON schema whose values are choices: the category nearest to the text, by embeddings. A schema that
 * asks for anything else needs a language model, and is refused.
 */
import { notAvailableOffline } from "./api-error.ts";
import type { Encoder } from "./encoder.ts";
import { isObject, type JsonObject } from "./json-body.ts";
import type { Prompt } from "./prompt.ts";
import { similarity, softmax } from "./vectors.ts";

/** A category and how well it fits, best first; fits add up to one. */
interface Ranked {
  readonly label: string;
  readonly fit: number;
}

export async function fillSchema(
  schema: JsonObject,
  prompt: Prompt,
  encoder: Encoder,
  signal: AbortSignal,
): Promise<JsonObject> {
  const fields = Object.entries(readProperties(schema));
  const plans = fields.map(([name, property]) => ({ name, plan: readPlan(name, property) }));
  const labels = plans.flatMap(({ plan }) => ("labels" in plan ? [plan.labels] : []));
  if (labels.length === 0) throw unknownSchema("it has no property with an enum");
  const rankings = await Promise.all(labels.map((group) => rank(group, prompt, encoder, signal)));
  const rankingByLabels = new Map(labels.map((group, index) => [group, rankings[index] ?? []]));
  const main = rankings[0] ?? [];
  return Object.fromEntries(
    plans.map(({ name, plan }) => {
      const ranking = "labels" in plan ? (rankingByLabels.get(plan.labels) ?? main) : main;
      return [name, fill(plan, ranking)];
    }),
  );
}

type Plan =
  | { readonly kind: "choice"; readonly labels: readonly string[] }
  | { readonly kind: "choices"; readonly labels: readonly string[] }
  | { readonly kind: "confidence" };

function fill(plan: Plan, ranking: readonly Ranked[]): string | number | readonly string[] {
  switch (plan.kind) {
    case "choice":
      return ranking[0]?.label ?? "";
    case "choices":
      return fitting(ranking).map(({ label }) => label);
    case "confidence":
      return confidence(ranking);
  }
}

/** How far the best is ahead of the second: 0 a tie, 1 no contest. */
function confidence(ranking: readonly Ranked[]): number {
  const margin = (ranking[0]?.fit ?? 0) - (ranking[1]?.fit ?? 0);
  return Math.round(margin * 1000) / 1000;
}

/** The best, and whatever comes near it. */
function fitting(ranking: readonly Ranked[]): readonly Ranked[] {
  const best = ranking[0]?.fit ?? 0;
  return ranking.filter(({ fit }) => fit >= best * shareOfBest);
}

async function rank(
  labels: readonly string[],
  { instructions, text }: Prompt,
  encoder: Encoder,
  signal: AbortSignal,
): Promise<readonly Ranked[]> {
  const descriptions = labels.map((label) => describe(label, instructions));
  const [subject, ...categories] = await encoder.encode([text, ...descriptions], signal);
  const fits = softmax(
    categories.map((category) => similarity(category, subject ?? category)),
    sharpness,
  );
  return labels
    .map((label, index) => ({ label, fit: fits[index] ?? 0 }))
    .toSorted((left, right) => right.fit - left.fit);
}

/** The label as a sentence, with its description when a line of the instructions gives one: `- label: description`. */
function describe(label: string, instructions: string): string {
  const name = label.replace(/[_-]+/gu, " ");
  const line = instructions
    .split("\n")
    .map((each) => each.replace(/^[\s*•-]+/u, "").replaceAll('"', ""))
    .find((each) => each.startsWith(`${label}:`) || each.startsWith(`${label} -`));
  const description = line?.slice(label.length).replace(/^\s*[:-]\s*/u, "") ?? "";
  return description === "" ? `This text is about ${name}.` : `This text is about ${name}: ${description}`;
}

function readProperties(schema: JsonObject): JsonObject {
  const properties = schema["properties"];
  if (schema["type"] !== "object" || !isObject(properties)) throw unknownSchema("it is not an object");
  return properties;
}

function readPlan(name: string, property: unknown): Plan {
  if (!isObject(property)) throw unknownSchema(`"${name}" is not a schema`);
  const labels = readLabels(property["enum"]);
  if (labels !== undefined) return { kind: "choice", labels };
  const items = property["items"];
  const itemLabels = isObject(items) ? readLabels(items["enum"]) : undefined;
  if (property["type"] === "array" && itemLabels !== undefined)
    return { kind: "choices", labels: itemLabels };
  if (property["type"] === "number" && /confidence|score|probability/iu.test(name))
    return { kind: "confidence" };
  throw unknownSchema(`it cannot fill "${name}"`);
}

function readLabels(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const labels = value.filter((label) => typeof label === "string");
  return labels.length === value.length ? labels : undefined;
}

function unknownSchema(reason: string): Error {
  return notAvailableOffline(
    `Offline, a schema may only ask for categories (enum): ${reason}.`,
    "text.format",
  );
}

/** Similarities differ by hundredths; this makes a lead of 0.1 count as nearly certain. */
const sharpness = 25;
const shareOfBest = 0.5;
