import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    reporters: ["default", "./test/support/count-reporter.ts"],
    // A busy machine takes twenty times as long as an idle one: these end what hangs, and say nothing of speed.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 20_000 } },
    globalSetup: ["test/support/temporary-files.ts"],
    setupFiles: process.env["CALLSQL_COVERAGE"] === undefined ? [] : ["test/support/coverage.ts"],
    // The machines have two cores; more workers only wait for each other.
    maxWorkers: 2,
  },
});
