/**
 * What SQLite knows of us (functions, sys_ tables, sqlite-vec) is registered when a text first needs it: most sessions
 * that only run SQL never do, and it takes as long as opening the database.
 */
import type { Database } from "better-sqlite3";

/** `register` is called once, before the first text that cannot do without. Gives what calls it now. */
export function registerWhenNeeded(db: Database, register: () => void): () => void {
  let isRegistered = false;
  const registerNow = (): void => {
    if (isRegistered) return;
    isRegistered = true;
    register();
  };
  const prepare = db.prepare.bind(db);
  db.prepare = (text: string) => {
    if (isRegistered) return prepare(text);
    if (!isPlain(text)) registerNow();
    try {
      return prepare(text);
    } catch (error) {
      if (isRegistered || !(error instanceof Error) || !isAboutName(error)) throw error;
      registerNow();
      return prepare(text);
    }
  };
  return registerNow;
}

/**
 * Of these SQLite says while preparing them that a name is missing, be it in a view, a trigger or an index. Of others it
 * says so while they run, as of ALTER TABLE, or lists what there is, as PRAGMA does (but for those of schema.ts).
 */
function isPlain(text: string): boolean {
  return (
    (/^\s*(?:select|values|with|insert|replace|update|delete)\b/i.test(text) && !/pragma_/i.test(text)) ||
    /^PRAGMA (?:database_list|"[^"]*"\.schema_version)$/.test(text)
  );
}

function isAboutName({ message }: Error): boolean {
  return /no such (?:function|table|module)|unknown function/.test(message);
}
