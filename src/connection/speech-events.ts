/**
 * Speech that came as events (`stream_format: sse`), the only form that tells its usage: the audio put together from
 * its pieces. The whole stream has been read within the limit on answers before it comes here.
 */
import { readJson } from "../catalog/read.ts";
import { readRecord } from "./json.ts";

export type Speech =
  /** `audio` is base64. */
  | { readonly kind: "audio"; readonly audio: string; readonly usage: unknown }
  /** The service ended the stream with an error; `body` is its error body. */
  | { readonly kind: "error"; readonly body: Uint8Array }
  /** The stream does not end with the event that says it is whole. */
  | { readonly kind: "cut" };

export function readSpeech(stream: string): Speech {
  const pieces: Buffer[] = [];
  for (const data of eventsOf(stream)) {
    const event = readRecord(readJson(data)) ?? {};
    const { type, audio } = event;
    if (type === "speech.audio.delta" && typeof audio === "string") {
      pieces.push(Buffer.from(audio, "base64"));
    } else if (type === "speech.audio.done") {
      return { kind: "audio", audio: Buffer.concat(pieces).toString("base64"), usage: event["usage"] };
    } else if (type === "error" || "error" in event) {
      return { kind: "error", body: Buffer.from(JSON.stringify({ error: event["error"] ?? event })) };
    }
  }
  return { kind: "cut" };
}

/** The data of each event: lines of `data:` up to an empty line. Other fields say nothing the data does not. */
function* eventsOf(stream: string): Generator<string> {
  let data: string[] = [];
  for (const line of stream.split(/\r\n|\r|\n/)) {
    if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
    else if (line === "" && data.length > 0) {
      yield data.join("\n");
      data = [];
    }
  }
  // A last event without its empty line was cut; it may still be whole JSON, which readJson decides.
  if (data.length > 0) yield data.join("\n");
}
