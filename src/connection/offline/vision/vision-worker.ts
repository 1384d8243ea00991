/** The thread of vision.ts: the bytes of an image in, its text and colours out. Tesseract reads English. */
import path from "node:path";
import type { createWorker, Page, Worker } from "tesseract.js";

import { readPixels } from "../drawing/pixels.ts";
import type { Packages } from "../packages.ts";
import { serveTasks } from "../worker-port.ts";
import { mainColours } from "./colours.ts";
import { invalidImage, type Sight, type VisionTask } from "./vision.ts";

let loading: Promise<Worker> | undefined;

serveTasks(async ({ image }: VisionTask, packages): Promise<Sight> => {
  const pixels = readPixels(image, thumbnail, packages);
  loading ??= loadReader(packages);
  const reader = await loading;
  try {
    const { data } = await reader.recognize(Buffer.from(image), {}, { blocks: true });
    return { colours: pixels === undefined ? [] : mainColours(pixels), lines: linesOf(data) };
  } catch {
    // Tesseract rejects images it cannot read, and may be of no more use afterwards.
    loading = undefined;
    await reader.terminate();
    throw invalidImage();
  }
});

function loadReader(packages: Packages): Promise<Worker> {
  const { createWorker: create } = packages.load("tesseract.js") as { createWorker: typeof createWorker };
  const langPath = path.dirname(packages.file("@tesseract.js-data/eng", "4.0.0_best_int/eng.traineddata.gz"));
  // Without a handler its errors are thrown into the thread, beside the promise they reject.
  const settings = { langPath, gzip: true, cacheMethod: "none", errorHandler: () => {} };
  return create("eng", lstmOnly, settings);
}

function linesOf({ blocks }: Page): readonly string[] {
  const lines = (blocks ?? []).flatMap(({ paragraphs }) => paragraphs.flatMap((each) => each.lines));
  return lines.filter(({ confidence }) => confidence >= confidenceMin).map(({ text }) => text.trim());
}

/** Enough to count colours. */
const thumbnail = { width: 64, height: 64 };
/** Tesseract's engine number for its neural network alone. */
const lstmOnly = 1;
/** In percent. Below it there is texture, not text. */
const confidenceMin = 40;
