/**
 * Parquet, a row group at a time. Types as SQLite has them: booleans are 0 and 1, dates and times ISO 8601 text with all
 * their digits, lists and structs JSON text, decimals numbers.
 */
import {
  asyncBufferFromFile,
  parquetMetadataAsync,
  parquetRead,
  parquetSchema,
  type FileMetaData,
  type ParquetParsers,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { fail, type SqlValue } from "../../index.ts";
import { sizeOf } from "../file.ts";
import { sqlValueOfJson } from "../json.ts";
import { columnNames } from "./header.ts";
import type { Importable } from "./importable.ts";

export async function readParquet(file: string): Promise<Importable> {
  // First: it says in our words that a file is missing.
  await sizeOf(file);
  const { buffer, metadata } = await reading(file, async () => {
    const opened = await asyncBufferFromFile(file);
    return { buffer: opened, metadata: await parquetMetadataAsync(opened) };
  });
  const names = parquetSchema(metadata).children.map(({ element }) => element.name);
  if (names.length === 0) fail("cli/import-empty", { file });
  return { columns: columnNames(file, names), rows: rowsOf(file, { buffer, metadata, names }) };
}

interface OpenParquet {
  readonly buffer: Awaited<ReturnType<typeof asyncBufferFromFile>>;
  readonly metadata: FileMetaData;
  readonly names: readonly string[];
}

async function* rowsOf(file: string, { buffer, metadata, names }: OpenParquet): AsyncGenerator<SqlValue[]> {
  let rowStart = 0;
  for (const { num_rows: count } of metadata.row_groups) {
    const rowEnd = rowStart + Number(count);
    const group = await reading(file, () => readGroup({ file: buffer, metadata, rowStart, rowEnd }));
    for (const row of group) yield names.map((_, index) => sqlValueOf(row[index]));
    rowStart = rowEnd;
  }
}

function readGroup(group: {
  readonly file: OpenParquet["buffer"];
  readonly metadata: FileMetaData;
  readonly rowStart: number;
  readonly rowEnd: number;
}): Promise<readonly unknown[][]> {
  return new Promise((resolve, reject) => {
    parquetRead({ ...group, compressors, parsers, utf8: false, onComplete: resolve }).catch(reject);
  });
}

/** Whatever the reader throws is said to be about this file. */
async function reading<T>(file: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    return fail("cli/parquet-malformed", {
      file,
      reason: error instanceof Error ? error.message : String(error),
    });
  }
}

function sqlValueOf(value: unknown): SqlValue {
  if (value instanceof Uint8Array) return value;
  // SQLite has no NaN: it stores NULL.
  if (typeof value === "number" && Number.isNaN(value)) return null;
  if (ArrayBuffer.isView(value)) return sqlValueOfJson(Array.from(value as Float32Array));
  return sqlValueOfJson(value);
}

const perSecond = { milliseconds: 1_000n, microseconds: 1_000_000n, nanoseconds: 1_000_000_000n };

/** The reader's own give Date, which ends at milliseconds. */
const parsers: Partial<ParquetParsers> = {
  dateFromDays: (days) => new Date(days * 86_400_000).toISOString().slice(0, 10),
  timestampFromMilliseconds: (value) => timestamp(value, perSecond.milliseconds),
  timestampFromMicroseconds: (value) => timestamp(value, perSecond.microseconds),
  timestampFromNanoseconds: (value) => timestamp(value, perSecond.nanoseconds),
};

/** `2024-05-06T07:08:09.123456Z`, with as many digits as there are, at least three. */
function timestamp(value: bigint, unit: bigint): string {
  const fraction = ((value % unit) + unit) % unit;
  const seconds = new Date(Number((value - fraction) / unit) * 1000).toISOString().slice(0, 19);
  const digits = String(fraction)
    .padStart(String(unit).length - 1, "0")
    .replace(/0+$/, "")
    .padEnd(3, "0");
  return `${seconds}.${digits}Z`;
}
