/** The last line of a run: what it did and what it cost. */
import type { Counts, ResultSet } from "../index.ts";
import { count, duration, usd } from "./quantity.ts";

export class Summary {
  rows = 0;
  failed = 0;
  #statements = 0;
  #changes = 0;
  #calls = 0;
  #made = 0;
  #cached = 0;
  #inputTokens = 0;
  #outputTokens = 0;
  #costUsd = 0;

  add({ kind, affectedRows, counts }: Pick<ResultSet, "kind" | "affectedRows" | "counts">): void {
    this.#statements += 1;
    if (kind === "changes") this.#changes += affectedRows;
    this.spend(counts);
  }

  /** Of a statement that failed, too. */
  spend(counts: Counts): void {
    this.failed += counts.failed;
    this.#calls += counts.calls;
    this.#made += counts.made;
    this.#cached += counts.cached;
    this.#inputTokens += counts.inputTokens;
    this.#outputTokens += counts.outputTokens;
    this.#costUsd += counts.costUsd;
  }

  get hasCalls(): boolean {
    return this.#calls + this.#made + this.#cached > 0;
  }

  text(elapsedMs: number): string {
    const parts = [count(this.rows, "row")];
    if (this.#changes > 0) parts.push(`${count(this.#changes, "row")} changed`);
    parts.push(duration(elapsedMs));
    if (!this.hasCalls) return parts.join(", ");
    parts.push(`${count(this.#made, "call")} made${this.#cached > 0 ? ` (${this.#cached} cached)` : ""}`);
    if (this.failed > 0) parts.push(`${this.failed} failed`);
    const tokens = this.#inputTokens + this.#outputTokens;
    if (tokens > 0) parts.push(count(tokens, "token"));
    if (this.#costUsd > 0) parts.push(usd(this.#costUsd));
    return parts.join(", ");
  }

  /** What `--summary` writes: counts, tokens, US dollars, seconds. Statements are those that came to their end. */
  json(elapsedMs: number, exitCode: number): string {
    const content = {
      exit_code: exitCode,
      statements: this.#statements,
      rows: this.rows,
      changes: this.#changes,
      calls: this.#calls,
      calls_made: this.#made,
      calls_recorded: this.#cached,
      calls_failed: this.failed,
      input_tokens: this.#inputTokens,
      output_tokens: this.#outputTokens,
      // As sys_calls has it: sums of fractions drift.
      cost_usd: Number(this.#costUsd.toFixed(12)),
      seconds: Math.round(elapsedMs) / 1000,
    };
    return `${JSON.stringify(content, undefined, 2)}\n`;
  }
}
