/**
 * POST /moderations by comparison: a text is flagged when it is nearer to a harmful prototype than to every harmless
 * one by a margin, or when it holds a word that leaves no doubt. A first filter, no judge: see docs/offline.md.
 */
import type { JsonObject } from "../../catalog/json.ts";
import type { Backends } from "./backends.ts";
import type { Encoder } from "./encoder.ts";
import { readTexts } from "./json-body.ts";
import { harmful, harmless, type JudgedCategory } from "./prototypes.ts";
import { makeId } from "./reply.ts";
import { splitSentences } from "./sentences.ts";
import { checkTokens } from "./tokens.ts";
import { similarity, type Vector } from "./vectors.ts";
import { known } from "../../diagnostics/known.ts";

export const moderationModel = "offline-moderation";

export async function createModerations(
  body: JsonObject,
  { encoder, loadLexicon }: Pick<Backends, "encoder" | "loadLexicon">,
  { signal, seed }: { signal: AbortSignal; seed: string },
): Promise<JsonObject> {
  const texts = readTexts(body);
  for (const text of texts) checkTokens(text, tokensMax, "input");
  const lexicon = await loadLexicon();
  const prototypes = await encodePrototypes(encoder);
  signal.throwIfAborted();
  const judge = async (text: string): Promise<JsonObject> => {
    const scores: Scores = new Map();
    for (const vector of await encoder.encode(splitJudged(text), signal)) {
      raiseByPrototypes(scores, vector, prototypes);
    }
    for (const category of lexicon(text)) raise(scores, category, lexiconScore);
    return makeResult(scores);
  };
  return { id: makeId("modr-", seed), model: moderationModel, results: await Promise.all(texts.map(judge)) };
}

/** Sentence by sentence: one insult vanishes in the vector of a long, polite message. */
function splitJudged(text: string): readonly string[] {
  const sentences = splitSentences(text);
  return sentences.length === 0 ? [text] : sentences;
}

const prototypesByEncoder = new WeakMap<Encoder, Promise<readonly Vector[]>>();

/** Belongs to no request, so no request's signal stops it. */
function encodePrototypes(encoder: Encoder): Promise<readonly Vector[]> {
  const before = prototypesByEncoder.get(encoder);
  if (before !== undefined) return before;
  const vectors = encoder.encode([...harmful.map(([text]) => text), ...harmless]);
  prototypesByEncoder.set(encoder, vectors);
  vectors.catch(() => prototypesByEncoder.delete(encoder));
  return vectors;
}

type Scores = Map<JudgedCategory, number>;

function raiseByPrototypes(scores: Scores, vector: Vector, prototypes: readonly Vector[]): void {
  const near = prototypes.map((prototype) => similarity(vector, prototype));
  const safe = Math.max(...near.slice(harmful.length));
  for (const [index, [, ...categories]] of harmful.entries()) {
    const score = scoreMargin(known(near[index]) - safe);
    for (const category of categories) raise(scores, category, score);
  }
}

function raise(scores: Scores, category: JudgedCategory, score: number): void {
  scores.set(category, Math.max(score, scores.get(category) ?? 0));
}

/** 0.5 at the threshold; a margin of 0.2 more is nearly one. */
function scoreMargin(margin: number): number {
  const score = 1 / (1 + Math.exp(-(margin - marginMin) / marginScale));
  return Math.round(score * 10_000) / 10_000;
}

function makeResult(scores: Scores): JsonObject {
  const byCategory = (value: (score: number) => unknown): JsonObject =>
    Object.fromEntries(categories.map((category) => [category, value(readScore(scores, category))]));
  return {
    flagged: [...scores.values()].some(isFlagged),
    categories: byCategory(isFlagged),
    category_scores: byCategory((score) => score),
    category_applied_input_types: byCategory(() => ["text"]),
  };
}

function isFlagged(score: number): boolean {
  return score >= 0.5;
}

function readScore(scores: ReadonlyMap<string, number>, category: string): number {
  return scores.get(category) ?? 0;
}

/** All of the API's; those without a prototype stay at zero. */
const categories = [
  "harassment",
  "harassment/threatening",
  "hate",
  "hate/threatening",
  "illicit",
  "illicit/violent",
  "self-harm",
  "self-harm/instructions",
  "self-harm/intent",
  "sexual",
  "sexual/minors",
  "violence",
  "violence/graphic",
];

const tokensMax = 16_384;
const lexiconScore = 0.9;
const marginMin = 0.08;
const marginScale = 0.05;
