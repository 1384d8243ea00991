/**
 * The shape of a model table (models.json, or the user's own file): what is known about models, as data.
 * Amounts are USD; dates are `YYYY-MM-DD`. What is not known is absent, never guessed.
 */
import { z } from "zod";
import { endpoints } from "./request.ts";
import { expectError } from "../diagnostics/expected.ts";

const date = z.iso.date();
const amount = z.number().nonnegative();

const endpoint = z.enum(endpoints);

/** Per million tokens. A part without a rate of its own costs the rate of its total. */
const tokenPrices = z
  .strictObject({
    input: amount,
    cachedInput: amount.optional(),
    cacheWrite: amount.optional(),
    inputImage: amount.optional(),
    inputAudio: amount.optional(),
    output: amount.optional(),
    outputImage: amount.optional(),
  })
  .readonly();

const price = z
  .strictObject({
    /** The first day it holds; since ever when absent. */
    from: date.optional(),
    isFree: z.boolean().optional(),
    perMillion: tokenPrices.optional(),
    /** Of audio. */
    perHour: amount.optional(),
    perMillionCharacters: amount.optional(),
    /** Calls of built-in tools. */
    perThousand: z.strictObject({ webSearch: amount, fileSearch: amount }).readonly().optional(),
    /** Above so many input tokens the whole request costs these multiples. */
    longContext: z.strictObject({ above: amount, input: amount, output: amount }).readonly().optional(),
    /** The day the price was read. */
    asOf: date,
    source: z.string(),
  })
  .readonly();

/** For models that take any image size within limits, in pixels. */
const sizeRule = z
  .strictObject({ multipleOf: z.int(), ratioMax: z.number(), edgeMax: z.int(), pixelsMax: z.int() })
  .readonly();

const model = z
  .strictObject({
    id: z.string().min(1),
    /** Regular expression over the ids this row speaks for, dated snapshots included. */
    pattern: z.string().min(1).refine(isPattern, "is not a regular expression"),
    endpoints: z.array(endpoint).readonly(),
    /** Temperature and TopP: always accepted, with reasoning effort none only, or never. */
    sampling: z.enum(["always", "effort-none", "never"]).optional(),
    /** Parameters the model does not accept. */
    refuses: z.array(z.string()).readonly().optional(),
    /** The only values it accepts for a parameter; the first is its usual one. */
    values: z.record(z.string(), z.array(z.string()).readonly()).readonly().optional(),
    /** Largest number it accepts for a parameter. */
    max: z.record(z.string(), z.number()).readonly().optional(),
    size: sizeRule.optional(),
    /** API fields every request to this model carries. */
    fields: z.record(z.string(), z.unknown()).readonly().optional(),
    /** Transcription: the language goes out as a list, `languages`. */
    takesLanguages: z.boolean().optional(),
    /** The first day without it. */
    retiresOn: date.optional(),
    replacement: z.string().optional(),
    /** Oldest first. */
    prices: z.array(price).readonly(),
  })
  .readonly();

export const modelTableSchema = z.strictObject({
  /** The day the table was last checked. */
  asOf: date,
  models: z.array(model).readonly(),
});

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, "i").source !== "";
  } catch (error) {
    expectError(error, SyntaxError);
    return false;
  }
}

/** A model table as JSON: models.json, and the user's own file. */
export type ModelData = z.input<typeof modelTableSchema>;
/** What is known about a model: where it may be used, its prices, what it refuses. */
export type Model = z.infer<typeof model>;
export type Price = z.infer<typeof price>;
export type TokenPrices = z.infer<typeof tokenPrices>;
export type SizeRule = z.infer<typeof sizeRule>;
