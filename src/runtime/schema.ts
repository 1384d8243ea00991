/** Whether a database holds views or triggers that call procedures, so that a text without a call may reach one. */
import type { Database } from "better-sqlite3";

interface Known {
  readonly version: string;
  readonly reaches: boolean;
}

const known = new WeakMap<Database, Known>();

/** Looked up again only when a schema has changed. */
export function reachesThroughSchema(db: Database): boolean {
  const schemas = readNames(db.pragma("database_list"));
  const version = schemas
    .map((name) => `${name}:${String(db.pragma(`"${name}".schema_version`, { simple: true }))}`)
    .join();
  const before = known.get(db);
  if (before?.version === version) return before.reaches;
  const reaches = schemas.some((name) => holdsCalls(db, name));
  known.set(db, { version, reaches });
  return reaches;
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
function readNames(rows: unknown): string[] {
  return (rows as { name: string }[]).map(({ name }) => name.replaceAll('"', '""'));
}
