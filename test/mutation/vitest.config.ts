/** The tests that a mutant must not survive: those of the four files themselves, for each mutant is a run of them. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: [
      "test/runtime/{bind,bind-own,rewrite,budget-rules}.test.ts",
      "test/runtime/dispatch/classify.test.ts",
    ],
    testTimeout: 30_000,
    maxWorkers: 1,
  },
});
