import { expect, test } from "vitest";
import { staleFiles } from "../../scripts/generate.ts";

test("generated files are fresh (npm run generate)", () => {
  expect(staleFiles()).toEqual([]);
});
