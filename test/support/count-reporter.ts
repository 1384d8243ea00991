/** Prints `N passed, N failed, N skipped` alone on the last line: the form CI reads. */
import type { Reporter, TestModule } from "vitest/node";

export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0 };
    for (const module of modules) {
      const broken = module.state() === "failed" && [...module.children.allTests()].length === 0;
      if (broken) counts.failed++;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === "passed" || state === "failed" || state === "skipped") counts[state]++;
        // A run that ends before a test has not passed it.
        else counts.failed++;
      }
    }
    counts.failed += errors.length;
    process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
  }
}
