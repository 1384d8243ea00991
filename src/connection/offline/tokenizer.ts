/**
 * The encoder's tokenizer: the most probable cut of a text into pieces of its vocabulary (SentencePiece unigram).
 * Ours, because importing the package's would put Emscripten's process-wide error handlers into the host process,
 * and because that one takes quadratic time. A test holds the two equal, their shared oddities included.
 */
import { known } from "../../diagnostics/known.ts";

export type Vocabulary = readonly (readonly [piece: string, logProbability: number])[];

export function createTokenizer(vocabulary: Vocabulary): (text: string) => readonly number[] {
  const root: Branch = { next: new Map() };
  for (const [index, [text, score]] of vocabulary.entries()) {
    if (index >= reservedCount) plant(root, Array.from(text), { index, score });
  }

  return (text) => {
    const symbols = Array.from(markSpaces(text.normalize("NFKC")));
    const ends: End[] = Array.from({ length: symbols.length + 1 }, () => ({ score: 0, piece: unknown }));
    for (const [start, { score: before }] of ends.entries()) {
      if (start === symbols.length) break;
      for (const piece of findPieces(root, symbols, start)) {
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

/** Pieces that begin alike share a path. */
interface Branch {
  readonly next: Map<string, Branch>;
  piece?: Piece;
}

function plant(root: Branch, symbols: readonly string[], piece: Omit<Piece, "length">): void {
  let branch = root;
  for (const symbol of symbols) {
    const next: Branch = branch.next.get(symbol) ?? { next: new Map() };
    branch.next.set(symbol, next);
    branch = next;
  }
  branch.piece = { ...piece, length: symbols.length };
}

function findPieces(root: Branch, symbols: readonly string[], start: number): readonly Piece[] {
  const found: Piece[] = [];
  let branch: Branch | undefined = root;
  for (let position = start; branch !== undefined; position += 1) {
    if (branch.piece !== undefined) found.push(branch.piece);
    branch = branch.next.get(symbols[position] ?? "");
  }
  return found.length === 0 ? [unknown] : found;
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
    const { index, length } = known(ends[position]?.piece);
    if (index !== unknown.index || ids.at(-1) !== unknown.index) ids.push(index);
    position -= length;
  }
  return ids.toReversed();
}

const unknown: Piece = { index: 0, score: 0, length: 1 };
const reservedCount = 6;
