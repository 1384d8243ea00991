import { expect, test } from "vitest";
import { staleProcedureDocs } from "../../scripts/procedure-docs.ts";

test("docs/procedures is what scripts/procedure-docs.ts writes", () => {
  expect(staleProcedureDocs()).toEqual([]);
});
