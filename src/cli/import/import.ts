/**
 * `--import TABLE=FILE`: a file as columns and rows, the kind told by the name's ending.
 * Reading happens while the session inserts; a mistake in row 900,000 leaves no table behind.
 */
import { extname } from "node:path";
import { fail, type Session } from "../../index.ts";
import type { Reporter } from "../reporter.ts";
import { readCsv } from "./csv.ts";
import { count } from "../quantity.ts";
import type { Importable } from "./importable.ts";
import { readJson } from "./json.ts";
import { readNdjson } from "./ndjson.ts";

export interface ImportRequest {
  readonly table: string;
  readonly file: string;
  /** Number of the import in a script's run: a run that goes on does not import twice. */
  readonly step?: number;
  /** Rows of a table that exists stay. */
  readonly isAppended?: boolean;
}

/** Never silently. `time`: what it took. */
export function noteImported(
  reporter: Reporter,
  { table, file }: ImportRequest,
  { rows, replaced, isSkipped }: Imported,
  time?: string,
): Promise<void> {
  const about = { table, file, ...(time === undefined ? {} : { time }) };
  return isSkipped
    ? reporter.note("imported-before", about)
    : reporter.note("imported", { ...about, rows: count(rows, "row"), replaced });
}

export interface Imported {
  readonly rows: number;
  /** Rows the table had. */
  readonly replaced: number;
  /** They were there when the run went on. */
  readonly isSkipped: boolean;
}

/** `onRows` hears now and then how many there are so far. */
export async function importFile(
  session: Session,
  request: ImportRequest,
  signal: AbortSignal,
  onRows?: (rows: number) => void,
): Promise<Imported> {
  const { columns, rows: source } = await readImportable(request.file);
  let replaced = 0;
  const onReplaced = (gone: number): void => {
    replaced = gone;
  };
  let isSkipped = false;
  const onSkipped = (): void => {
    isSkipped = true;
  };
  const options = { ...request, onReplaced, onSkipped };
  const rows = await session.importRows(request.table, columns, watched(source, signal, onRows), options);
  return { rows, replaced, isSkipped };
}

/** Rows between two words about their number: a few a second. */
const rowsPerWord = 50_000;

export function parseImport(text: string): ImportRequest {
  const at = text.indexOf("=");
  const table = text.slice(0, Math.max(0, at)).trim();
  const file = text.slice(at + 1);
  if (table === "" || file === "")
    fail("cli/not-an-assignment", { option: "--import", text, form: "TABLE=FILE" });
  return { table, file };
}

/** A file as columns and rows. Throws cli/import-… */
export async function readImportable(file: string): Promise<Importable> {
  switch (extname(file).toLowerCase()) {
    case ".csv":
      return readCsv(file);
    case ".tsv":
      return readCsv(file, "\t");
    case ".json":
      return readJson(file);
    case ".ndjson":
    case ".jsonl":
      return readNdjson(file);
    case ".parquet":
      // Nobody else waits for its reader to be loaded.
      return (await import("./parquet.ts")).readParquet(file);
    default:
      return fail("cli/import-format", { file });
  }
}

/** The session has no signal for an import: it ends, and rolls back, when its rows fail. No generator: a row costs less. */
function watched<T>(
  rows: AsyncIterable<T>,
  signal: AbortSignal,
  onRows: ((rows: number) => void) | undefined,
): AsyncIterable<T> {
  let pulled = 0;
  return {
    [Symbol.asyncIterator]: () => {
      const source = rows[Symbol.asyncIterator]();
      return {
        next: async () => {
          signal.throwIfAborted();
          if (pulled++ % rowsPerWord === 0 && pulled > 1) onRows?.(pulled - 1);
          return source.next();
        },
        return: async () => (await source.return?.()) ?? { done: true, value: undefined },
      };
    },
  };
}
