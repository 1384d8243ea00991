/** The procedures that exist, by name. Knows none of them itself. */
import { checkProcedures } from "./check.ts";
import type { Catalog, Procedure } from "./procedure.ts";

/** Names are one whatever their case. `sqlFunctions`, in lower case, are taken. Throws session/bad-procedure. */
export function createCatalog(
  procedures: readonly Procedure[],
  sqlFunctions: ReadonlySet<string> = new Set(),
): Catalog {
  checkProcedures(procedures, sqlFunctions);
  const procedureByName = new Map(procedures.map((procedure) => [procedure.name.toLowerCase(), procedure]));
  return { procedures, find: (name) => procedureByName.get(name.toLowerCase()) };
}
