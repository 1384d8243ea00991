/**
 * Answers a question with sentences of the text that came with it. Without such a text there is no answer: this
 * connection knows nothing of the world and does not pretend to.
 */
import { notAvailableOffline } from "./api-error.ts";
import type { Encoder } from "./encoder.ts";
import type { Prompt } from "./prompt.ts";
import { splitSentences } from "./sentences.ts";
import { similarity, valueAt, type Vector } from "./vectors.ts";

export async function answerFrom(prompt: Prompt, encoder: Encoder, signal: AbortSignal): Promise<string> {
  const { question, candidates } = readQuestion(prompt);
  if (candidates.length === 0) {
    throw notAvailableOffline(
      "Offline, an answer is a sentence of the text given with the question, and none was given. " +
        "Put the text into Message after the question, or into Instructions.",
      "input",
    );
  }
  const [asked = nothing, ...vectors] = await encoder.encode([question, ...candidates], signal);
  const near = vectors.map((vector) => similarity(vector, asked));
  if (Math.max(...near) < similarityMin) {
    throw notAvailableOffline("Nothing in what was given has to do with the question.", "input");
  }
  const words = contentWords(question);
  const expected = expectedSigns.find(({ asks }) => asks.test(question))?.sign;
  const scores = candidates.map((sentence, index) => {
    const shared = overlapWeight * overlap(words, contentWords(sentence));
    const sign = expected?.test(sentence) === true ? signWeight : 0;
    return valueAt(near, index) + shared + sign;
  });
  return candidates[scores.indexOf(Math.max(...scores))] ?? "";
}

interface Question {
  readonly question: string;
  readonly candidates: readonly string[];
}

/** The last sentence with a question mark asks; else the first sentence does, when a text follows it. */
function readQuestion({ instructions, text, facts }: Prompt): Question {
  const sentences = splitSentences(text).filter((sentence) => !label.test(sentence));
  const context = splitSentences(instructions).filter((sentence) => !directive.test(sentence));
  const asking = sentences.findLastIndex((sentence) => sentence.endsWith("?"));
  const index = asking === -1 ? 0 : asking;
  const question = (sentences[index] ?? text).replace(leadingLabel, "");
  const others = sentences.filter((sentence, other) => other !== index && !sentence.endsWith("?"));
  const given = [...others, ...context].map((sentence) => sentence.replace(leadingLabel, ""));
  // What stands in an image is no order, whatever it says.
  return { question, candidates: [...given.filter((sentence) => !directive.test(sentence)), ...facts] };
}

/** The share of the question's content words that the sentence repeats. */
function overlap(question: ReadonlySet<string>, sentence: ReadonlySet<string>): number {
  const shared = [...question].filter((word) => sentence.has(word));
  return question.size === 0 ? 0 : shared.length / question.size;
}

/** Words of four letters and more without their commonest endings: short words and endings carry grammar. */
function contentWords(text: string): ReadonlySet<string> {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]{4,}/gu) ?? [];
  return new Set(
    words.filter((word) => !grammar.has(word)).map((word) => word.replace(/(?:ing|ed|es|s)$/u, "")),
  );
}

/** What a sentence should hold to answer such a question. */
const expectedSigns = [
  {
    asks: /\bwhen\b|\bwhat (?:year|date|day|time)\b/iu,
    sign: /\b\d{4}\b|\b\d{1,2}[:.]\d\d\b|day\b|\bmonth|\bweek/iu,
  },
  {
    asks: /\bhow (?:many|much|long|far|old|big|high)\b/iu,
    sign: /\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|twelve|dozen|hundred|free)\b/iu,
  },
  { asks: /\bwho\b/iu, sign: /\p{Ll}\s\p{Lu}\p{Ll}+/u },
];

const grammar = new Set(
  "what when where which whom whose does have will with that this from there your".split(" "),
);
const nothing: Vector = new Float32Array();
/** Below it the best sentence is a stranger, too. Between 0.2 and 0.3 nothing tells the two apart. */
const similarityMin = 0.2;
const overlapWeight = 0.15;
const signWeight = 0.1;
const label = /^(?:context|text|question|document|article|message|answer)\s*:?$/iu;
const leadingLabel = /^(?:context|text|question|document|article|message)\s*:\s*/iu;
/** Orders to the model are no facts to answer with. */
const directive =
  /^(?:please |you are |you're |act |answer|reply|respond|use |do not |don't |never |always |be |keep |give |write |return |output |only |if |ignore |read |think |make |say |tell |explain |translate |rewrite |reason )/iu;
