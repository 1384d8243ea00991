/**
 * Finds what is known about a model id and what a call to it costs.
 * An id that is not listed is not an error: it passes, without a price.
 */
import type { Model, Price, TokenPrices } from "./model-schema.ts";
import data from "./models.json" with { type: "json" };

export type { Model, ModelData, Price } from "./model-schema.ts";

/** What a call used. Parts (cached, image, audio) are included in their total. */
export interface Usage {
  readonly inputTokens?: number | undefined;
  readonly cachedInputTokens?: number | undefined;
  readonly cacheWriteTokens?: number | undefined;
  readonly inputImageTokens?: number | undefined;
  readonly inputAudioTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  readonly outputImageTokens?: number | undefined;
  readonly audioSeconds?: number | undefined;
  readonly characters?: number | undefined;
  readonly webSearches?: number | undefined;
  readonly fileSearches?: number | undefined;
}

export interface Cost {
  readonly usd: number;
  /** `YYYY-MM-DD` the price was read. */
  readonly asOf: string;
}

/** The models that are known. */
export interface ModelTable {
  /** `YYYY-MM-DD` the table was last checked. */
  readonly asOf: string;
  readonly models: readonly Model[];
  find(id: string): Model | undefined;
}

/** The models callsql ships with. A test holds them against the schema, so that starting need not. */
// eslint-disable-next-line typescript/no-unsafe-type-assertion
export const shippedModels: ModelTable = modelTable(data as unknown as ModelRows);

/** The price that holds on a day, the newest when no day is given. */
export function priceOn(model: Model, today?: string): Price | undefined {
  return model.prices.findLast((row) => row.from === undefined || today === undefined || row.from <= today);
}

/** Undefined when the model has no price, or the usage does not say what the price counts. */
export function costOf(model: Model, usage: Usage, today?: string): Cost | undefined {
  const price = priceOn(model, today);
  if (price === undefined) return undefined;
  const usd = amountOf(price, usage);
  return usd === undefined ? undefined : { usd, asOf: price.asOf };
}

type ModelRows = Omit<ModelTable, "find">;

/** A table of rows that are known to be well formed; rows of `base` follow them. */
export function modelTable({ asOf, models: own }: ModelRows, base?: ModelTable): ModelTable {
  const models: readonly Model[] = [...own, ...(base?.models ?? [])];
  const patterns = models.map((model) => new RegExp(model.pattern, "i"));
  const known = new Map<string, Model | undefined>();
  return {
    asOf,
    models,
    find(id) {
      if (known.has(id)) return known.get(id);
      // Ids come from data: a column full of nonsense must not fill the memory.
      if (known.size >= 1000) known.clear();
      const model = models[patterns.findIndex((pattern) => pattern.test(id))];
      known.set(id, model);
      return model;
    },
  };
}

function amountOf(price: Price, usage: Usage): number | undefined {
  if (price.isFree === true) return 0;
  if (price.perHour !== undefined) return scaled(usage.audioSeconds, price.perHour / 3600);
  if (price.perMillionCharacters !== undefined) {
    return scaled(usage.characters, price.perMillionCharacters / 1e6);
  }
  if (price.perMillion === undefined || usage.inputTokens === undefined) return undefined;
  const tools = price.perThousand ?? { webSearch: 0, fileSearch: 0 };
  const searches = (usage.webSearches ?? 0) * tools.webSearch + (usage.fileSearches ?? 0) * tools.fileSearch;
  const long = price.longContext;
  const factor = long !== undefined && usage.inputTokens > long.above ? long : { input: 1, output: 1 };
  const input = inputAmount(price.perMillion, usage) * factor.input;
  const output = outputAmount(price.perMillion, usage) * factor.output;
  return (input + output) / 1e6 + searches / 1000;
}

function inputAmount(rates: TokenPrices, usage: Usage): number {
  const cached = usage.cachedInputTokens ?? 0;
  const written = usage.cacheWriteTokens ?? 0;
  const image = usage.inputImageTokens ?? 0;
  const audio = usage.inputAudioTokens ?? 0;
  const plain = Math.max(0, (usage.inputTokens ?? 0) - cached - written - image - audio);
  return (
    plain * rates.input +
    cached * (rates.cachedInput ?? rates.input) +
    written * (rates.cacheWrite ?? rates.input) +
    image * (rates.inputImage ?? rates.input) +
    audio * (rates.inputAudio ?? rates.input)
  );
}

function outputAmount(rates: TokenPrices, usage: Usage): number {
  const rate = rates.output ?? 0;
  const image = usage.outputImageTokens ?? 0;
  const text = Math.max(0, (usage.outputTokens ?? 0) - image);
  return text * rate + image * (rates.outputImage ?? rate);
}

function scaled(amount: number | undefined, rate: number): number | undefined {
  return amount === undefined ? undefined : amount * rate;
}
