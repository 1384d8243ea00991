/**
 * The encoder's tokenizer: the most probable cut of a text into pieces of its vocabulary (SentencePiece unigram).
 * Ours, because importing the package's would put Emscripten's process-wide error handlers into the host process,
 * and because that one takes quadratic time. A test holds the two equal, their shared oddities included.
 */

export type Vocabulary = readonly (readonly [piece: string, logProbability: number])[];

export function createTokenizer(vocabulary: Vocabulary): (text: string) => readonly number[] {
  const pieces = new Map<string, Piece>();
  let longest = 1;
  for (const [index, [text, score]] of vocabulary.entries()) {
    if (index < reservedCount) continue;
    const length = Array.from(text).length;
    pieces.set(text, { index, score, length });
    longest = Math.max(longest, length);
  }

  function findPieces(symbols: readonly string[], start: number): readonly Piece[] {
    const found: Piece[] = [];
    let text = "";
    for (const symbol of symbols.slice(start, start + longest)) {
      text += symbol;
      const piece = pieces.get(text);
      if (piece !== undefined) found.push(piece);
    }
    return found.length === 0 ? [unknown] : found;
  }

  return (text) => {
    const symbols = Array.from(markSpaces(text.normalize("NFKC")));
    const ends: End[] = Array.from({ length: symbols.length + 1 }, () => ({ score: 0, piece: unknown }));
    for (const [start, { score: before }] of ends.entries()) {
      if (start === symbols.length) break;
      for (const piece of findPieces(symbols, start)) {
        const end = ends[start + piece.length];
        const score = before + piece.score;
        if (end === undefined || (end.score !== 0 && score < end.score)) continue;
        end.score = score;
        end.piece = piece;
      }
    }
    return walkBack(ends);
  };
}

interface Piece {
  readonly index: number;
  readonly score: number;
  /** In code points. */
  readonly length: number;
}

/** The best way to reach a position: its score and its last piece. */
interface End {
  score: number;
  piece: Piece;
}

function markSpaces(text: string): string {
  return text === "" ? text : `▁${text.replaceAll(" ", "▁")}`;
}

/** Runs of unknown signs count as one. */
function walkBack(ends: readonly End[]): readonly number[] {
  const ids: number[] = [];
  for (let position = ends.length - 1; position > 0;) {
    const { index, length } = ends[position]?.piece ?? unknown;
    if (index !== unknown.index || ids.at(-1) !== unknown.index) ids.push(index);
    position -= length;
  }
  return ids.toReversed();
}

const unknown: Piece = { index: 0, score: 0, length: 1 };
const reservedCount = 6;
