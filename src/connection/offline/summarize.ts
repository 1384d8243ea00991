/**
 * A summary made of the text's own sentences: the first, then those nearest the middle of the text that say
 * something new, in their order. No better than the first three sentences of a news article; see docs/offline.md.
 */
import { notAvailableOffline } from "./api-error.ts";
import type { Encoder } from "./encoder.ts";
import type { Prompt } from "./prompt.ts";
import { splitSentences } from "./sentences.ts";
import { meanDirection, similarity, type Vector } from "./vectors.ts";
import { known } from "../../diagnostics/known.ts";

export interface SummaryTask {
  readonly text: string;
  readonly sentencesMax: number;
}

/** The task, when the prompt asks for a summary: in its instructions, or in the first line of the text itself. */
export function summaryTask({ instructions, text }: Prompt): SummaryTask | undefined {
  if (asksForSummary.test(instructions)) return readTask(instructions, text);
  const [order] = text.match(/^[^\n:]*[:\n]/u) ?? [];
  if (order === undefined || !asksForSummary.test(order)) return undefined;
  return readTask(`${order}\n${instructions}`, text.slice(order.length));
}

function readTask(order: string, text: string): SummaryTask {
  const match = order.match(inLanguage)?.groups;
  const language = match?.["named"] ?? match?.["language"];
  if (language !== undefined && !/^en(?:glish)?(?:-\w+)?$/iu.test(language.trim())) {
    throw notAvailableOffline(
      `An offline summary keeps the language of the text; it cannot be in ${language}.`,
    );
  }
  return { text, sentencesMax: readSentences(order) };
}

function readSentences(order: string): number {
  const word = order.match(sentenceCount)?.groups?.["count"]?.toLowerCase();
  if (word === undefined) return sentencesDefault;
  const position = numberWords.indexOf(word);
  return Math.max(1, position === -1 ? Number(word) : position);
}

export async function summarize(
  { text, sentencesMax }: SummaryTask,
  encoder: Encoder,
  signal: AbortSignal,
): Promise<string> {
  const sentences = splitSentences(text);
  if (sentences.length <= sentencesMax) return sentences.join(" ") || text.trim();
  const vectors = await encoder.encode(sentences, signal);
  const chosen = choose(vectors, sentencesMax);
  return sentences.filter((_, index) => chosen.has(index)).join(" ");
}

function choose(vectors: readonly Vector[], count: number): ReadonlySet<number> {
  const centre = meanDirection(vectors);
  const chosen = new Set([0]);
  while (chosen.size < count) {
    const scores = vectors.map((vector, index) => {
      if (chosen.has(index)) return -Infinity;
      const repeats = [...chosen].map((other) => similarity(vector, known(vectors[other])));
      return similarity(vector, centre) - repetitionWeight * Math.max(...repeats);
    });
    chosen.add(scores.indexOf(Math.max(...scores)));
  }
  return chosen;
}

const asksForSummary = /^\s*(?:please\s+)?summari[sz]e\b/iu;
const numberWords = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
const sentenceCount = new RegExp(
  String.raw`\b(?<count>\d{1,3}|${numberWords.join("|")})\s+(?:\w+\s+)?sentences?\b`,
  "iu",
);
/** "in German", "in this language: German". */
const inLanguage =
  /\blanguage: (?<named>[\p{L} -]+)|\bin (?<language>English|German|French|Spanish|Italian|Portuguese|Dutch|Polish|Russian|Ukrainian|Turkish|Arabic|Hebrew|Hindi|Chinese|Japanese|Korean|Swedish|Norwegian|Danish|Finnish|Czech|Greek|Romanian|Hungarian)\b/iu;
const sentencesDefault = 3;
const repetitionWeight = 0.3;
