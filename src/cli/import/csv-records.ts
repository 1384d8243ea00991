/**
 * CSV text (RFC 4180) to records, chunk by chunk. Strict where guessing would move values: a quote inside a field and one
 * that is never closed are mistakes with their line. Lines end in \n, \r\n or \r. Knows nothing of headers and types.
 */
import { fail } from "../../index.ts";
import { known } from "../known.ts";

export interface CsvRecord {
  /** Of its first character, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
  /** Whether the cell was written in quotes: `""` is the empty text, nothing at all is NULL. */
  readonly isQuoted: readonly boolean[];
}

export interface CsvFile {
  readonly file: string;
  readonly delimiter: string;
}

/** A record longer than this is taken for a quote that was never closed. */
const recordLengthMax = 256 * 1024 * 1024;

const quote = 0x22;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** The records of each chunk, as soon as they are whole. */
export async function* csvRecords(file: CsvFile, chunks: AsyncIterable<string>): AsyncGenerator<CsvRecord[]> {
  let line = 1;
  let rest = "";
  let gathered: string[] = [];
  let gatheredLength = 0;
  for await (const chunk of chunks) {
    gathered.push(chunk);
    gatheredLength += chunk.length;
    // A record that spans many chunks is not read anew for each of them.
    if (gatheredLength < rest.length) continue;
    const part = readRecords(file, { text: rest + gathered.join(""), line, isLast: false });
    yield part.records;
    ({ rest, line } = part);
    gathered = [];
    gatheredLength = 0;
    if (rest.length > recordLengthMax) fail("cli/csv-open-quote", { file: file.file, line });
  }
  yield readRecords(file, { text: rest + gathered.join(""), line, isLast: true }).records;
}

interface Part {
  readonly records: CsvRecord[];
  /** The start of a record whose end has not come. */
  readonly rest: string;
  readonly line: number;
}

function readRecords(
  { file, delimiter }: CsvFile,
  {
    text,
    line: firstLine,
    isLast,
  }: { readonly text: string; readonly line: number; readonly isLast: boolean },
): Part {
  const separator = delimiter.charCodeAt(0);
  const records: CsvRecord[] = [];
  let line = firstLine;
  let start = 0;
  while (start < text.length) {
    const cells: string[] = [];
    const isQuoted: boolean[] = [];
    const recordLine = line;
    let at = start;
    for (;;) {
      if (text.charCodeAt(at) === quote) {
        const openLine = line;
        const close = closingQuote(text, at + 1);
        if (close < 0 && isLast) fail("cli/csv-open-quote", { file, line: openLine });
        // Whether a quote at the end closes the field or is the first of two, the next chunk says.
        if (close < 0 || (close + 1 === text.length && !isLast))
          return { records, rest: text.slice(start), line: recordLine };
        const content = text.slice(at + 1, close);
        line += lineBreaksIn(content);
        cells.push(content.includes('""') ? content.replaceAll('""', '"') : content);
        isQuoted.push(true);
        at = close + 1;
      } else {
        let end = at;
        let code = text.charCodeAt(end);
        while (end < text.length && code !== separator && code !== lineFeed && code !== carriageReturn) {
          if (code === quote) fail("cli/csv-stray-quote", { file, line });
          code = text.charCodeAt(++end);
        }
        cells.push(text.slice(at, end));
        isQuoted.push(false);
        at = end;
      }
      // Behind a field: the delimiter, the end of a line, or the end of what there is.
      if (at < text.length && text.charCodeAt(at) === separator) {
        at++;
        if (at < text.length || isLast) continue;
      }
      break;
    }
    const end = endOfLine(text, at);
    if (end === undefined) fail("cli/csv-stray-quote", { file, line });
    // The next chunk may go on with the field, or with the \n of an \r\n.
    if (!isLast && end >= text.length && text.charCodeAt(end - 1) !== lineFeed)
      return { records, rest: text.slice(start), line: recordLine };
    records.push({ line: recordLine, cells, isQuoted });
    if (end > at) line++;
    start = end;
  }
  return { records, rest: "", line };
}

/** Of the field whose content begins here; -1 when the text ends first. */
function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 2)) {
    if (text.charCodeAt(at + 1) !== quote) return at;
  }
  return -1;
}

/** The offset behind the line's end that stands here; undefined when something else does. */
function endOfLine(text: string, at: number): number | undefined {
  if (at >= text.length) return at;
  const code = text.charCodeAt(at);
  if (code === lineFeed) return at + 1;
  if (code !== carriageReturn) return undefined;
  return text.charCodeAt(at + 1) === lineFeed ? at + 2 : at + 1;
}

function lineBreaksIn(text: string): number {
  if (!text.includes("\n") && !text.includes("\r")) return 0;
  return known(text.match(/\r\n|\r|\n/g)?.length);
}
