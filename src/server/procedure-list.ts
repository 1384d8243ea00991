/** What a client may call, as JSON. */
import { fail, procedures, signatureOf } from "../index.ts";
import type { Client } from "./clients.ts";

export function listProcedures(client: Client): object {
  return {
    procedures: visible(client).map((procedure) => ({
      name: procedure.name,
      signature: signatureOf(procedure),
      summary: procedure.summary,
    })),
  };
}

function visible({ limits }: Client): typeof procedures {
  const allowed = limits.procedures?.map((name) => name.toLowerCase());
  return procedures.filter(({ name }) => allowed?.includes(name.toLowerCase()) ?? true);
}

export function describeProcedure(name: string, client: Client): object {
  const found = visible(client).find((procedure) => procedure.name.toLowerCase() === name.toLowerCase());
  if (found === undefined) return fail("bind/unknown-procedure", { procedure: name });
  return {
    name: found.name,
    summary: found.summary,
    signature: signatureOf(found),
    source: found.source,
    primary: found.columns[found.primary]?.name,
    examples: found.examples,
    parameters: found.parameters.map(
      ({ name: parameter, type, summary, required, default: preset, values, min, max }) => ({
        name: parameter,
        type,
        summary,
        isRequired: required === true,
        default: preset,
        values,
        min,
        max,
      }),
    ),
    columns: found.columns.map(({ name: column, type, summary }) => ({ name: column, type, summary })),
  };
}
