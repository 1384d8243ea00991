/**
 * The type of a statement's rows, read from its text where that is a literal `CALL P(…)` of a procedure that is known to
 * TypeScript; any other statement has columns by name. Types only.
 */
import type { ProcedureOverloads, ProcedureRows } from "../catalog/procedure-rows.ts";
import type { SqlValue } from "../catalog/value.ts";

/** A row by column name. */
export type ResultColumns = Readonly<Record<string, SqlValue>>;

/**
 * What a row of the statement `Text` holds. A call by EXEC or in braces is not recognised, nor is one whose arguments may
 * decide that another procedure is meant.
 */
export type RowOf<Text extends string> = string extends Text
  ? ResultColumns
  : Called<TrimEnd<TrimStart<Lowercase<Text>>>>;

type Called<Text extends string> = Text extends `call${Space}${infer Name}(${infer Arguments})`
  ? RowsOf<TrimEnd<TrimStart<Name>>, Arguments>
  : ResultColumns;

type RowsOf<Name extends string, Arguments extends string> = Name extends keyof RowsByName
  ? Name extends keyof OverloadsByName
    ? Arguments extends `${string}${Lowercase<OverloadsByName[Name]>}${string}`
      ? ResultColumns
      : RowsByName[Name]
    : RowsByName[Name]
  : ResultColumns;

type RowsByName = { [Name in keyof ProcedureRows as Lowercase<Name>]: ProcedureRows[Name] };
type OverloadsByName = { [Name in keyof ProcedureOverloads as Lowercase<Name>]: ProcedureOverloads[Name] };

type Space = " " | "\n" | "\r" | "\t";
type TrimStart<Text extends string> = Text extends `${Space}${infer Rest}` ? TrimStart<Rest> : Text;
type TrimEnd<Text extends string> = Text extends `${infer Rest}${Space | ";"}` ? TrimEnd<Rest> : Text;
