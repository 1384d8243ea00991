/** Counters for Prometheus, in its text format. Names no token, no command and no value. */
import type { Counts } from "../index.ts";
import type { PoolCounts } from "./pool.ts";
import { usdOf } from "./values.ts";

const secondsBounds = [0.005, 0.025, 0.1, 0.25, 1, 2.5, 10, 30, 120];

interface Histogram {
  readonly buckets: number[];
  sum: number;
  count: number;
}

export class Metrics {
  readonly #requests = new Map<string, number>();
  readonly #seconds = new Map<string, Histogram>();
  readonly #totals = { made: 0, cached: 0, failed: 0, inputTokens: 0, outputTokens: 0, costUsd: 0 };
  #rows = 0;

  request(route: string, status: number, seconds: number): void {
    const key = `route="${route}",status="${status}"`;
    this.#requests.set(key, (this.#requests.get(key) ?? 0) + 1);
    const histogram = this.#seconds.get(route) ?? { buckets: secondsBounds.map(() => 0), sum: 0, count: 0 };
    for (const [index, bound] of secondsBounds.entries()) {
      if (seconds <= bound) histogram.buckets[index] = (histogram.buckets[index] ?? 0) + 1;
    }
    histogram.sum += seconds;
    histogram.count++;
    this.#seconds.set(route, histogram);
  }

  statement(counts: Counts | undefined, rows: number): void {
    this.#rows += rows;
    if (counts === undefined) return;
    const totals = this.#totals;
    totals.made += counts.made;
    totals.cached += counts.cached;
    totals.failed += counts.failed;
    totals.inputTokens += counts.inputTokens;
    totals.outputTokens += counts.outputTokens;
    totals.costUsd += counts.costUsd;
  }

  text(requestsInFlight: number, pool: PoolCounts): string {
    const { made, cached, failed, inputTokens, outputTokens, costUsd } = this.#totals;
    const lines = [
      ...family("callsql_requests_total", "counter", "HTTP requests.", [...this.#requests]),
      ...this.#durations(),
      ...family("callsql_calls_total", "counter", "Calls of statements.", [
        [`outcome="made"`, made],
        [`outcome="cached"`, cached],
        [`outcome="failed"`, failed],
      ]),
      ...family("callsql_tokens_total", "counter", "Tokens of models.", [
        [`direction="input"`, inputTokens],
        [`direction="output"`, outputTokens],
      ]),
      ...family("callsql_cost_usd_total", "counter", "Cost of calls whose model has a known price.", [
        ["", usdOf(costUsd)],
      ]),
      ...family("callsql_rows_total", "counter", "Rows given.", [["", this.#rows]]),
      ...family("callsql_requests_in_flight", "gauge", "Requests being answered.", [["", requestsInFlight]]),
      ...family("callsql_sql_processes", "gauge", "Processes that run statements.", [
        [`state="busy"`, pool.busy],
        [`state="idle"`, pool.idle],
      ]),
      ...family("callsql_sql_processes_ended_total", "counter", "Processes that were ended or died.", [
        ["", pool.ended],
      ]),
      ...family("callsql_statements_waiting", "gauge", "Statements that wait for a process.", [
        ["", pool.waiting],
      ]),
      ...family("process_resident_memory_bytes", "gauge", "Resident memory.", [
        ["", process.memoryUsage.rss()],
      ]),
    ];
    return `${lines.join("\n")}\n`;
  }

  #durations(): string[] {
    const name = "callsql_request_duration_seconds";
    const lines = [`# HELP ${name} Time to answer.`, `# TYPE ${name} histogram`];
    for (const [route, { buckets, sum, count }] of this.#seconds) {
      for (const [index, bound] of secondsBounds.entries()) {
        lines.push(`${name}_bucket{route="${route}",le="${bound}"} ${buckets[index]}`);
      }
      lines.push(`${name}_bucket{route="${route}",le="+Inf"} ${count}`);
      lines.push(`${name}_sum{route="${route}"} ${sum}`, `${name}_count{route="${route}"} ${count}`);
    }
    return lines;
  }
}

function family(
  name: string,
  type: "counter" | "gauge",
  help: string,
  samples: readonly (readonly [string, number])[],
): string[] {
  const values = samples.map(([labels, value]) => `${name}${labels === "" ? "" : `{${labels}}`} ${value}`);
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...values];
}
