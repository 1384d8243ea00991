/** What the session knows by name, read when it is first needed and forgotten when a statement may have changed it. */
import { systemTables, type SqlValue } from "../../../index.ts";
import type { Context } from "../context.ts";
import type { Candidate } from "../edit/state.ts";
import { connectionNames } from "../open.ts";
import type { Model, Option, Table, Vocabulary } from "./candidates.ts";

const tablesSql = `SELECT t.name AS "table", t.type AS kind, c.name AS "column", c.type AS type
  FROM pragma_table_list AS t LEFT JOIN pragma_table_xinfo(t.name, t.schema) AS c
  WHERE t.type IN ('table', 'view', 'virtual') AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
  ORDER BY t.name, c.cid`;

/** SQLite lists them only when a statement has used one. */
const ownTables: readonly Table[] = Object.entries(systemTables).map(([name, { columns }]) => ({
  name,
  kind: "table",
  columns: Object.entries(columns).map(([column, { type }]) => ({ name: column, type: type.toUpperCase() })),
}));

/** Those that are going away stand last. */
const modelsSql = `SELECT model, price, procedures, 'retires on ' || retires_on AS retires FROM sys_models
  WHERE instr(model, '*') = 0 ORDER BY retires_on IS NOT NULL`;

export class VocabularyReader {
  readonly #context: Context;
  #known: Vocabulary | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  forget(): void {
    this.#known = undefined;
  }

  async read(): Promise<Vocabulary> {
    this.#known ??= await this.#readAnew();
    return this.#known;
  }

  async #readAnew(): Promise<Vocabulary> {
    const { procedures, parameters } = this.#context;
    // A database that is locked or broken still has keywords.
    const listed = tablesOf(await this.#rows(tablesSql)).filter(({ name }) => !(name in systemTables));
    const tables = [...listed, ...ownTables];
    const options = (await this.#rows("SHOW OPTIONS")).map((row): Option => ({
      text: String(row["option"]),
      detail: `${String(row["value"] ?? "NULL")} — ${String(row["summary"])}`,
      values: valuesIn(String(row["allowed"])),
    }));
    const own = (await this.#rows("SHOW VARIABLES")).map((row) => row["variable"]);
    const names = new Set([...parameters.keys(), ...own.map(String)]);
    const binds = [...names].map((name): Candidate => ({ text: name, detail: "has a value" }));
    const models = (await this.#rows(modelsSql)).map((row): Model => ({
      name: String(row["model"]),
      procedures: String(row["procedures"]).toLowerCase().split(", "),
      detail: [row["price"], row["retires"]].filter((text) => text !== null).join("; "),
    }));
    const connections = (await connectionNames(this.#context)).map((text) => ({ text, detail: "" }));
    return { procedures, tables, binds, options, models, connections };
  }

  async #rows(sql: string): Promise<Record<string, SqlValue>[]> {
    try {
      return await (await this.#context.session.execute(sql)).all();
    } catch {
      return [];
    }
  }
}

/** `off, run, on` and `on or off`; anything else is no list. */
function valuesIn(allowed: string): readonly string[] {
  const words = allowed.split(/, | or /);
  return words.length > 1 && words.every((word) => /^\w+$/.test(word)) ? words : [];
}

function tablesOf(rows: readonly Record<string, SqlValue>[]): Table[] {
  const tables = new Map<string, Table & { readonly columns: { name: string; type: string }[] }>();
  for (const row of rows) {
    const name = String(row["table"]);
    const table = tables.get(name) ?? { name, kind: String(row["kind"]), columns: [] };
    tables.set(name, table);
    if (row["column"] !== null)
      table.columns.push({ name: String(row["column"]), type: String(row["type"] ?? "") });
  }
  return [...tables.values()];
}
