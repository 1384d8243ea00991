/**
 * What the tests run of src, also in the processes and threads they start: `npm run coverage`, or `npm run coverage --
 * test/parser` for some of them. vitest counts what runs in its own processes; what these start is measured by V8 itself:
 * src as it is, and the built command line brought back to src by dist's source maps. Leaves coverage/uncovered.md with every
 * line and branch that nothing has run, and coverage/coverage.json for tools. Not measured: processes that a signal ends.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { convert } from "ast-v8-to-istanbul";
import { parseSync } from "oxc-parser";

const root = join(import.meta.dirname, "..");
const folder = join(root, "coverage");
const children = join(folder, "children");
const folders = ["dist/", "src/"].map((name) => join(root, name));
/** Of lines and of branches, in percent. */
const goal = 95;

interface Place {
  /** The `else` that is not there has no line. */
  readonly start: { readonly line?: number; readonly column?: number };
}

/** Istanbul's form. */
interface FileCoverage {
  readonly statementMap: Readonly<Record<string, Place>>;
  readonly branchMap: Readonly<Record<string, { readonly loc: Place; readonly locations: readonly Place[] }>>;
  readonly s: Record<string, number>;
  readonly b: Record<string, number[]>;
}

type Coverage = Record<string, FileCoverage>;

rmSync(folder, { recursive: true, force: true });
run(["scripts/build.ts", "--sourcemap"], {});
run(
  [
    "node_modules/vitest/vitest.mjs",
    "run",
    "--reporter=dot",
    "--coverage.enabled",
    "--coverage.reportOnFailure",
    "--coverage.include=src/**/*.ts",
    "--coverage.reporter=json",
    `--coverage.reportsDirectory=${join(folder, "vitest")}`,
    ...process.argv.slice(2),
  ],
  { CALLSQL_COVERAGE: children },
);
const own = readCoverage(readFileSync(join(folder, "vitest", "coverage-final.json"), "utf8"));
for (const coverage of await ofChildren()) add(own, coverage);
report(own);

