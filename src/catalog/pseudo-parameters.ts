/**
 * What every call may be given beside the parameters of its procedure, by name alone: it says how the call is made, and is
 * no part of its request. The values stand behind those of the procedure's own parameters.
 */
import type { Parameter, Procedure } from "./procedure.ts";
import type { SqlValue } from "./value.ts";

/** In the order of their values. */
const pseudoParameters = [
  { name: "CallKey", type: "text", summary: "Equal calls with different keys are made separately." },
  {
    name: "Connection",
    type: "text",
    summary: "Name of the connection that answers this call; NULL: the session's.",
  },
] as const satisfies readonly Omit<Parameter, "position">[];

type PseudoName = (typeof pseudoParameters)[number]["name"];

export const pseudoNames: readonly PseudoName[] = pseudoParameters.map(({ name }) => name);

/** With their places behind the procedure's own: what any call takes by name, `CallKey => …` and `Connection => …`. */
export function pseudoParametersOf({ parameters }: Pick<Procedure, "parameters">): readonly Parameter[] {
  return pseudoParameters.map((one, index) => ({ ...one, position: parameters.length + index }));
}

/** The procedure's own parameters, and these behind them. */
export function allParametersOf(procedure: Pick<Procedure, "parameters">): readonly Parameter[] {
  return [...procedure.parameters, ...pseudoParametersOf(procedure)];
}

/** What the values of a call say to one of them, as the text SQLite casts it to; undefined: nothing. */
export function pseudoValue(
  { parameters }: Pick<Procedure, "parameters">,
  values: readonly SqlValue[],
  name: PseudoName,
): string | undefined {
  const value = values[parameters.length + pseudoNames.indexOf(name)] ?? null;
  if (value === null) return undefined;
  return value instanceof Uint8Array ? Buffer.from(value).toString() : String(value);
}
