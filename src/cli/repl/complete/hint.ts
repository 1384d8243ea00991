/** The line below the text: the signature of the call the cursor stands in, with the argument it stands at marked. */
import { pseudoParametersOf, type Parameter, type Procedure } from "../../../index.ts";
import type { Buffer } from "../edit/buffer.ts";
import { describeParameter, procedureOf } from "./candidates.ts";
import { placeOf } from "./place.ts";

export function hintAt({ text, cursor }: Buffer, procedures: readonly Procedure[]): string | undefined {
  const { call } = placeOf(text, cursor);
  const procedure = procedureOf(call, { procedures });
  if (procedure === undefined || call === undefined) return undefined;
  const named = call.given[0];
  const isNamed = ({ name }: Parameter): boolean => name.toLowerCase() === named;
  const byName =
    named === undefined
      ? undefined
      : (procedure.findParameter(named) ?? pseudoParametersOf(procedure).find(isNamed));
  const current = byName ?? procedure.parameters[call.position];
  if (current === undefined) return undefined;
  return `${procedure.name} ${call.position + 1}: ${current.name} ${describeParameter(current)}`;
}
