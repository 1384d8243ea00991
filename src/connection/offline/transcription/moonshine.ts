/** Sound → tokens → text with Moonshine Tiny: English, up to half a minute at a time, the likeliest token each step. */
import type LlamaTokenizer from "llama-tokenizer-js";
import type * as Ort from "onnxruntime-web";

import type { Packages } from "../packages.ts";
import { readWeights } from "./weights.ts";

export interface Heard {
  readonly text: string;
  readonly tokens: readonly number[];
  /** Mean natural logarithm of the tokens' probabilities: near 0 where the model is sure. */
  readonly meanLogProbability: number;
}

/** `samples`: 16 kHz. */
export type Listen = (samples: Float32Array) => Promise<Heard>;

export async function loadMoonshine(packages: Packages): Promise<Listen> {
  const ort = packages.load("onnxruntime-web") as typeof Ort;
  const { default: tokenizer } = packages.load("llama-tokenizer-js") as { default: typeof LlamaTokenizer };
  // One thread: sums in another order have other last bits.
  ort.env.wasm.numThreads = 1;
  const weights = readWeights(packages);
  const encoder = await ort.InferenceSession.create(weights.encoder);
  const decoder = await ort.InferenceSession.create(weights.decoder);

  return async (samples) => {
    const input = new ort.Tensor("float32", samples, [1, samples.length]);
    const encoded = readTensor((await encoder.run({ input_values: input }))["last_hidden_state"]);
    const cacheNames = decoder.inputNames.filter((name) => name.startsWith(cachePrefix));
    const cache = new Map<string, Ort.Tensor>(
      cacheNames.map((name) => [name, new ort.Tensor("float32", new Float32Array(), emptyCacheShape)]),
    );
    const tokens: number[] = [];
    let last = startToken;
    let logProbability = 0;
    const tokensMax = Math.ceil((samples.length / sampleRate) * tokensPerSecondMax);
    while (tokens.length < tokensMax) {
      const isFirst = last === startToken;
      const output = await decoder.run({
        input_ids: new ort.Tensor("int64", BigInt64Array.of(BigInt(last)), [1, 1]),
        encoder_hidden_states: encoded,
        use_cache_branch: new ort.Tensor("bool", [!isFirst]),
        ...Object.fromEntries(cache),
      });
      const choice = choose(readTensor(output["logits"]).data);
      last = choice.token;
      logProbability += choice.logProbability;
      if (last === endToken) break;
      tokens.push(last);
      for (const name of cacheNames) {
        // What the decoder knows of the sound does not change; later steps return nothing for it.
        if (!isFirst && name.includes(".encoder.")) continue;
        cache.set(name, readTensor(output[name.replace(cachePrefix, "present.")]));
      }
    }
    const words = tokens.filter((token) => token < vocabularySize);
    return {
      text: tokenizer.decode(words, false, false).trim(),
      tokens,
      meanLogProbability: logProbability / Math.max(1, tokens.length),
    };
  };
}

function choose(logits: Ort.Tensor["data"]): { token: number; logProbability: number } {
  const values = logits as Float32Array;
  const top = values.reduce((highest, value) => Math.max(highest, value));
  const sum = values.reduce((total, value) => total + Math.exp(value - top), 0);
  return { token: values.indexOf(top), logProbability: -Math.log(sum) };
}

function readTensor(value: Ort.OnnxValue | undefined): Ort.Tensor {
  return value as Ort.Tensor;
}

export const sampleRate = 16_000;
const startToken = 1;
const endToken = 2;
/** Tokens beyond the tokenizer's are marks without a text. */
const vocabularySize = 32_000;
/** Faster than anybody speaks: what goes on beyond it is a loop. */
const tokensPerSecondMax = 6.5;
const cachePrefix = "past_key_values.";
/** Batch 0, 8 heads of 36 numbers. */
const emptyCacheShape = [0, 8, 1, 36];
