/**
 * Runs every benchmark, one after the other, and writes what they found to docs/performance.md: `npm run bench`, or some of
 * them: `npm run bench -- parse startup`; with `--page` it only writes the page. Peers first: `npm install --prefix bench`.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { notes } from "./notes.ts";
import { resultsFolder, table, type Report } from "./harness.ts";

const head = `<!-- Written by npm run bench from bench/results. Do not edit. -->

# Performance

Ratios of one run on one machine, ours against others on the same data and the same local server: machines are noisy, so a
number alone says little. \`npm install --prefix bench && npm run bench\` measures again.
`;
const folder = import.meta.dirname;
const notBenches = new Set(["harness", "model-server", "notes", "peers", "run", "service"]);
const benches = readdirSync(folder)
  .filter((name) => name.endsWith(".ts"))
  .map((name) => basename(name, ".ts"))
  .filter((name) => !notBenches.has(name));
/** Part of `npm run soak`: they take long, or need what is not on every machine. */
const onlyByName = new Set(["disk", "endurance", "soak"]);
const args = process.argv.slice(2);
const wanted = args.filter((name) => name !== "--page");
for (const name of wanted) if (!benches.includes(name)) throw new Error(`there is no bench/${name}.ts`);
const all = args.includes("--page") ? [] : benches.filter((one) => !onlyByName.has(one));

for (const name of wanted.length > 0 ? wanted : all) {
  console.log(`# ${name}\n`);
  const { status } = spawnSync(process.execPath, ["--expose-gc", join(folder, `${name}.ts`)], {
    stdio: "inherit",
  });
  if (status !== 0) process.exitCode = 1;
}

writeFileSync(join(folder, "..", "docs", "performance.md"), page());

function page(): string {
  const reports = existsSync(resultsFolder) ? readdirSync(resultsFolder).toSorted().map(readReport) : [];
  const sections = reports.map(
    (report) =>
      `## ${report.title}\n\nNode ${report.node}, ${report.machine}.\n${notes[report.bench] ?? ""}\n${table(report.findings)}\n`,
  );
  return `${head}\n${sections.join("\n")}`;
}

function readReport(name: string): Report {
  return JSON.parse(readFileSync(join(resultsFolder, name), "utf8")) as Report;
}
