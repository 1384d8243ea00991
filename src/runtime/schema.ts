/** Whether a database holds views or triggers that call procedures, so that a text without a call may reach one. */
import type { Database, Statement } from "better-sqlite3";

/** What is known of one connection. Its statements are prepared once: they are asked before every statement. */
interface Known {
  readonly list: Statement;
  /** What `list` gave. */
  schemas: string;
  versions: readonly Statement[];
  version: string;
  reaches: boolean;
}

const known = new WeakMap<Database, Known>();

/** Looked up again only when a schema has changed. */
export function reachesThroughSchema(db: Database): boolean {
  const before = known.get(db) ?? begin(db);
  const rows = before.list.all();
  const schemas = JSON.stringify(rows);
  const names = readNames(rows);
  if (schemas !== before.schemas) {
    before.schemas = schemas;
    before.versions = names.map((name) => db.prepare(`PRAGMA "${name}".schema_version`).pluck());
    before.version = "";
  }
  const version = before.versions.map((statement) => statement.get()).join();
  if (version !== before.version) {
    before.version = version;
    before.reaches = names.some((name) => holdsCalls(db, name));
  }
  return before.reaches;
}

function begin(db: Database): Known {
  const list = db.prepare("PRAGMA database_list").raw();
  const fresh = { list, schemas: "", versions: [], version: "", reaches: false };
  known.set(db, fresh);
  return fresh;
}

function holdsCalls(db: Database, schema: string): boolean {
  const found = db
    .prepare(
      `SELECT 1 FROM "${schema}".sqlite_schema WHERE type IN ('view', 'trigger') AND sql LIKE '%callsql\\_%' ESCAPE '\\'
       AND name <> 'callsql_progress'`,
    )
    .get();
  return found !== undefined;
}

/** Schema names as SQL may quote them. */
function readNames(rows: readonly unknown[]): string[] {
  return (rows as [number, string, string][]).map(([, name]) => name.replaceAll('"', '""'));
}
