/** Files of `hyparquet-writer`; one of DuckDB's, with zstd, is test/cli/import/duckdb.parquet. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, test } from "vitest";
import type { SqlValue } from "../../../src/index.ts";
import { formats, written } from "../../../src/cli/format/format.ts";
import type { Column, Row } from "../../../src/cli/format/column.ts";
import { readParquet } from "../../../src/cli/import/parquet.ts";
import { createColours } from "../../../src/cli/colours.ts";

function fileOf(content: ArrayBuffer | Uint8Array): string {
  const file = join(mkdtempSync(join(tmpdir(), "callsql-")), "t.parquet");
  writeFileSync(file, content instanceof Uint8Array ? content : Buffer.from(content));
  return file;
}

async function load(file: string): Promise<{ columns: readonly string[]; rows: (readonly SqlValue[])[] }> {
  const { columns, rows } = await readParquet(file);
  return { columns, rows: await Array.fromAsync(rows) };
}

describe("parquet", () => {
  test("another program's file, compressed with zstd: every type is one of SQLite's", async () => {
    const { columns, rows } = await load(join(import.meta.dirname, "duckdb.parquet"));
    const row = Object.fromEntries(columns.map((name, index) => [name, rows[0]?.[index]]));
    expect(rows).toHaveLength(1);
    expect(row).toEqual({
      i: 1,
      d: 2.5,
      dt: "2024-05-06",
      ts: "2024-05-06T07:08:09.123456Z",
      l: "[1,2,3]",
      s: '{"a":1,"b":"x"}',
      b: 1,
      t: "text",
      bl: new Uint8Array([0, 255]),
      big: 9007199254740993n,
      n: null,
      u: "e7953b4a-a0a5-4d1f-8e67-cb0565a59268",
      m: '{"k":1}',
      ut: 1,
      tm: 3723000000n,
      nan: null,
      h: 2 ** 127,
    });
  });

  test("row groups follow one another", async () => {
    const data = Array.from({ length: 25 }, (_, index) => index);
    const file = fileOf(
      parquetWriteBuffer({ columnData: [{ name: "n", data, type: "INT32" }], rowGroupSize: 10 }),
    );
    expect((await load(file)).rows.flat()).toEqual(data);
  });

  test("what -o parquet writes comes back the same", async () => {
    const columns: Column[] = ["a", "b", "c", "d"].map((name) => ({
      name,
      type: undefined,
      format: undefined,
    }));
    const rows: Row[] = [
      [1, 2.5, "é\n", new Uint8Array([1, 2])],
      [2n ** 62n, null, "", null],
    ];
    const source = (async function* all() {
      yield* rows;
    })();
    const pieces: Uint8Array[] = [];
    for await (const piece of written("parquet", columns, source, { colours: createColours(false) }))
      pieces.push(Buffer.from(piece));
    const found = await load(fileOf(Buffer.concat(pieces)));
    expect(found.columns).toEqual(["a", "b", "c", "d"]);
    expect(found.rows.map((row) => row.map((value) => (value === 1n ? 1 : value)))).toEqual(rows);
    expect(Object.keys(formats)).not.toContain("parquet");
  });

  test("what is no Parquet is said to be none, a missing file to be missing", async () => {
    await expect(readParquet(fileOf(Buffer.from("PAR1 not really, but long enough")))).rejects.toThrow(
      "cli/parquet-malformed",
    );
    await expect(readParquet(fileOf(Buffer.alloc(0)))).rejects.toThrow("cli/parquet-malformed");
    await expect(readParquet("/nowhere/a.parquet")).rejects.toThrow("cli/unreadable-file");
    const twice = [
      { name: "a", data: [1], type: "INT32" as const },
      { name: "A", data: [1], type: "INT32" as const },
    ];
    await expect(readParquet(fileOf(parquetWriteBuffer({ columnData: twice })))).rejects.toThrow(
      "cli/import-duplicate-column",
    );
  });
});
