import { defineProcedure } from "../catalog/define.ts";
import { callError } from "../catalog/problem.ts";
import type { CellValue, ColumnDefinition } from "../catalog/procedure.ts";
import { readBoolean, readEntries, readField, readNumber, readText } from "../catalog/read.ts";

/** Column suffix → the API's name of the category. */
const categories = {
  Harassment: "harassment",
  Harassment_Threatening: "harassment/threatening",
  Hate: "hate",
  Hate_Threatening: "hate/threatening",
  Illicit: "illicit",
  Illicit_Violent: "illicit/violent",
  SelfHarm: "self-harm",
  SelfHarm_Instructions: "self-harm/instructions",
  SelfHarm_Intent: "self-harm/intent",
  Sexual: "sexual",
  Sexual_Minors: "sexual/minors",
  Violence: "violence",
  Violence_Graphic: "violence/graphic",
} as const;

type Category = keyof typeof categories;
type CategoryColumn = `Category_${Category}` | `Score_${Category}` | `AppliedTo_${Category}`;

export const moderateText = defineProcedure({
  name: "ModerateText",
  summary: "Checks text for harmful content in 13 categories.",
  source: "openai-connector, ModerateText; API: POST /moderations",
  endpoint: "moderations",
  parameters: {
    Text: { type: "text", required: true, summary: "The text to moderate." },
    Model: { type: "text", defaultModel: "moderation", summary: "Moderation model." },
  },
  primary: "Flagged",
  columns: {
    Flagged: { type: "integer", summary: "1 when any category is flagged." },
    ...categoryColumns(),
    Categories_Json: {
      type: "text",
      summary: "Categories that have no column of their own yet, as JSON; NULL when there are none.",
    },
    Moderation_Id: { type: "text", summary: "Identifier of the moderation request." },
    Result_Index: {
      type: "integer",
      summary:
        "Place of the text in its call: 0, for a call takes one text, also when texts are sent together.",
    },
    Model_Used: { type: "text", summary: "The model that answered." },
  },
  pack: { by: ["Model"], input: "input", inputsMax: 32, tokensMax: 100_000, answers: "results" },
  examples: [
    "CALL ModerateText(:Text, :Model)",
    "SELECT id FROM comments WHERE ModerateText(body) = 1",
    "SELECT c.id, m.Score_Violence FROM comments c, ModerateText(c.body) m WHERE m.Flagged",
  ],
  notes: [
    "text-moderation-latest, which the documentation offers, was shut down on 2025-10-27; omni-moderation-latest is the default.",
  ],
  errors: { "call/empty-answer": "The answer holds no result." },
  request: ({ Text, Model }) => ({ input: Text, model: Model }),
  row: (body) => {
    const result = readField(body, "results", 0);
    const flagged = readBoolean(result, "flagged");
    const model = readText(body, "model");
    return {
      cells: {
        Flagged: flagged,
        ...categoryCells(result),
        Categories_Json: otherCategories(result),
        Moderation_Id: readText(body, "id"),
        Result_Index: flagged === undefined ? undefined : 0,
        Model_Used: model,
      },
      error:
        flagged === undefined ? callError("call/empty-answer", { what: "moderation result" }) : undefined,
      usage: {},
      model,
    };
  },
});

function categoryColumns(): Readonly<Record<CategoryColumn, ColumnDefinition>> {
  return eachCategory((name, key) => ({
    [`Category_${name}`]: { type: "integer", summary: `1 when flagged for ${key}.` },
    [`Score_${name}`]: { type: "real", summary: `Confidence for ${key}, 0 to 1.` },
    [`AppliedTo_${name}`]: { type: "text", summary: `Kinds of input ${key} was judged on, as a JSON array.` },
  }));
}

function categoryCells(result: unknown): Readonly<Record<CategoryColumn, CellValue>> {
  return eachCategory((name, key) => {
    const appliedTo = readField(result, "category_applied_input_types", key);
    return {
      [`Category_${name}`]: readBoolean(result, "categories", key),
      [`Score_${name}`]: readNumber(result, "category_scores", key),
      [`AppliedTo_${name}`]: Array.isArray(appliedTo) ? appliedTo : undefined,
    };
  });
}

function eachCategory<T>(
  fields: (name: string, key: string) => Record<string, T>,
): Record<CategoryColumn, T> {
  return readColumns(Object.entries(categories).map(([name, key]) => fields(name, key)));
}

/** TypeScript does not see that the names of all categories make the keys. */
function readColumns<T>(parts: readonly Record<string, T>[]): Record<CategoryColumn, T> {
  return Object.assign({}, ...parts) as Record<CategoryColumn, T>;
}

function otherCategories(result: unknown): CellValue {
  const known: readonly string[] = Object.values(categories);
  const others = readEntries(result, "categories").filter(([key]) => !known.includes(key));
  if (others.length === 0) return undefined;
  return Object.fromEntries(
    others.map(([key, flagged]) => [key, { flagged, score: readNumber(result, "category_scores", key) }]),
  );
}
