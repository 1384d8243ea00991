/** The procedures that exist, by name. Knows none of them itself. */
import { assert } from "../diagnostics/diagnostic.ts";
import type { Catalog, Procedure } from "./procedure.ts";

/** Names are one whatever their case; two procedures of one name are refused. */
export function createCatalog(procedures: readonly Procedure[]): Catalog {
  const procedureByName = new Map<string, Procedure>();
  for (const procedure of procedures) {
    const name = procedure.name.toLowerCase();
    assert(!procedureByName.has(name), `two procedures are named ${procedure.name}`);
    procedureByName.set(name, procedure);
  }
  return { procedures, find: (name) => procedureByName.get(name.toLowerCase()) };
}