function run(args: readonly string[], env: Readonly<Record<string, string>>): void {
  const { status } = spawnSync(process.execPath, args, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
  if (status !== 0) process.exitCode = 1;
}

function readCoverage(json: string): Coverage {
  return JSON.parse(json) as Coverage;
}

interface Script {
  readonly url: string;
  readonly functions: readonly { readonly ranges: readonly Range[] }[];
}

interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

/** The files of dist and src that ran. Every process leaves one list of scripts; how often each ran something is added up. */
async function ofChildren(): Promise<Coverage[]> {
  const ran = new Map<string, Float64Array>();
  for (const name of existsSync(children) ? readdirSync(children) : []) {
    for (const script of readScripts(readFileSync(join(children, name), "utf8"))) {
      const file = script.url.startsWith("file:") ? fileURLToPath(script.url) : "";
      if (!folders.some((each) => file.startsWith(each))) continue;
      const characters = ran.get(file) ?? new Float64Array(statSync(file).size);
      for (const [at, hits] of charactersOf(script).entries()) characters[at] = (characters[at] ?? 0) + hits;
      ran.set(file, characters);
    }
  }
  return Promise.all([...ran].map(([file, characters]) => ofFile(file, characters)));
}

/** A process that was ended while it wrote left half a file. */
function readScripts(json: string): readonly Script[] {
  try {
    return (JSON.parse(json) as { readonly result: readonly Script[] }).result;
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

/**
 * For each character of the file how often it ran: inner ranges say more than those around them. Not only whether: an `if`
 * without an `else` was passed by as often as it ran more than its consequence.
 */
function charactersOf({ functions }: Script): Float64Array {
  const found = functions
    .flatMap(({ ranges }) => ranges)
    .toSorted((a, z) => a.startOffset - z.startOffset || z.endOffset - a.endOffset);
  const characters = new Float64Array(Math.max(0, ...found.map((range) => range.endOffset)));
  for (const { startOffset, endOffset, count: hits } of found) characters.fill(hits, startOffset, endOffset);
  return characters;
}

async function ofFile(file: string, characters: Float64Array): Promise<Coverage> {
  const text = readFileSync(file, "utf8");
  // Node runs TypeScript with blanks in place of the types: all that is left stands where it stood.
  const isSource = file.endsWith(".ts");
  const code = isSource ? stripTypeScriptTypes(text) : text;
  const sourceMap: unknown = isSource ? undefined : JSON.parse(readFileSync(`${file}.map`, "utf8"));
  const coverage = { url: pathToFileURL(file).href, functions: [asOneFunction(characters)] };
  const { program: ast } = parseSync(`${file}.js`, code);
  return readCoverage(
    JSON.stringify(await convert({ code, ast, sourceMap, coverage, wrapperLength: 0 } as never)),
  );
}

/** As V8 would say it of a file that is a single function. */
function asOneFunction(characters: Float64Array) {
  const ranges: Range[] = [{ startOffset: 0, endOffset: characters.length, count: 1 }];
  for (let at = 0; at < characters.length;) {
    const start = at;
    const hits = characters[start] ?? 0;
    while (characters[at] === hits) at++;
    ranges.push({ startOffset: start, endOffset: at, count: hits });
  }
  return { functionName: "", isBlockCoverage: true, ranges };
}

/** Two compilers give the same place different ends, so a place is known by its start; what vitest does not know is left out. */
function add(to: Coverage, from: Coverage): void {
  for (const [file, { statementMap, branchMap, s, b }] of Object.entries(from)) {
    const target = to[file];
    if (target === undefined) continue;
    const statements = new Map(Object.entries(statementMap).map(([id, place]) => [keyOf(place), s[id] ?? 0]));
    for (const [id, place] of Object.entries(target.statementMap)) {
      target.s[id] = (target.s[id] ?? 0) + (statements.get(keyOf(place)) ?? 0);
    }
    const branches = new Map(Object.entries(branchMap).map(([id, { loc }]) => [keyOf(loc), b[id] ?? []]));
    for (const [id, { loc }] of Object.entries(target.branchMap)) {
      const hits = branches.get(keyOf(loc));
      if (hits?.length === target.b[id]?.length)
        target.b[id] = (target.b[id] ?? []).map((times, path) => times + (hits?.[path] ?? 0));
    }
  }
}

function keyOf({ start }: Place): string {
  return `${start.line}:${start.column}`;
}

interface Counted {
  readonly file: string;
  readonly lines: readonly [covered: number, all: number];
  readonly branches: readonly [covered: number, all: number];
  readonly missed: readonly number[];
  /** Line:column of branches in lines that have run. */
  readonly notTaken: readonly string[];
}

function count(file: string, { statementMap, branchMap, s, b }: FileCoverage): Counted {
  const lines = new Map<number, number>();
  for (const [id, { start }] of Object.entries(statementMap)) {
    lines.set(start.line ?? 0, (lines.get(start.line ?? 0) ?? 0) + (s[id] ?? 0));
  }
  const paths = Object.entries(branchMap).flatMap(([id, { loc, locations }]) =>
    (b[id] ?? []).map((hits, path) => {
      const place = locations[path]?.start.line === undefined ? loc : (locations[path] ?? loc);
      return { hits, place, isElse: place === loc };
    }),
  );
  return {
    file: relative(root, file),
    lines: [[...lines.values()].filter((hits) => hits > 0).length, lines.size],
    branches: [paths.filter(({ hits }) => hits > 0).length, paths.length],
    missed: [...lines].flatMap(([line, hits]) => (hits === 0 ? [line] : [])).toSorted((a, z) => a - z),
    notTaken: paths
      .filter(({ hits, place }) => hits === 0 && lines.get(place.start.line ?? 0) !== 0)
      .map(({ place, isElse }) => `${keyOf(place)}${isElse ? " else" : ""}`),
  };
}

function report(coverage: Coverage): void {
  const files = Object.entries(coverage).map(([file, found]) => count(file, found));
  const missing = ({ lines, branches }: Counted): number => lines[1] - lines[0] + branches[1] - branches[0];
  const rows = files
    .filter((file) => missing(file) > 0)
    .toSorted((a, z) => missing(z) - missing(a))
    .map(
      ({ file, lines, branches, missed, notTaken }) =>
        `| ${file} | ${missingOf(lines)} | ${missingOf(branches)} | ${spansOf(missed)} | ${notTaken.join(", ")} |`,
    );
  const lines = percent(sum(files.map((file) => file.lines)));
  const branches = percent(sum(files.map((file) => file.branches)));
  const total = `${lines.toFixed(2)} % of lines, ${branches.toFixed(2)} % of branches`;
  const head = [
    "| file | lines missing | branches missing | lines not run | branches not taken in lines that ran |",
    "| --- | --- | --- | --- | --- |",
  ];
  writeFileSync(join(folder, "uncovered.md"), `${[total, "", ...head, ...rows].join("\n")}\n`);
  writeFileSync(join(folder, "coverage.json"), JSON.stringify(coverage));
  console.log(`${total}; coverage/uncovered.md has the rest`);
  if (Math.min(lines, branches) < goal) process.exitCode = 1;
}

function sum(pairs: readonly (readonly [number, number])[]): [number, number] {
  return pairs.reduce<[number, number]>(([covered, all], pair) => [covered + pair[0], all + pair[1]], [0, 0]);
}

function percent([covered, all]: readonly [number, number]): number {
  return all === 0 ? 100 : (100 * covered) / all;
}

function missingOf([covered, all]: readonly [number, number]): string {
  return `${all - covered} of ${all}`;
}

/** 3, 5-8 */
function spansOf(lines: readonly number[]): string {
  const found: [number, number][] = [];
  for (const line of lines) {
    const last = found.at(-1);
    if (last !== undefined && line === last[1] + 1) last[1] = line;
    else found.push([line, line]);
  }
  return found.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(", ");
}
