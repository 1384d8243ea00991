/**
 * docs/procedures/*.md from the catalogue. `node scripts/procedure-docs.ts` writes the pages, with --check it
 * only says which are stale. Everything on a page is in the procedure's own file: nothing is written here.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { defaultOf, kindOf, signatureOf } from "../src/catalog/describe.ts";
import type { Column, Parameter, Procedure } from "../src/catalog/procedure.ts";
import { commonColumns } from "../src/catalog/result.ts";
import { procedures } from "../src/procedures/index.ts";

const root = path.resolve(import.meta.dirname, "..");
const folder = "docs/procedures";

/** Path below the repository → text. */
export function procedureDocs(): ReadonlyMap<string, string> {
  const pages = procedures.map((procedure): [string, string] => [fileOf(procedure), page(procedure)]);
  return new Map([[`${folder}/README.md`, indexPage()], ...pages]);
}

/** Pages whose file is missing or differs. */
export function staleProcedureDocs(): readonly string[] {
  return [...procedureDocs()].filter(([file, text]) => readPage(file) !== text).map(([file]) => file);
}

export function writeProcedureDocs(): void {
  mkdirSync(path.join(root, folder), { recursive: true });
  for (const [file, text] of procedureDocs()) writeFileSync(path.join(root, file), text);
}

function readPage(file: string): string | undefined {
  try {
    return readFileSync(path.join(root, file), "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

function fileOf(procedure: Procedure): string {
  return `${folder}/${procedure.name}.md`;
}

function indexPage(): string {
  return join([
    generated,
    "# Procedures",
    "A procedure may stand wherever a query, a table or a value may stand. Where a value is asked for, it gives its primary column.",
    table(
      ["Procedure", "What it does", "Primary column"],
      procedures.map((procedure) => [
        `[${procedure.name}](${procedure.name}.md)`,
        procedure.summary,
        code(procedure.columns[procedure.primary]?.name ?? ""),
      ]),
    ),
    "Arguments are given by position, by name (`Name => value`), or by a bind of the parameter's name (`:Name`). NULL means not given; a parameter that is not given is not sent, unless it has a default here or in `SET DEFAULT Procedure.Parameter = value`.",
    "## Columns every result has",
    "They follow the procedure's own columns. After them stands the value of every parameter, under the parameter's name.",
    table(
      ["Column", "Type", "Meaning"],
      Object.entries(commonColumns).map(([name, column]) => [code(name), column.type, column.summary]),
    ),
  ]);
}

function page(procedure: Procedure): string {
  const own = procedure.columns.filter((column) => kindOf(procedure, column) === "result");
  return join([
    generated,
    `# ${procedure.name}`,
    procedure.summary,
    sql([`CALL ${signatureOf(procedure)}`]),
    "## Parameters",
    table(["Parameter", "Type", "Default", "Meaning"], procedure.parameters.map(parameterRow)),
    ...overloadNotes(procedure),
    "## Result",
    table(
      ["Column", "Type", "Meaning"],
      own.map((column) => columnRow(procedure, column)),
    ),
    "Then the [columns every result has](README.md#columns-every-result-has), and the value of every parameter.",
    "## Examples",
    sql(procedure.examples),
    ...notes(procedure),
    `Source: ${procedure.source}`,
  ]);
}

function parameterRow(parameter: Parameter): readonly string[] {
  const aliases = (parameter.aliases ?? []).map((alias) => ` or ${code(alias)}`).join("");
  const marks = parameter.isExtension === true ? " *" : "";
  const shipped = defaultOf(parameter);
  const fallback = shipped === undefined ? "" : String(shipped);
  return [
    `${code(parameter.name)}${aliases}${marks}`,
    parameter.type,
    parameter.required === true ? "**required**" : fallback,
    [parameter.summary, ...limits(parameter)].join(" "),
  ];
}

function limits(parameter: Parameter): readonly string[] {
  const { min, max, values, maxLength, maxBytes, maxTokens } = parameter;
  const range = min === undefined ? undefined : max === undefined ? `At least ${min}.` : `${min} to ${max}.`;
  return [
    values === undefined ? undefined : `One of ${values.map(code).join(", ")}.`,
    range,
    maxLength === undefined ? undefined : `At most ${maxLength} characters.`,
    maxBytes === undefined ? undefined : `At most ${maxBytes / 1024 / 1024} MB.`,
    maxTokens === undefined ? undefined : `At most ${maxTokens} tokens.`,
  ].filter((text) => text !== undefined);
}

function columnRow(procedure: Procedure, column: Column): readonly string[] {
  const isPrimary = procedure.columns[procedure.primary] === column;
  return [isPrimary ? `**${code(column.name)}**` : code(column.name), column.type, column.summary];
}

function overloadNotes(procedure: Procedure): readonly string[] {
  const extensions = procedure.parameters.some((parameter) => parameter.isExtension === true);
  return [
    ...(extensions
      ? ["\\* not in the connector's documentation; stands after the documented parameters."]
      : []),
    ...procedure.overloads.map(
      ({ when, use }) => `A call that names ${code(when)} is a call of [${use}](${use}.md).`,
    ),
  ];
}

function notes(procedure: Procedure): readonly string[] {
  const lines = procedure.notes ?? [];
  if (lines.length === 0) return [];
  return ["## Where documentation and API differ", lines.map((line) => `- ${line}`).join("\n")];
}

const generated = "<!-- Generated by scripts/procedure-docs.ts from src/procedures. Do not edit. -->";

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function sql(statements: readonly string[]): string {
  return ["```sql", ...statements.map((statement) => `${statement};`), "```"].join("\n");
}

function code(text: string): string {
  return `\`${text}\``;
}

function join(blocks: readonly string[]): string {
  return `${blocks.join("\n\n")}\n`;
}

if (import.meta.main) {
  const stale = staleProcedureDocs();
  if (process.argv.includes("--check")) {
    for (const file of stale) process.stderr.write(`stale: ${file}\n`);
    process.exitCode = stale.length > 0 ? 1 : 0;
  } else {
    writeProcedureDocs();
  }
}
