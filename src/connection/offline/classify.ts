/**
 * Fills a strict JSON schema whose values are choices: the category nearest to the text, by embeddings. A schema that
 * asks for anything else needs a language model, and is refused.
 */
import { isJsonObject, type JsonObject } from "../../catalog/json.ts";
import { notAvailableOffline } from "./api-error.ts";
import type { Encoder } from "./encoder.ts";
import type { Prompt } from "./prompt.ts";
import { similarity, softmax, valueAt } from "./vectors.ts";
import { known } from "../../diagnostics/known.ts";

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
): Promise<unknown> {
  const plan = readPlan("the answer", schema);
  const groups = [...new Set(labelGroups(plan))];
  if (groups.length === 0) throw unknownSchema("it has no enum");
  const rankings = new Map<readonly string[], readonly Ranked[]>();
  for (const labels of groups) rankings.set(labels, await rank(labels, prompt, encoder, signal));
  const [first = []] = rankings.values();
  return fill(plan, { rankings, current: first });
}

/** How to fill a schema. */
type Plan =
  | { readonly kind: "choice"; readonly labels: readonly string[] }
  | { readonly kind: "confidence" }
  | { readonly kind: "list"; readonly item: Plan }
  | { readonly kind: "object"; readonly fields: readonly (readonly [name: string, plan: Plan])[] };

/** The labels of every enum in it, in order. */
function labelGroups(plan: Plan): readonly (readonly string[])[] {
  switch (plan.kind) {
    case "choice":
      return [plan.labels];
    case "confidence":
      return [];
    case "list":
      return labelGroups(plan.item);
    case "object":
      return plan.fields.flatMap(([, field]) => labelGroups(field));
  }
}

interface Findings {
  readonly rankings: ReadonlyMap<readonly string[], readonly Ranked[]>;
  /** What a confidence speaks of; within a list, one of the choices. */
  readonly current: readonly Ranked[];
}

function fill(plan: Plan, findings: Findings): unknown {
  switch (plan.kind) {
    case "choice":
      return known(findings.rankings.get(plan.labels))[0]?.label;
    case "confidence":
      return confidence(findings.current);
    case "list":
      return fillList(plan.item, findings);
    case "object":
      return Object.fromEntries(plan.fields.map(([name, field]) => [name, fill(field, findings)]));
  }
}

/** One item for each category that fits, with that category alone to choose from. */
function fillList(item: Plan, { rankings }: Findings): readonly unknown[] {
  const [labels = []] = labelGroups(item);
  return fitting(known(rankings.get(labels))).map((ranked) =>
    fill(item, { rankings: new Map([...rankings, [labels, [ranked]]]), current: [ranked] }),
  );
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
    categories.map((category) => similarity(category, known(subject))),
    sharpness,
  );
  return labels
    .map((label, index) => ({ label, fit: valueAt(fits, index) }))
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

function readPlan(name: string, schema: unknown): Plan {
  if (!isJsonObject(schema)) throw unknownSchema(`"${name}" is not a schema`);
  const labels = readLabels(schema["enum"]);
  if (labels !== undefined) return { kind: "choice", labels };
  const { type, items, properties } = schema;
  if (type === "array" && items !== undefined) return { kind: "list", item: readPlan(name, items) };
  if (type === "object" && isJsonObject(properties)) {
    const fields = Object.entries(properties).map(
      ([field, inner]) => [field, readPlan(field, inner)] as const,
    );
    return { kind: "object", fields };
  }
  if (type === "number" && /confidence|score|probability/iu.test(name)) return { kind: "confidence" };
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
