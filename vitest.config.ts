import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    reporters: ["default", "./test/support/count-reporter.ts"],
    testTimeout: 30_000,
    setupFiles: process.env["CALLSQL_COVERAGE"] === undefined ? [] : ["test/support/coverage.ts"],
    // The machines have two cores; more workers only wait for each other.
    maxWorkers: 2,
  },
});
