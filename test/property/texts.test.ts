/** Random texts through all that reads them; `npm run fuzz` goes on for as long as it is told. */
import fc from "fast-check";
import { test } from "vitest";
import { checkText, text } from "./texts.ts";

test.each([20_261_122, 7])("no text throws, and what is no call comes out as it went in, seed %i", (seed) => {
  fc.assert(fc.property(text, checkText), { seed, numRuns: 1500 });
});
