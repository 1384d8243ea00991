/** Commands that say what there is: .tables, .schema, .procedures, .describe. */
import { type Procedure } from "../../../index.ts";
import { proceduresText } from "../../commands/procedures.ts";
import type { Context } from "../context.ts";
import { showQuery, showText } from "../show/show.ts";
import type { DotCommand } from "./command.ts";

export const schemaCommands: readonly DotCommand[] = [
  {
    name: "tables",
    aliases: ["\\dt"],
    arguments: "[PATTERN]",
    summary: "tables and views, those like PATTERN (as LIKE has it) if given",
    run: async (context, [pattern]) => {
      const sql = `SELECT schema, name, type, ncol AS columns FROM pragma_table_list
        WHERE name LIKE :pattern AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND type <> 'shadow'
        ORDER BY schema = 'main' DESC, schema, name`;
      await showQuery(
        context,
        sql,
        { pattern: pattern ?? "%" },
        pattern === undefined ? nothingFor() : "nothing-listed",
      );
    },
  },
  {
    name: "databases",
    aliases: ["\\l"],
    arguments: "",
    summary: "the database and those that ATTACH added, with their files",
    run: (context) => showQuery(context, "SELECT name, file FROM pragma_database_list"),
  },
  {
    name: "indexes",
    aliases: [".indices", "\\di"],
    arguments: "[TABLE]",
    summary: "indexes, of one table if given",
    completes: ["table"],
    run: (context, [pattern = "%"]) =>
      showQuery(
        context,
        `SELECT name, tbl_name AS "table", sql FROM sqlite_schema WHERE type = 'index' AND tbl_name LIKE :pattern
        ORDER BY tbl_name, name`,
        { pattern },
      ),
  },
  {
    name: "schema",
    aliases: ["\\d"],
    arguments: "[TABLE]",
    summary: "the CREATE statements, of one table with its indexes and triggers if given",
    completes: ["table"],
    run: async (context, [table]) => {
      const sql = `SELECT sql FROM sqlite_schema WHERE tbl_name LIKE :pattern AND sql IS NOT NULL ORDER BY rowid`;
      const rows = await (await context.session.execute(sql, { pattern: table ?? "%" })).all();
      const text = rows.map(({ sql: statement }) => `${String(statement)};\n`).join("");
      if (rows.length > 0) return showText(context, text);
      if (table !== undefined && /^sys_/i.test(table)) return showSystemTable(context, table);
      return context.reporter.note(nothingFor(table), {});
    },
  },
  {
    name: "procedures",
    aliases: ["\\df"],
    arguments: "[PATTERN]",
    summary: "what can be called; PATTERN is a part of the name",
    run: async (context, [part = ""]) => {
      const { procedures, reporter } = context;
      const wanted = part.toLowerCase();
      const found = procedures.filter(({ name }) => name.toLowerCase().includes(wanted));
      const width = found.reduce((widest, { name }) => Math.max(widest, name.length), 0);
      const lines = found.map(({ name, summary }) => `${name.padEnd(width)}  ${summary}\n`);
      await showText(context, lines.join(""));
      if (found.length === 0) await reporter.note("no-such-procedure", {});
    },
  },
  {
    name: "describe",
    arguments: "NAME",
    summary: "a procedure's parameters and columns, or a table's columns, with what they say",
    completes: ["table-or-procedure"],
    run: (context, [name = ""]) => {
      if (findProcedure(context.procedures, name) !== undefined)
        return showText(context, proceduresText(context.procedures, { name, isJson: false }));
      return showQuery(context, describing(name));
    },
  },
];

/** What is said in place of a listing. */
function nothingFor(pattern?: string): "no-tables" | "nothing-named-so" {
  return pattern === undefined ? "no-tables" : "nothing-named-so";
}

/** Made by no CREATE statement, but shown as if: its columns and what they say. */
async function showSystemTable(context: Context, name: string): Promise<void> {
  const rows = await (await context.session.execute(describing(name))).all();
  const columns = rows.filter(({ kind }) => kind !== "argument");
  const lines = columns.map(({ name: column, type, remarks }, index) => {
    const end = index < columns.length - 1 ? "," : "";
    return `  ${String(column)} ${String(type).toUpperCase()}${end} -- ${String(remarks)}\n`;
  });
  await showText(context, `CREATE TABLE ${name.toLowerCase()}(\n${lines.join("")});\n`);
}

function describing(name: string): string {
  return `DESCRIBE "${name.replaceAll('"', '""')}"`;
}

function findProcedure(procedures: readonly Procedure[], name: string): Procedure | undefined {
  return procedures.find((procedure) => procedure.name.toLowerCase() === name.toLowerCase());
}
