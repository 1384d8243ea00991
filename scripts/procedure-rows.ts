/** The types of the procedures' rows, from the catalogue: src/catalog/procedure-rows.ts. Types only, nothing that runs. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { kindOf } from "../src/catalog/describe.ts";
import type { Column, Procedure } from "../src/catalog/procedure.ts";
import { procedures } from "../src/procedures/index.ts";

export const procedureRowsFile = path.resolve(import.meta.dirname, "../src/catalog/procedure-rows.ts");

const head = `/** Written by npm run generate from the catalogue. Do not edit. */
import type { SqlValue } from "./value.ts";

/**
 * What \`CALL P(…)\` gives, by procedure: the row type of a statement whose text is a literal. Procedures of your own:
 *
 * \`\`\`ts
 * declare module "callsql" {
 *   interface ProcedureRows {
 *     readonly DetectLanguage: { readonly Language: string | null };
 *   }
 * }
 * \`\`\`
 */
export interface ProcedureRows {
`;

const overloadsHead = `
/** The argument by which a call means another procedure. */
export interface ProcedureOverloads {
`;

export function renderProcedureRows(): string {
  const meanings = procedures.flatMap(({ name, overloads }) =>
    overloads.map(({ when }) => `  readonly ${name}: "${when}";\n`),
  );
  return `${head}${procedures.map(rowType).join("")}}\n${overloadsHead}${meanings.join("")}}\n`;
}

export function areProcedureRowsFresh(): boolean {
  return readFileSync(procedureRowsFile, "utf8") === renderProcedureRows();
}

function rowType(procedure: Procedure): string {
  const columns = procedure.columns.map((column) => field(procedure, column));
  return `  /** ${procedure.summary} */\n  readonly ${procedure.name}: {\n${columns.join("")}  };\n`;
}

function field(procedure: Procedure, column: Column): string {
  // The row of a refused call shows an argument as it was given.
  const type = kindOf(procedure, column) === "argument" ? "SqlValue" : `${types[column.type]} | null`;
  return `    /** ${column.summary} */\n    readonly ${column.name}: ${type};\n`;
}

const types: Readonly<Record<Column["type"], string>> = {
  text: "string",
  integer: "number",
  real: "number",
  blob: "Uint8Array",
};
