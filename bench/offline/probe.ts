/**
 * One offline backend in a process of its own: how long the first request takes, how long the next ones, and how much
 * memory the process has then. `node bench/offline/probe.ts PART` prints them as JSON; bench/offline.ts reads it.
 */
import { readFileSync } from "node:fs";

import { client, speak, transcribe } from "./requests.ts";

export interface Probe {
  readonly firstMs: number;
  /** Median of nine. */
  readonly nextMs: number;
  readonly megabytes: number;
}

const sentence = "Please call me back about the invoice from last Tuesday.";

/** By part; `turn` keeps requests apart where answers are kept. */
const works: Readonly<Record<string, (turn: number) => Promise<unknown>>> = {
  embeddings: (turn) =>
    client.embeddings.create({ model: "offline-use-lite", input: `${sentence} This is case ${turn}.` }),
  moderation: (turn) =>
    client.moderations.create({ model: "offline-moderation", input: `${sentence} This is case ${turn}.` }),
  speech: () => speak(sentence),
  transcription: () => transcribe(recording),
  vision: () =>
    client.responses.create({
      model: "offline-extractive",
      input: [
        {
          role: "user",
          content: [
            { type: "input_text", text: "Describe this image." },
            { type: "input_image", image_url: picture, detail: "auto" },
          ],
        },
      ],
    }),
  images: (turn) => client.images.generate({ model: "offline-card", prompt: `${sentence} ${turn}` }),
};

const [, , part = "", file = ""] = process.argv;
const recording = part === "transcription" ? readFileSync(file) : Buffer.alloc(0);
const picture = part === "vision" ? `data:image/png;base64,${readFileSync(file).toString("base64")}` : "";
const work = works[part];
if (work === undefined) throw new Error(`there is no part ${part}`);

const times: number[] = [];
for (let turn = 0; turn < 10; turn += 1) {
  const started = performance.now();
  await work(turn);
  times.push(performance.now() - started);
}
const [firstMs = 0, ...next] = times;
const nextMs = next.toSorted((left, right) => left - right)[4] ?? 0;
const probe: Probe = { firstMs, nextMs, megabytes: process.memoryUsage().rss / 1e6 };
process.stdout.write(JSON.stringify(probe));
