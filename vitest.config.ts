import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    reporters: ["default", "./test/support/count-reporter.ts"],
    testTimeout: 30_000,
    // The machines have two cores; more workers only wait for each other.
    maxWorkers: 2,
  },
});
