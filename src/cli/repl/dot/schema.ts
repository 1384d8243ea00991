/** Commands that say what there is: .tables, .schema, .procedures, .describe. */
import type { Procedure } from "../../../index.ts";
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
    run: (context, [pattern = "%"]) =>
      showQuery(
        context,
        `SELECT schema, name, type, ncol AS columns FROM pragma_table_list
        WHERE name LIKE :pattern AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND type <> 'shadow'
        ORDER BY schema = 'main' DESC, schema, name`,
        { pattern },
      ),
  },
  {
    name: "schema",
    aliases: ["\\d"],
    arguments: "[TABLE]",
    summary: "the CREATE statements, of one table with its indexes and triggers if given",
    completes: ["table"],
    run: async (context, [table = "%"]) => {
      const sql = `SELECT sql FROM sqlite_schema WHERE tbl_name LIKE :pattern AND sql IS NOT NULL ORDER BY rowid`;
      const rows = await (await context.session.execute(sql, { pattern: table })).all();
      const text = rows.map(({ sql: statement }) => `${String(statement)};\n`).join("");
      await showText(context, text);
      if (rows.length === 0) await context.reporter.note("nothing of that name");
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
      if (found.length === 0) await reporter.note("no procedure has that in its name");
    },
  },
  {
    name: "describe",
    arguments: "NAME",
    summary: "a procedure's parameters and columns, or a table's columns",
    completes: ["table-or-procedure"],
    run: async (context, [name = ""]) => {
      if (findProcedure(context.procedures, name) !== undefined || !(await isTable(context, name))) {
        await showText(context, proceduresText(context.procedures, { name, isJson: false }));
        return;
      }
      const sql = `SELECT name, type, "notnull", dflt_value AS "default", pk FROM pragma_table_xinfo(:pattern)`;
      await showQuery(context, sql, { pattern: name });
    },
  },
];

function findProcedure(procedures: readonly Procedure[], name: string): Procedure | undefined {
  return procedures.find((procedure) => procedure.name.toLowerCase() === name.toLowerCase());
}

async function isTable({ session }: Context, pattern: string): Promise<boolean> {
  const sql = "SELECT 1 FROM pragma_table_list WHERE lower(name) = lower(:pattern)";
  return (await (await session.execute(sql, { pattern })).first()) !== undefined;
}
