/**
 * Cuts a text into pieces the encoder can see whole. It reads 128 tokens and silently ignores the rest, so a longer
 * text becomes several chunks whose vectors are averaged.
 */
import { notAvailableOffline } from "./api-error.ts";
import type { EncoderModel } from "./encoder-model.ts";
import { isMostlyLatin } from "./latin.ts";

export interface Chunk {
  readonly text: string;
  /** As the encoder counts them; chunks of equal length may share a batch. */
  readonly tokens: number;
}

/** At least one chunk; refuses text in which the encoder knows nothing. */
export function splitChunks(text: string, model: EncoderModel): readonly Chunk[] {
  const chunks: Chunk[] = [];
  const blanks = new Set([...model.tokenize(" "), unknownToken]);
  let isKnown = false;
  let words: string[] = [];
  let tokens = 0;
  for (const word of splitWords(text)) {
    const ids = model.tokenize(word);
    isKnown ||= ids.some((id) => !blanks.has(id));
    if (tokens + ids.length > chunkTokensMax) {
      chunks.push(closeChunk(words, model));
      words = [];
      tokens = 0;
    }
    words.push(word);
    tokens += ids.length;
  }
  if (words.length > 0) chunks.push(closeChunk(words, model));
  // The vocabulary holds single letters of other alphabets: they have vectors, but vectors that mean nothing.
  if (!isKnown || !isMostlyLatin(text)) throw unknownText(text);
  return chunks;
}

/** The vocabulary has no line breaks, and a single word may not fill more than a chunk. */
function splitWords(text: string): readonly string[] {
  const words = text.normalize("NFKC").split(/\s+/u);
  return words.flatMap((word) => (word.length <= wordLengthMax ? word : splitWord(word))).filter(Boolean);
}

function splitWord(word: string): readonly string[] {
  return Array.from({ length: Math.ceil(word.length / wordLengthMax) }, (_, index) =>
    word.slice(index * wordLengthMax, (index + 1) * wordLengthMax),
  );
}

function closeChunk(words: readonly string[], model: EncoderModel): Chunk {
  const text = words.join(" ");
  return { text, tokens: model.tokenize(text).length };
}

function unknownText(text: string): Error {
  const start = text.length <= 40 ? text : `${text.slice(0, 40)}…`;
  return notAvailableOffline(
    `The offline models read English only, and know nothing in ${JSON.stringify(start)}.`,
    "input",
  );
}

const chunkTokensMax = 128;
const wordLengthMax = 60;
const unknownToken = 0;
