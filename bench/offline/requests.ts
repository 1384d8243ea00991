/** Requests to the offline connection, through the SDK. */
import OpenAI from "openai";

import { backendsOf } from "../../src/connection/offline/backends.ts";
import { offlineFetch } from "../../src/connection/offline/offline.ts";
import { offlineFolder } from "../../src/connection/offline/packages.ts";

export const client = new OpenAI({
  apiKey: "none",
  baseURL: "http://offline.callsql.invalid/v1",
  fetch: offlineFetch(backendsOf(offlineFolder(process.env))),
  maxRetries: 0,
});

/** A WAV file. */
export async function speak(input: string, voice = "ash"): Promise<Uint8Array> {
  const body = { model: "offline-flite", voice, input, response_format: "wav" } as const;
  return new Uint8Array(await (await client.audio.speech.create(body)).arrayBuffer());
}

export async function transcribe(wav: Uint8Array): Promise<string> {
  const file = new File([new Uint8Array(wav)], "audio.wav");
  return (await client.audio.transcriptions.create({ model: "offline-moonshine-tiny", file })).text;
}
