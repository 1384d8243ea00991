/**
 * The offline models: how good on small sets of ours, how long the first answer and the next ones take, how much memory
 * each takes in a process of its own, and whether the event loop stays free. docs/offline.md quotes it.
 * Texts alone, with every miss: node bench/offline/quality.ts
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";

import { drawInvoice, invoiceLines } from "../test/connection/offline/pictures.ts";
import { publish, watchEventLoop, type Finding } from "./harness.ts";
import type { Probe } from "./offline/probe.ts";
import { countFirst } from "./offline/rank.ts";
import { client, speak, transcribe } from "./offline/requests.ts";
import { spokenSentences, wordErrorRate } from "./offline/sentences.ts";
import { retrieval } from "./offline/sets.ts";

const findings: readonly Finding[] = [
  ...(await measureSpeechLoop()),
  await measureReading(),
  await measureRetrieval(),
  await measureEventLoop(),
  ...(await measureParts()),
];
publish("offline", "Offline models", findings);

/** Twenty sentences spoken and written down again, by voice. */
async function measureSpeechLoop(): Promise<readonly Finding[]> {
  const results: Finding[] = [];
  for (const [voice, name] of [
    ["alloy", "slt"],
    ["ash", "rms"],
    ["ballad", "awb"],
    ["onyx", "kal16"],
  ] as const) {
    const recordings = await Promise.all(spokenSentences.map((sentence) => speak(sentence, voice)));
    const seconds = recordings.reduce((sum, { length }) => sum + (length - 44) / 48_000, 0);
    const started = performance.now();
    const heard = await Promise.all(recordings.map(transcribe));
    const computed = (performance.now() - started) / 1000;
    const errors = wordErrorRate(spokenSentences.join(" "), heard.join(" "));
    results.push({
      what: `words wrong, spoken by ${voice} (${name}) and transcribed`,
      against: "a tenth",
      ratio: errors / 0.1,
      ...(voice === "ash" ? { goal: { atMost: 1 } } : {}),
      detail: `${(100 * errors).toFixed(1)} % of 204 words; ${computed.toFixed(1)} s for ${seconds.toFixed(0)} s of sound`,
    });
  }
  return results;
}

async function measureReading(): Promise<Finding> {
  const image_url = `data:image/png;base64,${drawInvoice().toString("base64")}`;
  const content = [
    { type: "input_text", text: "Read the text." } as const,
    { type: "input_image", image_url, detail: "auto" } as const,
  ];
  const { output_text } = await client.responses.create({
    model: "offline-extractive",
    input: [{ role: "user", content }],
  });
  const found = invoiceLines.filter((line) => output_text.split("\n").includes(line)).length;
  return {
    what: "lines of a printed invoice read without a mistake",
    against: "all",
    ratio: found / invoiceLines.length,
    goal: { atLeast: 1 },
    detail: `${found} of ${invoiceLines.length}`,
  };
}

async function measureRetrieval(): Promise<Finding> {
  const embed = async (input: string[]): Promise<readonly (readonly number[])[]> =>
    (await client.embeddings.create({ model: "offline-use-lite", input })).data.map((item) => item.embedding);
  const articles = await embed(retrieval.map(([article]) => article));
  const found = countFirst(articles, await embed(retrieval.map(([, question]) => question)));
  return {
    what: "questions whose help article is the nearest",
    against: "all",
    ratio: found / retrieval.length,
    goal: { atLeast: 0.66 },
    detail: `${found} of ${retrieval.length}`,
  };
}

/**
 * What a server that embeds beside its other work would feel. The delay of timers also counts what other processes take of
 * the machine, so the bound is on what this thread computed between two of them; the delay itself is told beside it.
 */
async function measureEventLoop(): Promise<Finding> {
  const texts = Array.from({ length: 1000 }, (_, index) => `Order ${index} of the green lamp is late again.`);
  const queue = texts.values();
  const stop = watchEventLoop();
  const started = performance.now();
  const worker = async (): Promise<void> => {
    for (const input of queue) await client.embeddings.create({ model: "offline-use-lite", input });
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  const { computedMs, feltMs } = stop();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  return {
    what: "the event loop is held (p99) while 1,000 texts are embedded",
    against: "50 ms",
    ratio: computedMs / 50,
    goal: { atMost: 1 },
    detail: `${computedMs.toFixed(0)} ms of computing, timers ${feltMs.toFixed(0)} ms late, in ${seconds} s at a load of ${loadavg()[0]?.toFixed(0)}`,
  };
}

/** Each in a process of its own, compared with a process that does nothing. */
async function measureParts(): Promise<readonly Finding[]> {
  const folder = mkdtempSync(join(tmpdir(), "callsql-bench-"));
  const wav = join(folder, "recording.wav");
  const png = join(folder, "invoice.png");
  writeFileSync(wav, await speak("Please call me back about the invoice from last Tuesday."));
  writeFileSync(png, drawInvoice());
  try {
    const parts = ["embeddings", "moderation", "speech", "transcription", "vision", "images"];
    return parts.map((part) => {
      const { firstMs, nextMs, megabytes } = probe(part, part === "vision" ? png : wav);
      return {
        what: `${part}: the first request, loading included`,
        against: "the next ones",
        ratio: firstMs / nextMs,
        detail: `${firstMs.toFixed(0)} ms, then ${nextMs.toFixed(0)} ms; the process takes ${megabytes.toFixed(0)} MB`,
      };
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function probe(part: string, file: string): Probe {
  const script = join(import.meta.dirname, "offline", "probe.ts");
  const { stdout, stderr, status } = spawnSync(process.execPath, [script, part, file], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Probe;
}
