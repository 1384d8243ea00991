/**
 * Writes everything that is generated from the sources: grammar.md's EBNF, docs/procedures/, docs/errors.md, row types,
 * docs/api.md, docs/options.md, docs/system-tables.md, man/callsql.1.
 * With --check it writes nothing, names what is stale, and fails.
 */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { renderApiPage } from "./api-docs.ts";
import { renderErrorsPage } from "./errors-md.ts";
import { isGrammarPageFresh, writeGrammarPage } from "./grammar-ebnf.ts";
import { manPageFile, renderManPage } from "./man-page.ts";
import { renderOptionsPage } from "./options-md.ts";
import { areProcedureRowsFresh, procedureRowsFile, renderProcedureRows } from "./procedure-rows.ts";
import { staleProcedureDocs, writeProcedureDocs } from "./procedure-docs.ts";
import { renderSystemTablesPage } from "./system-tables-md.ts";

const apiPage = path.resolve(import.meta.dirname, "../docs/api.md");
const errorsPage = path.resolve(import.meta.dirname, "../docs/errors.md");
const optionsPage = path.resolve(import.meta.dirname, "../docs/options.md");
const systemTablesPage = path.resolve(import.meta.dirname, "../docs/system-tables.md");

export function staleFiles(): readonly string[] {
  return [
    ...(isGrammarPageFresh() ? [] : ["grammar.md"]),
    ...staleProcedureDocs(),
    ...(areProcedureRowsFresh() ? [] : ["src/catalog/procedure-rows.ts"]),
    ...(readPage(apiPage) === renderApiPage() ? [] : ["docs/api.md"]),
    ...(readPage(errorsPage) === renderErrorsPage() ? [] : ["docs/errors.md"]),
    ...(readPage(optionsPage) === renderOptionsPage() ? [] : ["docs/options.md"]),
    ...(readPage(systemTablesPage) === renderSystemTablesPage() ? [] : ["docs/system-tables.md"]),
    ...(readPage(manPageFile) === renderManPage() ? [] : ["man/callsql.1"]),
  ];
}

function generate(): void {
  writeGrammarPage();
  writeProcedureDocs();
  writeFileSync(procedureRowsFile, renderProcedureRows());
  writeFileSync(errorsPage, renderErrorsPage());
  writeFileSync(apiPage, renderApiPage());
  writeFileSync(optionsPage, renderOptionsPage());
  writeFileSync(systemTablesPage, renderSystemTablesPage());
  writeFileSync(manPageFile, renderManPage());
}

function readPage(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

if (import.meta.main) {
  if (process.argv.includes("--check")) {
    const stale = staleFiles();
    for (const file of stale) process.stderr.write(`${file} is stale: run npm run generate\n`);
    process.exitCode = stale.length > 0 ? 1 : 0;
  } else {
    generate();
  }
}
