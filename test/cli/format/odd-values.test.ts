/** Values and files at the edge of what a format, an import or a picture holds. */
import { mkdtempSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parquetReadObjects } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, test } from "vitest";
import type { Column, Row } from "../../../src/cli/format/column.ts";
import { previewOfEmbedding } from "../../../src/cli/format/embedding.ts";
import { formats } from "../../../src/cli/format/format.ts";
import { saveMedia } from "../../../src/cli/format/media-file.ts";
import { parquet } from "../../../src/cli/format/parquet.ts";
import { createColours } from "../../../src/cli/colours.ts";
import { readParquet } from "../../../src/cli/import/parquet.ts";
import { known } from "../../../src/cli/known.ts";
import { MediaKeeper } from "../../../src/cli/repl/show/kept-media.ts";
import type { SqlValue } from "../../../src/index.ts";

const column = (name: string, type?: string): Column => ({ name, type, format: undefined });

async function* each(rows: Iterable<Row>): AsyncGenerator<Row> {
  yield* rows;
}

async function parquetOf(columns: readonly Column[], rows: Iterable<Row>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of parquet(columns, each(rows))) pieces.push(piece);
  return Buffer.concat(pieces);
}

describe("Parquet", () => {
  /** Values that fill a row group, so that the type is settled, and then another. */
  function* then(first: SqlValue, last: SqlValue): Generator<Row> {
    for (let count = 0; count < 50_000; count++) yield [first];
    yield [last];
  }

  test.each<readonly [SqlValue, string | undefined, SqlValue, string]>([
    [1, undefined, 1.5, "a number, but the column is written as integer"],
    [1.5, undefined, 2n ** 60n + 1n, "a number, but the column is written as real"],
    [1.5, undefined, "x", "text, but the column is written as real"],
    [new Uint8Array([1]), undefined, "x", "text, but the column is written as bytes"],
    [1, undefined, new Uint8Array([1]), "bytes, but the column is written as integer"],
    [null, "TEXT", new Uint8Array([255]), "bytes"],
  ])("after %j (declared %s), %s is refused by name, or exact", async (first, type, last, said) => {
    const written = parquetOf([column("v", type)], then(first, last));
    if (first === null) expect((await written).length).toBeGreaterThan(0);
    else await expect(written).rejects.toThrow(`row 50001 of column "v" is ${said}`);
  });

  test.each<readonly [string | undefined, string]>([
    ["VARCHAR(10)", "BYTE_ARRAY"],
    ["BLOB", "BYTE_ARRAY"],
    ["BIGINT", "INT64"],
    ["DOUBLE", "DOUBLE"],
    ["whatever", "BYTE_ARRAY"],
    [undefined, "BYTE_ARRAY"],
  ])("a column of NULLs declared %s is %s", async (type, wanted) => {
    const { parquetMetadata } = await import("hyparquet");
    const bytes = await parquetOf([column("v", type)], [[null]]);
    const { schema } = parquetMetadata(new Uint8Array(bytes).buffer);
    expect(schema.find(({ name }) => name === "v")?.type).toBe(wanted);
  });

  test("a whole number that a double holds stands among reals as it is", async () => {
    const bytes = await parquetOf([column("v", "REAL")], [[1.5], [2n ** 60n], [3]]);
    const rows = await parquetReadObjects({ file: new Uint8Array(bytes).buffer });
    expect(rows).toEqual([{ v: 1.5 }, { v: 2 ** 60 }, { v: 3 }]);
  });

  test("a file cut in the middle says which it is; lists of floats are JSON", async () => {
    const folder = mkdtempSync(join(tmpdir(), "callsql-odd-"));
    const content = Buffer.from(
      parquetWriteBuffer({ columnData: [{ name: "n", data: [1.5, Number.NaN], type: "DOUBLE" }] }),
    );
    const whole = join(folder, "whole.parquet");
    writeFileSync(whole, content);
    expect(await Array.fromAsync((await readParquet(whole)).rows)).toEqual([[1.5], [null]]);
    const broken = join(folder, "broken.parquet");
    writeFileSync(broken, content);
    truncateSync(broken, content.length - 6);
    await expect(readParquet(broken)).rejects.toThrow(/cli\/parquet-malformed.*broken\.parquet/);
  });
});

test("infinities have their names, short vectors are shown whole", async () => {
  const parts: string[] = [];
  const columns = [column("a"), column("b")];
  for await (const part of formats.list(columns, each([[Infinity, -Infinity]]), {
    colours: createColours(false),
  }))
    parts.push(part);
  expect(parts.join("")).toBe("Inf|-Inf\n".padStart(0));
  expect(previewOfEmbedding([0.5, 1])).toBe("[0.500, 1.000]");
  expect(previewOfEmbedding([0.5, 1, 2])).toBe("[0.500, 1.000, … 3]");
});

test("BLOBs are kept for .save up to half a gigabyte, and those beyond are counted", () => {
  const keeper = new MediaKeeper();
  // Memory that nothing writes to takes none.
  const bytes = new Uint8Array(300 * 2 ** 20);
  for (const _ of [1, 2, 3]) keeper.add([bytes], [column("b")]);
  expect([keeper.values.length, keeper.dropped]).toEqual([1, 2]);
});

test("a column without a letter still names its file; a folder that cannot be is said", async () => {
  const folder = mkdtempSync(join(tmpdir(), "callsql-odd-"));
  expect(await saveMedia({ column: "…", row: 1, bytes: new Uint8Array([1]) }, folder)).toBe(
    join(folder, "value-1.bin"),
  );
  writeFileSync(join(folder, "file"), "");
  const refused = saveMedia({ column: "a", row: 1, bytes: new Uint8Array([1]) }, join(folder, "file"));
  await expect(refused).rejects.toThrow(/cli\/unwritable-file/);
});

test("what is always there and is not is our bug, and says so", () => {
  expect(known(0)).toBe(0);
  expect(() => known(undefined)).toThrow("internal/bug");
});
