/** What a statement remembers of its calls: numbers for keys, rows in bytes, and what is left to the ledger. */
import { hash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Row } from "../../src/catalog/procedure.ts";
import type { SqlValue } from "../../src/catalog/value.ts";
import { CallIndex, NumberSet } from "../../src/runtime/call-index.ts";
import { CallKeys, Memo, type Call } from "../../src/runtime/memo.ts";
import { RowStore } from "../../src/runtime/row-store.ts";
import { echoProcedures } from "../support/echo.ts";

const [P, Q] = echoProcedures;
if (P === undefined || Q === undefined) throw new Error("no procedures");

const value: fc.Arbitrary<SqlValue> = fc.oneof(
  fc.constant(null),
  fc.string({ unit: "grapheme" }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.double({ noNaN: true }),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
);

describe("numbers of keys", () => {
  test("are given in order, once a key, however many there are", () => {
    const index = new CallIndex();
    const digests = Array.from({ length: 20_000 }, (_, key) => hash("sha256", String(key), "base64"));
    for (const [number, digest] of digests.entries()) {
      expect(index.find(digest)).toBeUndefined();
      expect(index.add(digest)).toBe(number);
    }
    for (const [number, digest] of digests.entries()) expect(index.add(digest)).toBe(number);
    expect(index.size).toBe(20_000);
  });

  test("form sets", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20_000)), (numbers) => {
        const set = new NumberSet();
        const model = new Set<number>();
        for (const number of numbers) {
          expect(set.add(number)).toBe(!model.has(number));
          model.add(number);
        }
        expect(set.size).toBe(model.size);
      }),
    );
  });
});

describe("keys of calls", () => {
  const keyOf = (values: readonly SqlValue[], procedure = P): string =>
    new CallKeys(true).next(procedure, values);

  test("differ by procedure, value and storage class, not by trailing NULLs", () => {
    const keys = [["a"], ["a", "b"], [null, "a"], ["ab"], [1], [1n], ["1"], [Buffer.from("a")], [], [""]].map(
      (values) => keyOf(values),
    );
    expect(new Set([...keys, keyOf(["a"], Q)]).size).toBe(keys.length + 1);
    expect(keyOf(["a", null, null])).toBe(keyOf(["a"]));
  });

  test("tell equal calls apart by their order without dedup", () => {
    const keys = new CallKeys(false);
    const found = [keys.next(P, ["a"]), keys.next(P, ["a"]), keys.next(P, ["b"])];
    expect(found.map((key) => /#\d+$/.exec(key)?.[0])).toEqual(["#1", "#2", "#1"]);
    expect(new Set(found).size).toBe(3);
    const again = new CallKeys(false);
    expect([again.next(P, ["a"]), again.next(P, ["a"])]).toEqual(found.slice(0, 2));
  });
});

describe("rows in bytes", () => {
  test("come back as they were", () => {
    fc.assert(
      fc.property(fc.array(fc.array(value, { maxLength: 8 })), (rows) => {
        const store = new RowStore(Infinity);
        for (const [number, row] of rows.entries()) {
          store.put(number, row, { width: row.length, isForced: false });
        }
        for (const [number, row] of rows.entries()) expect(store.get(number)).toEqual(row);
      }),
    );
  });

  test("larger than a chunk, and without the cells nobody reads", () => {
    const store = new RowStore(Infinity);
    const long = "ä".repeat(2 ** 20);
    store.put(0, ["a", long, 1n], { width: 2, isForced: false });
    store.put(5000, ["b"], { width: 1, isForced: false });
    expect(store.get(0)).toEqual(["a", long]);
    expect(store.get(5000)).toEqual(["b"]);
    expect([store.get(1), store.get(9999)]).toEqual([undefined, undefined]);
  });

  test("stay out when there is no room, unless they must stay", () => {
    const store = new RowStore(50);
    const row = ["x".repeat(30)];
    store.put(0, row, { width: 1, isForced: false });
    store.put(1, row, { width: 1, isForced: false });
    store.put(2, row, { width: 1, isForced: true });
    expect([0, 1, 2].map((number) => store.get(number))).toEqual([row, undefined, row]);
  });
});

describe("answers", () => {
  const call = (x: string): Call => ({ key: new CallKeys(true).next(P, [x]), procedure: P, values: [x] });

  test("beyond what is held are recalled by their id, failures too", () => {
    const recalled: number[] = [];
    const memo = new Memo((recorded) => {
      recalled.push(recorded);
      return { row: [String(recorded), null, null] };
    });
    const long = "x".repeat(2 ** 20);
    for (let id = 1; id <= 60; id++) memo.store(call(`c${id}`), { row: [long, null, null] }, id);
    expect(memo.find(call("c1"))?.row[0]).toBe(long);
    expect(memo.find(call("c40"))?.row[0]).toBe(long);
    expect(recalled).toEqual([]);
    expect(memo.find(call("c60"))?.row[0]).toBe("60");
    expect(recalled).toEqual([60]);
    expect(memo.size).toBe(60);
    expect(memo.find(call("other"))).toBeUndefined();
  });

  test("that stand nowhere else are all held", () => {
    const memo = new Memo(() => {
      throw new Error("nothing is recorded");
    });
    const row: Row = ["x".repeat(2 ** 20), null, null];
    for (let id = 1; id <= 40; id++) memo.store(call(`c${id}`), { row });
    expect(memo.find(call("c40"))?.row).toEqual(row);
    memo.store(call("bad"), { row: [null, "e", null], error: { code: "e", message: "m" } });
    expect(memo.find(call("bad"))?.error?.code).toBe("e");
  });

  test("keep only their value where nothing else is read", () => {
    const memo = new Memo(
      () => ({ row: [] }),
      () => false,
    );
    memo.store(call("a"), { row: ["value", "code", "x"] }, 1);
    expect(memo.find(call("a"))?.row).toEqual(["value"]);
  });
});
