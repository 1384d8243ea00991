/** Every procedure callsql ships with, in the order of the documentation. */
import type { Procedure } from "../catalog/procedure.ts";
import { classifyText } from "./classify-text.ts";
import { generateResponse } from "./generate-response.ts";
import { getEmbeddings } from "./get-embeddings.ts";
import { moderateText } from "./moderate-text.ts";
import { summarizeText } from "./summarize-text.ts";

export const procedures: readonly Procedure[] = [
  generateResponse,
  moderateText,
  getEmbeddings,
  summarizeText,
  classifyText,
];
