/** Every procedure callsql ships with, in the order of the documentation. */
import type { Procedure } from "../catalog/procedure.ts";
import { analyzeImage } from "./analyze-image.ts";
import { classifyText } from "./classify-text.ts";
import { createTranscription } from "./create-transcription.ts";
import { createTranslation } from "./create-translation.ts";
import { editImage } from "./edit-image.ts";
import { generateAudio } from "./generate-audio.ts";
import { generateImage } from "./generate-image.ts";
import { generateResponse } from "./generate-response.ts";
import { getEmbeddings } from "./get-embeddings.ts";
import { moderateText } from "./moderate-text.ts";
import { summarizeText } from "./summarize-text.ts";

/** The procedures callsql ships, in the order of the documentation. */
export const procedures: readonly Procedure[] = [
  generateResponse,
  moderateText,
  getEmbeddings,
  analyzeImage,
  generateImage,
  editImage,
  createTranscription,
  createTranslation,
  generateAudio,
  summarizeText,
  classifyText,
];
