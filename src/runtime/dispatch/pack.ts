/**
 * Several requests as one, and its answer as theirs (2-runtime, 2.3): what a pack rule allows, in pure functions.
 * Answers go by index, never by what they look like; each request gets the body it would have got alone.
 */
import { requestText } from "./request-key.ts";
import type { ApiAnswer, ApiFailure, ApiRequest } from "../../catalog/request.ts";
import { isObject, readEntries, readField } from "../../catalog/read.ts";
import { packTexts } from "../../diagnostics/messages/dispatch.ts";
import { estimateTokens } from "./token-estimate.ts";
import type { Wanted } from "./work.ts";

/** Requests of one group may share one; undefined: this one may not be packed. */
export function packGroup({ request, pack }: Wanted): string | undefined {
  if (pack === undefined || typeof request.body[pack.input] !== "string") return undefined;
  const { [pack.input]: _, ...others } = request.body;
  return `${request.endpoint} ${pack.input} ${requestText({ ...request, body: others })}`;
}

/** How many go into one request, by their tokens. At least one. */
export function packSize(tokens: readonly number[], tokensMax: number): number {
  let sum = 0;
  const tooMany = tokens.findIndex((own) => (sum += own) > tokensMax);
  return tooMany === -1 ? tokens.length : Math.max(1, tooMany);
}

export function inputOf({ request, pack }: Wanted): string {
  const input = pack === undefined ? undefined : request.body[pack.input];
  return typeof input === "string" ? input : "";
}

/** One request for all; alone, a request stays as it is. */
export function combine(wanted: readonly Wanted[]): ApiRequest {
  const [first] = wanted;
  if (first === undefined) throw new Error("a pack of nothing");
  if (first.pack === undefined || wanted.length === 1) return first.request;
  const { endpoint, body } = first.request;
  return { endpoint, body: { ...body, [first.pack.input]: wanted.map(inputOf) } };
}

export type Split =
  | { readonly ok: true; readonly answers: readonly ApiAnswer[] }
  | { readonly ok: false; readonly failure: ApiFailure };

/** The answer to `combine(wanted)`, one for each. */
export function split(answer: ApiAnswer, wanted: readonly Wanted[]): Split {
  const rule = wanted[0]?.pack;
  if (rule === undefined || wanted.length === 1) return { ok: true, answers: wanted.map(() => answer) };
  const found = readField(answer.body, rule.answers);
  const items: readonly unknown[] = Array.isArray(found) ? found : [];
  const places = placesOf(items, wanted.length);
  if (places === undefined) {
    const message = packTexts.mismatch({ expected: wanted.length, found: items.length });
    const { status, requestId } = answer;
    const failure = { kind: "bad-answer" as const, message, status };
    return { ok: false, failure: requestId === undefined ? failure : { ...failure, requestId } };
  }
  const weights = wanted.map((item) => estimateTokens(inputOf(item)));
  const usages = shareUsage(readField(answer.body, "usage"), weights);
  const fields = Object.fromEntries(readEntries(answer.body));
  const answers = places.map((item, index): ApiAnswer => {
    const usage = usages[index] === undefined ? {} : { usage: usages[index] };
    return { ...answer, body: { ...fields, [rule.answers]: [alone(item)], ...usage } };
  });
  return { ok: true, answers };
}

/** The items in the order of the inputs; undefined unless there is exactly one for each. */
function placesOf(items: readonly unknown[], count: number): readonly unknown[] | undefined {
  if (items.length !== count) return undefined;
  const indexes = items.map((item) => readField(item, "index"));
  // Moderations carry no index: their order is the inputs'.
  if (indexes.every((index) => index === undefined)) return items;
  const places = new Map(indexes.map((index, place) => [index, items[place]]));
  const isComplete = Array.from({ length: count }, (_, index) => places.has(index)).every(Boolean);
  return isComplete ? Array.from({ length: count }, (_, index) => places.get(index)) : undefined;
}

function alone(item: unknown): unknown {
  return isObject(item) && readField(item, "index") !== undefined ? { ...item, index: 0 } : item;
}

/** Every number in it shared out by weight, whole, so that the shares add up to it exactly. */
function shareUsage(usage: unknown, weights: readonly number[]): readonly unknown[] {
  if (typeof usage === "number") return shareOut(usage, weights);
  const entries = readEntries(usage).map(([name, value]) => [name, shareUsage(value, weights)] as const);
  if (entries.length === 0) return weights.map(() => usage);
  return weights.map((_, index) =>
    Object.fromEntries(entries.map(([name, shares]) => [name, shares[index]])),
  );
}

/** By what the running sum of weights has come to: no share is more than 1 off, none is lost. */
function shareOut(total: number, weights: readonly number[]): readonly number[] {
  const sum = weights.reduce((left, right) => left + right, 0);
  let weight = 0;
  let given = 0;
  return weights.map((own) => {
    weight += own;
    const share = Math.round((total * weight) / sum) - given;
    given += share;
    return share;
  });
}
