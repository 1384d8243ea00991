/** Cuts a text into sentences: paragraphs and list items first, then the Unicode rules as Node's ICU knows them. */

export function splitSentences(text: string): readonly string[] {
  return splitBlocks(text).flatMap(splitBlock);
}

/** Lines belong together (mail is wrapped by hand) unless one ends a sentence or begins a list item. */
function splitBlocks(text: string): readonly string[] {
  return text.split(/\n\s*\n|(?<=[.!?:;])[ \t]*\n|\n(?=\s*(?:[-*•]|\d+[.)])\s)/u);
}

function splitBlock(block: string): readonly string[] {
  const sentences: string[] = [];
  let open = "";
  for (const { segment } of segmenter.segment(block.replace(/\s+/gu, " ").trim())) {
    open += segment;
    if (abbreviation.test(open)) continue;
    sentences.push(open.trim());
    open = "";
  }
  if (open.trim() !== "") sentences.push(open.trim());
  return sentences.map((sentence) => sentence.replace(/^(?:[-*•]|\d+[.)])\s+/u, "")).filter(hasWord);
}

function hasWord(sentence: string): boolean {
  return /[\p{L}\p{N}]/u.test(sentence);
}

const segmenter = new Intl.Segmenter("en", { granularity: "sentence" });
/** ICU ends a sentence after these when a capital follows. */
const abbreviation = /(?:^|\s)(?:Mr|Mrs|Ms|Dr|Prof|St|No|Nr|vs|Inc|Ltd|Co|approx|e\.g|i\.e|[A-Z])\.\s*$/u;
