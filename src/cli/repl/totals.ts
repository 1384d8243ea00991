/** What the session has spent, and the line behind each statement. */
import type { ResultSet, ScriptStatement } from "../../index.ts";
import { count, duration, usd } from "../quantity.ts";

export interface Spent {
  readonly statements: number;
  readonly made: number;
  readonly cached: number;
  readonly failed: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costUsd: number;
}

export class Totals {
  #spent: Spent = {
    statements: 0,
    made: 0,
    cached: 0,
    failed: 0,
    inputTokens: 0,
    outputTokens: 0,
    costUsd: 0,
  };

  get spent(): Spent {
    return this.#spent;
  }

  add({ made, cached, failed, inputTokens, outputTokens, costUsd }: ResultSet["counts"]): void {
    const before = this.#spent;
    this.#spent = {
      statements: before.statements + 1,
      made: before.made + made,
      cached: before.cached + cached,
      failed: before.failed + failed,
      inputTokens: before.inputTokens + inputTokens,
      outputTokens: before.outputTokens + outputTokens,
      costUsd: before.costUsd + costUsd,
    };
  }
}

/** `3 rows, 0.2 s, 3 calls made (1 cached), 120 tokens, $0.0012`. */
export function footerOf(
  statement: ScriptStatement,
  { kind, affectedRows, counts }: ResultSet,
  shown: { readonly rows: number; readonly elapsedMs: number },
): string {
  const isWrite = statement.kind === "sql" && writes.has(statement.verb);
  const changes = isWrite ? `${count(affectedRows, "row")} changed` : "done";
  const what = { rows: count(shown.rows, "row"), changes, notice: "done" };
  return [what[kind], duration(shown.elapsedMs), ...callsText(counts)].join(", ");
}

/** Statements whose number of rows says something; a CREATE TABLE has none. */
const writes: ReadonlySet<string> = new Set(["insert", "update", "delete", "create-table-as"]);

export function totalsText(spent: Spent): string {
  const calls = callsText(spent);
  return [count(spent.statements, "statement"), ...(calls.length === 0 ? ["no calls"] : calls)].join(", ");
}

function callsText(counts: Omit<Spent, "statements">): string[] {
  const { made, cached, failed, inputTokens, outputTokens, costUsd } = counts;
  if (made + cached + failed === 0) return [];
  const parts = [`${count(made, "call")} made${cached > 0 ? ` (${cached} cached)` : ""}`];
  if (failed > 0) parts.push(`${failed} failed`);
  const tokens = inputTokens + outputTokens;
  if (tokens > 0) parts.push(`${count(tokens, "token")} (${inputTokens} in, ${outputTokens} out)`);
  if (costUsd > 0) parts.push(usd(costUsd));
  return parts;
}
