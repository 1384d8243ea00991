/** A model table from JSON of the user's: checked against the schema, which loads zod, so loaded only where there is one. */
import { modelTableSchema } from "./model-schema.ts";
import { modelTable, type ModelTable } from "./models.ts";

export interface ModelProblem {
  /** From the top: `models`, 3, `prices`, 0, `perMillion`. */
  readonly path: readonly (string | number)[];
  readonly problem: string;
}

/** The first thing that is wrong with parsed JSON as a table, or undefined. */
export function modelTableProblem(json: unknown): ModelProblem | undefined {
  const issue = modelTableSchema.safeParse(json).error?.issues[0];
  if (issue === undefined) return undefined;
  const path = issue.path.map((step) => (typeof step === "symbol" ? String(step) : step));
  // The key that should not be there, not the object that holds it.
  const [stranger] = issue.code === "unrecognized_keys" ? issue.keys : [];
  return {
    path: stranger === undefined ? path : [...path, stranger],
    problem: stranger === undefined ? lowered(issue.message) : "is no key of a model table",
  };
}

/** A table from parsed JSON, such as the user's own file; rows of `base` follow the given ones. Throws what zod throws. */
export function readModelTable(json: unknown, base?: ModelTable): ModelTable {
  return modelTable(modelTableSchema.parse(json), base);
}

function lowered(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}
