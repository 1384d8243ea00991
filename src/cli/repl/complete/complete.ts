/** Tab: what stands at the cursor could become what. SQL goes by its place, a dot-command by its table entry. */
import type { DotCommand } from "../dot/command.ts";
import type { Buffer } from "../edit/buffer.ts";
import type { Completion } from "../edit/menu.ts";
import type { Candidate } from "../edit/state.ts";
import { candidatesAt, startingWith, type Vocabulary } from "./candidates.ts";
import { filesFor } from "./files.ts";
import { placeOf } from "./place.ts";
import { known } from "../../known.ts";

export interface Completing {
  readonly vocabulary: Vocabulary;
  readonly commands: readonly DotCommand[];
  readonly modes: readonly string[];
}

export async function complete(buffer: Buffer, completing: Completing): Promise<Completion> {
  const { text, cursor } = buffer;
  const lineStart = text.lastIndexOf("\n", cursor - 1) + 1;
  const line = text.slice(lineStart, cursor);
  const dot = /^(\s*)([.\\]\S*)(\s*)/.exec(line);
  if (dot !== null) return completeDot(buffer, lineStart, dot, completing);
  return completeSql(buffer, completing.vocabulary);
}

async function completeSql({ text, cursor }: Buffer, vocabulary: Vocabulary): Promise<Completion> {
  const place = placeOf(text, cursor);
  if (place.kind.kind === "file") {
    // Behind a whole name the quote is still missing: a folder goes on, a file is finished.
    const isClosed = text.charAt(cursor) === "'";
    const files = (await filesFor(place.word)).map(({ text: file, detail }) => ({
      text: detail === "folder" || isClosed ? file : `${file}'`,
      detail,
    }));
    return { from: place.from, to: cursor, candidates: files };
  }
  return { from: place.from, to: cursor, candidates: candidatesAt(place, vocabulary) };
}

async function completeDot(
  { text, cursor }: Buffer,
  lineStart: number,
  dot: RegExpExecArray,
  completing: Completing,
): Promise<Completion> {
  const [head, indent = "", written = "", gap = ""] = dot;
  if (gap === "") {
    const candidates = startingWith(written, commandCandidates(completing.commands));
    return { from: lineStart + indent.length, to: cursor, candidates };
  }
  const bare = written.replace(/^\./, "").toLowerCase();
  const command = completing.commands.find(
    ({ name, aliases }) => name === bare || aliases?.includes(written) === true,
  );
  const rest = text.slice(lineStart + head.length, cursor);
  const kinds = command?.completes ?? [];
  if (kinds[0] === "sql")
    return completeSql({ text: blanked(text, lineStart + head.length), cursor }, completing.vocabulary);
  const words = rest.split(/\s+/);
  const kind = kinds[Math.min(words.length, kinds.length) - 1];
  const word = known(words.at(-1));
  const candidates = await argumentCandidates(kind, word, completing);
  return { from: cursor - word.length, to: cursor, candidates };
}

async function argumentCandidates(
  kind: NonNullable<DotCommand["completes"]>[number] | undefined,
  word: string,
  { vocabulary, commands, modes }: Completing,
): Promise<Candidate[]> {
  const plain = (texts: readonly string[]): Candidate[] =>
    startingWith(
      word,
      texts.map((text) => ({ text, detail: "" })),
    );
  const tables = vocabulary.tables.map(({ name, kind: detail }) => ({ text: name, detail }));
  const procedures = vocabulary.procedures.map(({ name, summary }) => ({ text: name, detail: summary }));
  switch (kind) {
    case undefined:
    case "sql":
      return [];
    case "file":
      return filesFor(word);
    case "table":
      return startingWith(word, tables);
    case "table-or-procedure":
      return startingWith(word, [...procedures, ...tables]);
    case "mode":
      return plain(modes);
    case "connection":
      return startingWith(word, vocabulary.connections);
    case "command":
      return startingWith(
        word,
        commands.map(({ name, summary }) => ({ text: name, detail: summary })),
      );
    case "parameter":
      return startingWith(word, vocabulary.binds);
    default:
      return plain(kind);
  }
}

function commandCandidates(commands: readonly DotCommand[]): Candidate[] {
  return commands.map(({ name, arguments: usage, summary }) => ({
    text: usage === "" ? `.${name}` : `.${name} `,
    detail: `${usage}${usage === "" ? "" : " — "}${summary}`,
  }));
}

/** The same text with its first `length` characters taken for blanks: places keep their offsets. */
function blanked(text: string, length: number): string {
  return " ".repeat(length) + text.slice(length);
}
