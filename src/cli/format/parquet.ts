/**
 * Parquet, a row group at a time. A column has one type there, so it is told from what is declared and from the first
 * rows; a later value that cannot be of that type is an error that names it, never a value changed in silence.
 */
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import type { SchemaElement } from "hyparquet";
import { fail, version, type SqlValue } from "../../index.ts";
import { exactText } from "./cell.ts";
import { distinctlyNamed, type Column, type Row } from "./column.ts";
import { embeddingIn } from "./embedding.ts";

/** A row group ends with whichever is reached first; both are what memory must hold. */
const groupRowsMax = 50_000;
const groupBytesMax = 32 * 1024 * 1024;

type Kind = "integer" | "real" | "text" | "bytes" | "vector";

interface Field {
  /** Under the name it has in the file, which is its own alone. */
  readonly column: Column;
  readonly kind: Kind;
}

export async function* parquet(
  columns: readonly Column[],
  rows: AsyncIterable<Row>,
): AsyncGenerator<Uint8Array> {
  let writer: GroupWriter | undefined;
  let group: Row[] = [];
  let bytes = 0;
  for await (const row of rows) {
    group.push(row);
    bytes += row.reduce<number>((sum, value) => sum + sizeOf(value), 0);
    if (group.length < groupRowsMax && bytes < groupBytesMax) continue;
    writer ??= new GroupWriter(columns, group);
    yield writer.write(group);
    group = [];
    bytes = 0;
  }
  writer ??= new GroupWriter(columns, group);
  if (group.length > 0) yield writer.write(group);
  yield writer.finish();
}

class GroupWriter {
  readonly #fields: readonly Field[];
  readonly #bytes = new ByteWriter();
  readonly #parquet: ParquetWriter;
  #rows = 0;

  constructor(columns: readonly Column[], first: readonly Row[]) {
    this.#fields = distinctlyNamed(columns).map((column, index) => ({
      column,
      kind: kindOf(column, first, index),
    }));
    this.#parquet = new ParquetWriter({
      writer: this.#bytes,
      schema: [{ name: "root", num_children: columns.length }, ...this.#fields.flatMap(elementsOf)],
      createdBy: `callsql ${version}`,
    });
  }

  write(rows: readonly Row[]): Uint8Array {
    const columnData = this.#fields.map((field, index) => ({
      name: field.column.name,
      data: rows.map((row, number) => {
        const value = row[index] ?? null;
        const fit = fitting(value, field);
        return fit === misfit ? refuse(value, field, this.#rows + number + 1) : fit;
      }),
    }));
    void this.#parquet.write({ columnData, rowGroupSize: rows.length });
    this.#rows += rows.length;
    return this.#taken();
  }

  finish(): Uint8Array {
    void this.#parquet.finish();
    return this.#taken();
  }

  /** What has been written so far; the writer's memory is used again. */
  #taken(): Uint8Array {
    const bytes = this.#bytes.getBytes().slice();
    this.#bytes.index = 0;
    return bytes;
  }
}

function refuse(value: SqlValue, { column, kind }: Field, row: number): never {
  const found = value instanceof Uint8Array ? "bytes" : typeof value === "string" ? "text" : "a number";
  return fail("cli/parquet-type", { column: column.name, row, found, kind });
}

/** One kind holds all of the first rows' values, or they are written as text. */
function kindOf(column: Column, rows: readonly Row[], index: number): Kind {
  if (column.format === "embedding") return "vector";
  const found = new Set<Kind>();
  for (const row of rows) {
    const value = row[index] ?? null;
    if (value !== null) found.add(kindOfValue(value));
  }
  if (found.size === 0) return declaredKind(column);
  if (found.has("real") && found.size === 2 && found.has("integer")) return "real";
  const [only = "text", second] = found;
  // REAL columns often begin with whole numbers.
  if (only === "integer" && second === undefined && declaredKind(column) === "real") return "real";
  return second === undefined ? only : "text";
}

function kindOfValue(value: Exclude<SqlValue, null>): Kind {
  if (typeof value === "string") return "text";
  if (typeof value === "bigint" || Number.isSafeInteger(value)) return "integer";
  return typeof value === "number" ? "real" : "bytes";
}

/** SQLite's own rules for what a declared type means. */
function declaredKind({ type = "" }: Column): Kind {
  if (/INT/i.test(type)) return "integer";
  if (/CHAR|CLOB|TEXT/i.test(type)) return "text";
  if (/BLOB/i.test(type)) return "bytes";
  return /REAL|FLOA|DOUB/i.test(type) ? "real" : "text";
}

function elementsOf({ column: { name }, kind }: Field): SchemaElement[] {
  const optional = { name, repetition_type: "OPTIONAL" } as const;
  switch (kind) {
    case "integer":
      return [{ ...optional, type: "INT64" }];
    case "real":
      return [{ ...optional, type: "DOUBLE" }];
    case "text":
      return [{ ...optional, type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" } }];
    case "bytes":
      return [{ ...optional, type: "BYTE_ARRAY" }];
    case "vector":
      return [
        { ...optional, num_children: 1, converted_type: "LIST", logical_type: { type: "LIST" } },
        { name: "list", repetition_type: "REPEATED", num_children: 1 },
        { name: "element", repetition_type: "REQUIRED", type: "FLOAT" },
      ];
  }
}

const misfit = Symbol("misfit");

function fitting(value: SqlValue, { column, kind }: Field): unknown {
  if (value === null) return undefined;
  switch (kind) {
    case "integer":
      return typeof value === "bigint" || Number.isSafeInteger(value) ? readBigint(value) : misfit;
    case "real":
      // A whole number that a double does not hold would be another number.
      if (typeof value === "bigint") return BigInt(Number(value)) === value ? Number(value) : misfit;
      return typeof value === "number" ? value : misfit;
    case "text":
      return exactText(value, column);
    case "bytes":
      return value instanceof Uint8Array ? value : misfit;
    case "vector":
      return embeddingIn(value, column) ?? misfit;
  }
}

function readBigint(value: SqlValue): bigint {
  return BigInt(value as bigint | number);
}

function sizeOf(value: SqlValue): number {
  if (typeof value === "string") return value.length;
  return value instanceof Uint8Array ? value.byteLength : 8;
}
