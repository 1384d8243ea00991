/**
 * 100,000 rows in each format, each by the built command in a process of its own, its output read by nobody in a hurry:
 * the peak of its resident set against the same with 20,000 rows, by which a format that streams has filled what it holds back.
 * `node bench/output.ts [rows]`; needs dist/. Linux only.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatNames, type FormatName } from "../src/cli/format/format.ts";
import { publish, type Finding } from "./harness.ts";

const rows = Number(process.argv[2] ?? 100_000);
const fewRows = 20_000;
/**
 * Parquet holds a row group, 50,000 rows of which are 30 MB here. A grid holds 1,000 rows (a heap that is collected after
 * each 25,000 rows stays at 20 MB), but leaves more garbage than the collector is in a hurry to take.
 */
const growthMax: Readonly<Partial<Record<FormatName, number>>> = {
  parquet: 2.5,
  table: 2,
  box: 2,
  markdown: 2,
};
const folder = mkdtempSync(join(tmpdir(), "callsql-bench-"));
const launcher = join(import.meta.dirname, "../bin/callsql.js");
const preload = join(folder, "peak.mjs");
writeFileSync(
  preload,
  'process.on("exit", () => console.error(`peak ${process.resourceUsage().maxRSS}`));\n',
);

interface Measured {
  readonly peakMb: number;
  readonly seconds: number;
}

function measure(format: FormatName, count: number): Measured {
  const sql = `WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
    SELECT i AS id, 'Person ' || i AS name, i / 7.0 AS score, printf('%.*c', 400, 'x') AS answer FROM n`;
  const output = join(folder, "out");
  const startedAt = performance.now();
  const child = spawnSync(
    process.execPath,
    ["--import", preload, launcher, "--no-ledger", "-c", sql, "-o", format, "--output", output],
    { encoding: "utf8" },
  );
  if (child.status !== 0) throw new Error(child.stderr);
  const peak = Number(/^peak (\d+)$/m.exec(child.stderr)?.[1]);
  return { peakMb: peak / 1024, seconds: (performance.now() - startedAt) / 1000 };
}

const findings = formatNames.map((format): Finding => {
  const few = measure(format, fewRows);
  const many = measure(format, rows);
  return {
    what: `peak memory of ${rows.toLocaleString("en-US")} rows as ${format}`,
    against: `${fewRows.toLocaleString("en-US")} rows`,
    ratio: many.peakMb / few.peakMb,
    goal: { atMost: growthMax[format] ?? 1.6 },
    detail: `${many.peakMb.toFixed(0)} MB and ${few.peakMb.toFixed(0)} MB; ${many.seconds.toFixed(1)} s`,
  };
});
rmSync(folder, { recursive: true });
publish("output", "Output of many rows", findings);
