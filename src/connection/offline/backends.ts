/** What computes, each loaded at its first use and kept for the process: models take memory, and sessions come and go. */
import type { DrawingTask } from "./drawing/images.ts";
import { createEncoder, type Encoder } from "./encoder.ts";
import { loadEncoderModel } from "./encoder-model.ts";
import { type Lexicon, loadLexicon } from "./lexicon.ts";
import { once } from "./once.ts";
import type { OfflinePartName } from "./packages.ts";
import type { Speech, SpeechTask } from "./speech/speech.ts";
import type { Transcription, TranscriptionTask } from "./transcription/transcriptions.ts";
import type { Sight, VisionTask } from "./vision/vision.ts";
import { createWorkerPool, siblingOf, type WorkerPool } from "./worker-pool.ts";

export interface Backends {
  readonly encoder: Encoder;
  readonly loadLexicon: () => Promise<Lexicon>;
  readonly speaker: WorkerPool<SpeechTask, Speech>;
  readonly painter: WorkerPool<DrawingTask, Uint8Array>;
  readonly reader: WorkerPool<VisionTask, Sight>;
  readonly listener: WorkerPool<TranscriptionTask, Transcription>;
}

const backendsByFolder = new Map<string, Backends>();

/** `folder`: where packages are that are not installed beside callsql. */
export function backendsOf(folder: string): Backends {
  const known = backendsByFolder.get(folder);
  if (known !== undefined) return known;
  const pool = <Task, Answer>(part: OfflinePartName, file: string): WorkerPool<Task, Answer> =>
    createWorkerPool({
      file: siblingOf(import.meta.url, file),
      folder,
      part,
      lanesMax: lanesMaxByPart[part],
    });
  const backends: Backends = {
    encoder: createEncoder(once(() => loadEncoderModel(folder))),
    loadLexicon: once(() => loadLexicon(folder)),
    speaker: pool("speech", "speech/speech-worker"),
    painter: pool("images", "drawing/drawing-worker"),
    reader: pool("vision", "vision/vision-worker"),
    listener: pool("transcription", "transcription/transcription-worker"),
  };
  backendsByFolder.set(folder, backends);
  return backends;
}

/** Threads at a time. A second one pays where it needs little memory. */
const lanesMaxByPart: Readonly<Record<OfflinePartName, number>> = {
  embeddings: 2,
  moderation: 1,
  speech: 2,
  transcription: 2,
  vision: 1,
  images: 2,
};
