/**
 * One process at a time. The lock is the operating system's on a file, so that it ends with the process that holds it,
 * however that dies: nothing is ever stale, and nobody has to guess. SQLite has such a lock on every platform.
 */
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import Database from "better-sqlite3";

const lookEveryMs = 25;

/** Waits for its turn. `file` is made if there is none, stays empty, and stays. */
export async function locked<T>(file: string, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const db = new Database(file, { timeout: 0 });
  try {
    while (!isTaken(db)) await sleep(lookEveryMs);
    return await work();
  } finally {
    db.close();
  }
}

function isTaken(db: Database.Database): boolean {
  try {
    db.exec("BEGIN EXCLUSIVE");
    return true;
  } catch (error) {
    if (error instanceof Database.SqliteError && error.code.startsWith("SQLITE_BUSY")) return false;
    throw error;
  }
}
