import { describe, expect, test } from "vitest";
import {
  describeColumns,
  describeModels,
  describeParameters,
  describeProcedure,
  describeProcedures,
  signatureOf,
  type Listing,
} from "../../src/catalog/describe.ts";
import type { SqlValue } from "../../src/catalog/value.ts";
import { catalog, find } from "../procedures/support/calls.ts";

function rowsOf({ columns, rows }: Listing): Readonly<Record<string, SqlValue>>[] {
  return rows.map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index] ?? null])));
}

describe("the sys_ tables", () => {
  test("have as many cells a row as columns, and only SQLite's values", () => {
    for (const listing of [describeProcedures, describeParameters, describeColumns, describeModels]) {
      const { columns, rows } = listing(catalog);
      expect(rows.length).toBeGreaterThan(10);
      for (const row of rows) {
        expect(row).toHaveLength(columns.length);
        for (const cell of row)
          expect(cell === null || ["string", "number"].includes(typeof cell)).toBe(true);
      }
    }
  });

  test("list each procedure, parameter and column once, from position 1", () => {
    expect(describeProcedures(catalog).rows).toHaveLength(11);
    expect(rowsOf(describeParameters(catalog))).toContainEqual(
      expect.objectContaining({
        procedure_name: "EditImage",
        parameter_name: "OutputSize",
        ordinal_position: 6,
        aliases: "Size",
        is_required: 0,
        is_extension: 0,
      }),
    );
    expect(rowsOf(describeColumns(catalog))).toContainEqual(
      expect.objectContaining({
        procedure_name: "GetEmbeddings",
        column_name: "Embedding",
        ordinal_position: 1,
        data_type: "blob",
        column_kind: "result",
        is_primary: 1,
      }),
    );
  });

  test("say of a model where it serves, what it costs and when it ends", () => {
    expect(rowsOf(describeModels(catalog))).toContainEqual(
      expect.objectContaining({
        model: "whisper-1",
        procedures: "CreateTranscription, CreateTranslation",
        hour_usd: 0.36,
        retires_on: "2027-02-26",
        replacement: "gpt-transcribe",
      }),
    );
  });
});

test("DESCRIBE shows parameters in order, then columns, then what every call takes", () => {
  const rows = rowsOf(describeProcedure(find("GetEmbeddings")));
  expect(rows.slice(0, 4).map((row) => [row["kind"], row["name"], row["is_required"]])).toEqual([
    ["parameter", "Text", 1],
    ["parameter", "Model", 0],
    ["parameter", "Dimensions", 0],
    ["primary column", "Embedding", null],
  ]);
  expect(rows.slice(-2).map((row) => [row["kind"], row["name"], row["position"]])).toEqual([
    ["parameter of every call", "CallKey", null],
    ["parameter of every call", "Connection", null],
  ]);
});

test("a signature brackets what may be left out", () => {
  expect(signatureOf(find("GetEmbeddings"))).toBe("GetEmbeddings(Text, [Model], [Dimensions])");
});
