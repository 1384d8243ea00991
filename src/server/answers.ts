/** Parts of an answer as JSON: one document, or lines under back-pressure. */
import type { Counts, ResultColumn } from "../index.ts";
import type { Deadline } from "./deadline.ts";
import { findingOf, problemOf } from "./problem.ts";
import type { End, Part } from "./protocol.ts";
import { outputWriter, rowWriter, usdOf } from "./values.ts";

/** Called once, when all is given. */
export type Note = (used: {
  readonly rows: number;
  readonly counts: Counts | undefined;
  readonly code?: string;
}) => void;

interface AnswerOptions {
  readonly format: "objects" | "arrays";
  /** Characters; rows beyond are left out, and isTruncated says so. */
  readonly lengthMax: number;
  readonly note: Note;
}

export async function writeAnswer(parts: AsyncIterable<Part>, options: AnswerOptions): Promise<string> {
  const { format, lengthMax, note } = options;
  let head = `"columns":[]`;
  let write = rowWriter([], format);
  const rows: string[] = [];
  let length = 0;
  let isCut = false;
  for await (const part of parts) {
    if (part.kind === "head") {
      head = headText(part);
      write = rowWriter(part.columns, format);
    }
    if (part.kind === "rows") {
      for (const row of part.rows) {
        const text = write(row);
        length += text.length;
        isCut = length > lengthMax;
        if (isCut) break;
        rows.push(text);
      }
    }
    if (part.kind === "end") {
      note({ rows: rows.length, counts: part.end.counts });
      return `{${head},"rows":[${rows.join(",")}],${endText(part.end)}}`;
    }
    if (isCut) break;
  }
  note({ rows: rows.length, counts: undefined });
  const end: End = { affectedRows: 0, isTruncated: true, warnings: [], counts: undefined };
  return `{${head},"rows":[${rows.join(",")}],${endText(end)}}`;
}

export async function writeExplanation(parts: AsyncIterable<Part>): Promise<string> {
  let sites: unknown = [];
  let warnings: unknown = [];
  for await (const part of parts) {
    if (part.kind === "explanation") ({ sites } = part);
    if (part.kind === "end") warnings = part.end.warnings.map(findingOf);
  }
  return JSON.stringify({ sites, warnings });
}

interface LineOptions {
  readonly format: "objects" | "arrays";
  readonly deadline: Pick<Deadline, "race"> & Disposable;
  readonly note: Note;
}

/** Lines of NDJSON. An error behind the first line is a line too: the status has been sent by then. */
export async function writeLines(
  parts: AsyncGenerator<Part>,
  { format, deadline, note }: LineOptions,
): Promise<ReadableStream<Uint8Array>> {
  // What is wrong with the command still gets a status.
  const first = await deadline.race(parts.next()).catch((error: unknown) => {
    deadline[Symbol.dispose]();
    throw error;
  });
  return streamOf(linesOf(parts, first, { format, deadline, note }));
}

async function* linesOf(
  parts: AsyncGenerator<Part>,
  first: IteratorResult<Part>,
  { format, deadline, note }: LineOptions,
): AsyncGenerator<string> {
  using _ = deadline;
  let write = rowWriter([], format);
  let writeOutput = outputWriter([]);
  let rows = 0;
  try {
    for (let step = first; step.done !== true; step = await deadline.race(parts.next())) {
      const part = step.value;
      if (part.kind === "head") {
        write = rowWriter(part.columns, format);
        writeOutput = outputWriter(part.columns);
        yield `{${headText(part)}}\n`;
      }
      if (part.kind === "output") {
        rows++;
        yield `${writeOutput(part.output)}\n`;
      }
      if (part.kind === "rows") {
        rows += part.rows.length;
        yield part.rows.map((row) => `{"row":${write(row)}}\n`).join("");
      }
      if (part.kind === "end") {
        note({ rows, counts: part.end.counts });
        yield `{"end":{${endText(part.end)}}}\n`;
      }
    }
  } catch (error) {
    const problem = problemOf(error);
    note({ rows, counts: undefined, code: problem.code });
    yield `{"error":${JSON.stringify(problem)}}\n`;
  } finally {
    // Also when the reader has gone.
    await parts.return(undefined);
  }
}

/** Reads on when its reader does; a reader who leaves ends the lines. */
function streamOf(lines: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const step = await lines.next();
        if (step.done === true) controller.close();
        else controller.enqueue(encoder.encode(step.value));
      },
      cancel: async () => void (await lines.return(undefined)),
    },
    { highWaterMark: 0 },
  );
}

function headText({ columns, parameters }: Extract<Part, { kind: "head" }>): string {
  const shown = columns.map(({ name, type, format }: ResultColumn) => ({ name, type, format }));
  const described = parameters === undefined ? "" : `,"parameters":${JSON.stringify(parameters)}`;
  return `"columns":${JSON.stringify(shown)}${described}`;
}

function endText({ affectedRows, isTruncated, warnings, counts }: End): string {
  const used = counts === undefined ? undefined : { ...counts, costUsd: usdOf(counts.costUsd) };
  const end = { affectedRows, isTruncated, warnings: warnings.map(findingOf), counts: used };
  return JSON.stringify(end).slice(1, -1);
}
