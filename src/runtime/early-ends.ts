/** Whether SQLite's program can end a loop before it has seen all rows: it then may not need every call it could come to. */
import type { Database } from "better-sqlite3";
import type { Operation } from "./byte-code.ts";
import { isPrivate } from "./private-name.ts";

/**
 * A limit counter, or a jump out of a loop that does not wait for its end: min() over an index takes the first row, an
 * EXISTS that became a join the first match, a sorter of the first n of an ordered loop ends it with the first that is too late,
 * and a join ends where it comes to a table that is empty.
 */
export function stopsEarly(db: Database, program: readonly Operation[]): boolean {
  const loops = program.filter(({ opcode, p2, addr }) => loopEnds.has(opcode) && p2 <= addr);
  const loopsLeft = ({ addr, p2: target }: Operation): readonly Operation[] =>
    loops.filter(({ p2: start, addr: end }) => start <= addr && addr < end && target > end);
  return program.some((operation, index) => {
    if (isLimitCounter(operation)) return true;
    const { opcode, addr } = operation;
    if (opcode === "Goto" || (opcode === "IdxLE" && program[index - 2]?.opcode === "IfNotZero"))
      return loopsLeft(operation).length > 0;
    if (!loopStarts.has(opcode)) return false;
    const callsBefore = loopsLeft(operation).some(({ p2: start }) =>
      program.slice(start, addr).some(mayCall),
    );
    return callsBefore && mayBeEmpty(db, program, operation);
  });
}

/** One of our functions, or a virtual table, which may be one. */
function mayCall({ opcode, p4 }: Operation): boolean {
  return opcode === "VFilter" || ((opcode === "Function" || opcode === "PureFunc") && isPrivate(p4 ?? ""));
}

const loopEnds = new Set(["Next", "Prev", "VNext", "SorterNext"]);
/** They jump where there are no rows. */
const loopStarts = new Set(["Rewind", "Last", "SorterSort", "VFilter"]);

/** A counter whose jump leads anywhere but to the next operation; scalar subqueries of one row carry idle ones. */
function isLimitCounter({ opcode, p2, addr }: Operation): boolean {
  return opcode === "DecrJumpZero" && p2 !== addr + 1;
}

/** What a loop reads. A table says whether it has rows; of all else nobody knows beforehand. */
function mayBeEmpty(db: Database, program: readonly Operation[], { p1: cursor }: Operation): boolean {
  const opened = program.find(({ opcode, p1 }) => opcode === "OpenRead" && p1 === cursor);
  if (opened === undefined) return true;
  const { p2: rootPage, p3: database } = opened;
  const schema = db.prepare("SELECT name FROM pragma_database_list WHERE seq = ?").pluck().get(database);
  const isTable = `SELECT name FROM ${quoted(schema)}.sqlite_schema WHERE type = 'table' AND rootpage = ?`;
  const table = db.prepare(isTable).pluck().get(rootPage);
  if (table === undefined) return true;
  return db.prepare(`SELECT 1 FROM ${quoted(schema)}.${quoted(table)} LIMIT 1`).get() === undefined;
}

function quoted(name: unknown): string {
  return `"${String(name).replaceAll('"', '""')}"`;
}
