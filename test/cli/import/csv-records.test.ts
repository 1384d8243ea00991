/** The reader against csv-parse, an oracle, on random texts that arrive in random chunks. */
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { csvRecords } from "../../../src/cli/import/csv-records.ts";

async function read(chunks: readonly string[], delimiter = ","): Promise<string[][]> {
  const source = (async function* all() {
    yield* chunks;
  })();
  const batches = await Array.fromAsync(csvRecords({ file: "t.csv", delimiter }, source));
  return batches.flat().map(({ cells }) => [...cells]);
}

function oracle(text: string): string[][] | "refused" {
  try {
    return parse(text, { relax_column_count: true, record_delimiter: ["\r\n", "\n", "\r"] });
  } catch {
    return "refused";
  }
}

/** The text cut at places that need not be boundaries of anything. */
function cut(text: string, places: readonly number[]): string[] {
  const sorted = places.map((place) => place % (text.length + 1)).toSorted((a, b) => a - b);
  return [0, ...sorted].map((from, index) => text.slice(from, sorted[index]));
}

const places = fc.array(fc.nat(), { maxLength: 6 });

describe("csv records", () => {
  test("any text is read, or refused, as csv-parse does", async () => {
    const piece = fc.constantFrom('"', '""', ",", "\n", "\r\n", "\r", "a", "é", "\u2028", " ", "12");
    const text = fc.array(piece, { maxLength: 24 }).map((pieces) => pieces.join(""));
    await fc.assert(
      fc.asyncProperty(text, places, async (given, at) => {
        const found = await read(cut(given, at)).catch(() => "refused");
        expect(found).toEqual(oracle(given));
      }),
      { numRuns: 1000 },
    );
  });

  test("what is written as RFC 4180 is read back, however it is cut", async () => {
    const cell = fc.string({ unit: fc.constantFrom('"', ",", "\n", "\r", "x", "日") });
    const records = fc.array(fc.array(cell, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(records, places, async (given, at) => {
        const quoted = given.map((row) => row.map((text) => `"${text.replaceAll('"', '""')}"`).join(","));
        expect(await read(cut(quoted.join("\r\n"), at))).toEqual(given);
      }),
      { numRuns: 300 },
    );
  });

  test("a record over many chunks is read in a time that grows with its length, not with its square", async () => {
    const chunks = ['a,"', ...Array.from({ length: 2000 }, () => "x".repeat(1000)), '"\n', "b,c\n"];
    const rows = await read(chunks);
    expect(rows.map((row) => row.map((text) => text.length))).toEqual([
      [1, 2_000_000],
      [1, 1],
    ]);
  });

  test.each([
    ['a\n"x\n', 2],
    ['a\n\n"x\ny"\n1,"z\n', 5],
  ])("a quote that is never closed is told with its line: %j", async (text, line) => {
    await expect(read([text])).rejects.toThrow(`cli/csv-open-quote: t.csv:${line}: `);
  });
});
