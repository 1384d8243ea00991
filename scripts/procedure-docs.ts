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
    "## Errors any call can have",
    "Besides these the API's own codes come through as they are, such as `rate_limit_exceeded` after the last attempt.",
    table(
      ["Code", "When"],
      commonErrors.map(([id, when]) => [code(id), when]),
    ),
  ]);
}

const commonErrors: readonly (readonly [string, string])[] = [
  ["call/wrong-model", "The model is not one for this procedure. Nothing was sent."],
  ["call/unsupported-parameter", "The model does not take a parameter that was given. Nothing was sent."],
  ["model_not_found", "The API does not have the model. Ends the statement."],
  ["call/timeout", "No complete answer within the option timeout, at the last attempt."],
  ["call/network", "The service could not be reached."],
  ["call/redirect", "The service answered with a redirect, which is never followed."],
  ["call/bad-answer", "The answer was cut, empty, too large or not what the endpoint answers."],
  ["call/http-error", "The service refused the request and gave no code."],
  ["call/credentials", "The key or token could not be had."],
  ["call/cancelled", "The statement was stopped."],
  ["call/not-available-offline", "The offline connection does not have this procedure."],
];

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
    "Every call also takes, by name, [`CallKey => …` and `Connection => …`](../../grammar.md#arguments).",
    "## Result",
    table(
      ["Column", "Type", "Meaning"],
      own.map((column) => columnRow(procedure, column)),
    ),
    "Then the [columns every result has](README.md#columns-every-result-has), and the value of every parameter.",
    "## Examples",
    sql(procedure.examples),
    "## Errors",
    "A call that fails has the code in Error_Code, words in Error_Message and NULL or what there was of the answer in its own columns. These are its own; [any call](README.md#errors-any-call-can-have) can have others.",
    table(["Code", "When"], errorRows(procedure)),
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

/** Those that follow from the parameters, then the procedure's own. */
function errorRows(procedure: Procedure): readonly (readonly string[])[] {
  const { parameters } = procedure;
  const derived: readonly (readonly [string, (parameter: Parameter) => boolean, string])[] = [
    ["call/missing-value", ({ required }) => required === true, "is NULL"],
    ["call/empty-value", ({ required, type }) => required === true && type !== "json", "is empty"],
    ["call/not-bytes", ({ type }) => type === "bytes", "is no file: a path, or text that is no base64"],
    ["call/not-json", ({ type }) => type === "json", "is no JSON"],
    ["call/not-a-number", ({ type }) => type === "integer" || type === "real", "is no number"],
    ["call/not-a-boolean", ({ type }) => type === "boolean", "is no boolean"],
    ["call/out-of-range", ({ min, max }) => min !== undefined || max !== undefined, "is outside its range"],
    ["call/not-allowed", ({ values }) => values !== undefined, "is none of its values"],
    ["call/too-long", ({ maxLength }) => maxLength !== undefined, "has too many characters"],
    ["call/too-many-bytes", ({ maxBytes }) => maxBytes !== undefined, "is too large"],
  ];
  const rows = derived.flatMap(([id, isOf, words]) => {
    const names = parameters.filter(isOf).map(({ name }) => code(name));
    return names.length === 0 ? [] : [[code(id), `${alternatives(names)} ${words}.`]];
  });
  const own = Object.entries(procedure.errors ?? {}).map(([id, when]) => [code(id), when]);
  return [...rows, ...own];
}

/** `a`, `a or b`, `a, b or c`. */
function alternatives(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
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
