import { parquetReadObjects, parquetMetadata } from "hyparquet";
import { describe, expect, test } from "vitest";
import type { Column, Row } from "../../../src/cli/format/column.ts";
import { parquet } from "../../../src/cli/format/parquet.ts";

async function write(columns: readonly Column[], rows: Iterable<Row>): Promise<ArrayBuffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of parquet(columns, each(rows))) pieces.push(piece);
  const bytes = Buffer.concat(pieces);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
}

async function* each(rows: Iterable<Row>): AsyncGenerator<Row> {
  yield* rows;
}

const column = (name: string, type?: string): Column => ({ name, type, format: undefined });
const read = (file: ArrayBuffer) => parquetReadObjects({ file, utf8: false });

describe("parquet", () => {
  test("values keep their types, NULL is NULL, vectors are lists of floats", async () => {
    const vector = new Uint8Array(new Float32Array([0.5, -2]).buffer);
    const columns = [column("i"), column("r"), column("t"), column("b"), column("n")];
    const embedding: Column = { name: "e", type: undefined, format: "embedding" };
    const file = await write(
      [...columns, embedding],
      [
        [1, 2, "日本\u0000", new Uint8Array([0, 255]), null, vector],
        [2n ** 62n, 2.5, "", null, null, null],
      ],
    );
    expect(await read(file)).toEqual([
      { i: 1n, r: 2, t: "日本\u0000", b: new Uint8Array([0, 255]), n: null, e: [0.5, -2] },
      { i: 2n ** 62n, r: 2.5, t: "", b: null, n: null, e: undefined },
    ]);
    expect(parquetMetadata(file).created_by).toMatch(/^callsql /);
  });

  test("a column of mixed kinds is text, exactly; a repeated name is kept apart", async () => {
    const file = await write(
      [column("a"), column("a")],
      [
        [1, 1],
        ["x", null],
        [1.5, null],
      ],
    );
    expect(await read(file)).toEqual([
      { a: "1", "a:1": 1n },
      { a: "x", "a:1": null },
      { a: "1.5", "a:1": null },
    ]);
  });

  test("what is declared decides where the rows do not", async () => {
    const file = await write([column("a", "REAL"), column("b", "INTEGER")], [[1, null]]);
    expect(parquetMetadata(file).schema.map(({ type }) => type)).toEqual([undefined, "DOUBLE", "INT64"]);
    expect(await read(await write([column("a")], []))).toEqual([]);
  });

  test("many rows are several row groups; a late misfit is named", async () => {
    function* rows(last: Row): Generator<Row> {
      for (let i = 0; i < 60_000; i++) yield [i];
      yield last;
    }
    const file = await write([column("n")], rows([60_000]));
    expect(parquetMetadata(file).row_groups).toHaveLength(2);
    const all = await read(file);
    expect([all.length, all[60_000]]).toEqual([60_001, { n: 60_000n }]);
    await expect(write([column("n")], rows(["x"]))).rejects.toThrow(
      /cli\/parquet-type: row 60001 of column "n" is text, but the column is written as integer/,
    );
  });
});
