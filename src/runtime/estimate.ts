/**
 * What a call may use at most, before it is sent: what budgets hold for it. Input by its bytes, of which a token has at
 * least one; output by MaxOutputTokens, else by the most that the model has written so far. Never too little for text
 * with MaxOutputTokens; for images, audio and tools only about right.
 */
import { costOf, shippedModels, type ModelTable, type Usage } from "../catalog/models.ts";
import { isObject } from "../catalog/read.ts";
import type { ApiRequest, Endpoint } from "../catalog/request.ts";
import { countTokens } from "./tokens.ts";

export interface Need {
  readonly tokens: number;
  /** Undefined when the model's price is unknown. */
  readonly usd: number | undefined;
}

/** What a call will likely take, its output apart. */
export interface Likely {
  readonly inputTokens: number;
  /** Without output, and with all the output it may have. Undefined when the model's price is unknown. */
  readonly cost: { readonly minUsd: number; readonly maxUsd: number; readonly asOf: string } | undefined;
}

/** What stands around the texts of a request: roles, separators. */
const overheadTokens = 16;
/** Of one image, sent to be looked at or edited. */
const imageTokens = 3000;
/** Of a response without MaxOutputTokens, until longer ones were seen. */
const outputTokensStart = 1000;
/** Of one image made. */
const madeImageTokens: Readonly<Record<string, number>> = { low: 500, medium: 1600, high: 6300 };
/** Speech is seldom kept with fewer. */
const audioBytesPerSecond = 1000;
/** Not even uncompressed. */
const audioBytesPerSecondMax = 192_000;
const audioTokensPerSecond = 10;
const searchesUnlimited = 5;

export class Estimator {
  readonly #longestByModel = new Map<string, number>();

  need(request: ApiRequest, today: string, modelTable: ModelTable = shippedModels): Need {
    const id = modelOf(request);
    const usage = usageOf(request, this.#longestByModel.get(id) ?? outputTokensStart);
    const model = modelTable.find(id);
    const dearest = { ...usage, cacheWriteTokens: usage.inputTokens };
    const costs = model === undefined ? [] : [costOf(model, usage, today), costOf(model, dearest, today)];
    const amounts = costs.flatMap((cost) => (cost === undefined ? [] : [cost.usd]));
    return {
      tokens: usage.inputTokens + usage.outputTokens,
      usd: amounts.length === 0 ? undefined : Math.max(...amounts),
    };
  }

  /** For showing, not for holding: texts by their tokens, counted. */
  likely(request: ApiRequest, today: string, modelTable: ModelTable = shippedModels): Likely {
    const id = modelOf(request);
    const { model: _, ...body } = request.body;
    const most = usageOf(
      { ...request, body },
      this.#longestByModel.get(id) ?? outputTokensStart,
      tokensGauge(request.endpoint),
    );
    const { inputTokens, audioSeconds } = most;
    const least: Usage = {
      ...most,
      outputTokens: 0,
      outputImageTokens: 0,
      webSearches: 0,
      audioSeconds:
        audioSeconds === undefined
          ? undefined
          : (audioSeconds * audioBytesPerSecond) / audioBytesPerSecondMax,
    };
    const model = modelTable.find(id);
    const [min, max] = model === undefined ? [] : [least, most].map((usage) => costOf(model, usage, today));
    const cost =
      min === undefined || max === undefined
        ? undefined
        : { minUsd: min.usd, maxUsd: max.usd, asOf: max.asOf };
    return { inputTokens, cost };
  }

  learn(request: ApiRequest, outputTokens: number): void {
    const id = modelOf(request);
    this.#longestByModel.set(id, Math.max(outputTokens, this.#longestByModel.get(id) ?? outputTokensStart));
  }
}

interface Estimate extends Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** How texts are counted. */
interface Gauge {
  readonly text: (text: string) => number;
  /** Names of fields. */
  readonly name: (name: string) => number;
  /** Of a number or a boolean. */
  readonly plain: number;
}

/** A token has at least one byte. */
const bytesGauge: Gauge = { text: (text) => Buffer.byteLength(text), name: (name) => name.length, plain: 4 };

function tokensGauge(endpoint: Endpoint): Gauge {
  return { text: (text) => countTokens(text, endpoint), name: () => 0, plain: 0 };
}

function usageOf({ endpoint, body }: ApiRequest, longest: number, gauge = bytesGauge): Estimate {
  const { size, images, fileBytes } = measure(body, gauge);
  const input = size + images * imageTokens + overheadTokens;
  switch (endpoint) {
    case "embeddings":
    case "moderations":
      return { inputTokens: Math.max(1, measure(body["input"], gauge).size), outputTokens: 0 };
    case "responses": {
      const outputTokens = numberOf(body["max_output_tokens"]) ?? longest;
      const searches = Array.isArray(body["tools"])
        ? (numberOf(body["max_tool_calls"]) ?? searchesUnlimited)
        : 0;
      return { inputTokens: input, outputTokens, webSearches: searches, fileSearches: 0 };
    }
    case "images/generations":
    case "images/edits": {
      const each = madeImageTokens[String(body["quality"])] ?? madeImageTokens["high"] ?? 0;
      const outputTokens = each * (numberOf(body["n"]) ?? 1);
      return { inputTokens: input, outputTokens, outputImageTokens: outputTokens };
    }
    case "audio/speech": {
      const characters = measure(body, bytesGauge).size;
      return { inputTokens: input, outputTokens: 2 * characters, characters };
    }
    case "audio/transcriptions":
    case "audio/translations": {
      const audioSeconds = Math.ceil(fileBytes / audioBytesPerSecond);
      const tokens = audioSeconds * audioTokensPerSecond;
      return { inputTokens: input + tokens, outputTokens: tokens, audioSeconds };
    }
  }
}

interface Measures {
  /** Of all texts and field names, by the gauge. */
  readonly size: number;
  readonly images: number;
  readonly fileBytes: number;
}

function measure(value: unknown, gauge: Gauge): Measures {
  if (typeof value === "string") {
    const isImage = value.startsWith("data:");
    return { size: isImage ? 0 : gauge.text(value), images: Number(isImage), fileBytes: 0 };
  }
  if (value instanceof Uint8Array) return { size: 0, images: 0, fileBytes: value.length };
  if (!isObject(value)) return { size: gauge.plain, images: 0, fileBytes: 0 };
  const isFile = value["kind"] === "upload" || value["type"] === "input_image";
  let size = 0;
  let images = Number(isFile);
  let fileBytes = 0;
  for (const [name, field] of Object.entries(value)) {
    const own = measure(field, gauge);
    size += own.size + (Array.isArray(value) ? 0 : gauge.name(name));
    images += isFile ? 0 : own.images;
    fileBytes += own.fileBytes;
  }
  return { size, images, fileBytes };
}

function modelOf({ body }: ApiRequest): string {
  return typeof body["model"] === "string" ? body["model"] : "";
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}
