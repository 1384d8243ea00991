import { defineProcedure } from "../catalog/define.ts";
import type { CallContext } from "../catalog/definition.ts";
import type { Usage } from "../catalog/models.ts";
import { callError } from "../catalog/problem.ts";
import type { CallError } from "../catalog/procedure.ts";
import { readArray, readNumber, readText } from "../catalog/read.ts";
import {
  audioErrors,
  audioParameters,
  audioUpload,
  formatRule,
  inferFormat,
  temperatureParameter,
} from "./audio.ts";

type Json = readonly unknown[] | { readonly [key: string]: unknown };

/** Detail → the API's response_format. */
const responseFormats: Readonly<Record<string, string>> = {
  json: "json",
  verbose: "verbose_json",
  diarized: "diarized_json",
};

export const createTranscription = defineProcedure({
  name: "CreateTranscription",
  summary: "Writes down what is said in an audio file.",
  source: "openai-connector, CreateTranscription; API: POST /audio/transcriptions",
  endpoint: "audio/transcriptions",
  parameters: {
    ...audioParameters,
    Model: {
      type: "text",
      required: true,
      summary: "Transcription model, such as gpt-transcribe or whisper-1.",
    },
    Instructions: {
      type: "text",
      summary: "Text in the audio's language that guides the style or continues an earlier segment.",
    },
    Language: { type: "text", summary: "Language of the audio, best as ISO 639-1, such as en." },
    Temperature: temperatureParameter,
    Timestamps: {
      type: "json",
      isList: true,
      isExtension: true,
      source: "API: POST /audio/transcriptions, timestamp_granularities",
      summary: "What gets timestamps: word, segment or both. Models with Detail verbose only.",
    },
    Detail: {
      type: "text",
      values: ["json", "verbose", "diarized"],
      isExtension: true,
      source: "API: POST /audio/transcriptions, response_format",
      summary:
        "json: text only. verbose: language, duration and segments. diarized: speakers. The model's richest by default.",
    },
  },
  primary: "Transcription",
  columns: {
    Transcription: { type: "text", summary: "The text." },
    Model_Used: { type: "text", summary: "The model that answered, where the answer names it." },
    Usage_Type: { type: "text", summary: "What the model is billed by: tokens or duration." },
    Usage_Seconds: { type: "real", summary: "Billed seconds." },
    Usage_InputTokens: { type: "integer", summary: "Input tokens." },
    Usage_InputAudioTokens: { type: "integer", summary: "Input tokens of audio." },
    Usage_InputTextTokens: { type: "integer", summary: "Input tokens of text." },
    Usage_OutputTokens: { type: "integer", summary: "Output tokens." },
    Usage_TotalTokens: { type: "integer", summary: "Input and output tokens." },
    Detected_Language: { type: "text", summary: "Language the model heard, as a name such as english." },
    Detected_Languages: { type: "text", summary: "Languages the model heard, as JSON (gpt-transcribe)." },
    Audio_Duration: { type: "real", summary: "Seconds." },
    Segments: { type: "text", summary: "JSON array of segments with times, and speakers when diarized." },
    Words: { type: "text", summary: "JSON array of words with times." },
    Logprobs: { type: "text", summary: "JSON array of token log probabilities." },
  },
  examples: [
    "CALL CreateTranscription(readfile('call.mp3'), Model => 'gpt-transcribe')",
    "SELECT c.id, t.Transcription FROM calls c, CreateTranscription(c.audio, Model => 'whisper-1', Language => 'en') t",
  ],
  notes: [
    "InputFormat is documented as required; it is inferred from the bytes, and contradicting them is an error.",
    "All models the documentation lists end on 2027-02-26; gpt-transcribe replaces them.",
    "gpt-4o-transcribe-diarize is asked to split the audio by itself, which it needs past 30 seconds.",
  ],
  errors: {
    "call/timestamps-detail": "Timestamps without Detail verbose.",
    ...audioErrors,
  },
  infer: inferFormat,
  rules: [formatRule, timestampsRule],
  request: (args, { model }) => {
    const detail = args.Detail ?? model?.values?.["Detail"]?.[0];
    const language = args.Language;
    const isListed = model?.takesLanguages === true && language !== undefined;
    return {
      file: audioUpload(args),
      model: args.Model,
      prompt: args.Instructions,
      language: isListed ? undefined : language,
      languages: isListed ? [language] : undefined,
      temperature: args.Temperature,
      response_format: detail === undefined ? undefined : responseFormats[detail],
      timestamp_granularities: args.Timestamps,
    };
  },
  row: (body, _, answer) => {
    const text = readText(body, "text");
    return {
      cells: {
        Transcription: text,
        Model_Used: answer.model,
        Usage_Type: readText(body, "usage", "type"),
        Usage_Seconds: readNumber(body, "usage", "seconds"),
        Usage_InputTokens: readNumber(body, "usage", "input_tokens"),
        Usage_InputAudioTokens: readNumber(body, "usage", "input_token_details", "audio_tokens"),
        Usage_InputTextTokens: readNumber(body, "usage", "input_token_details", "text_tokens"),
        Usage_OutputTokens: readNumber(body, "usage", "output_tokens"),
        Usage_TotalTokens: readNumber(body, "usage", "total_tokens"),
        Detected_Language: readText(body, "language"),
        Detected_Languages: readArray(body, "languages"),
        Audio_Duration: readNumber(body, "duration"),
        Segments: readArray(body, "segments"),
        Words: readArray(body, "words"),
        Logprobs: readArray(body, "logprobs"),
      },
      error: text === undefined ? callError("call/empty-answer", { what: "text" }) : undefined,
      usage: transcriptionUsage(body),
    };
  },
});

function transcriptionUsage(body: unknown): Usage {
  return {
    inputTokens: readNumber(body, "usage", "input_tokens"),
    inputAudioTokens: readNumber(body, "usage", "input_token_details", "audio_tokens"),
    outputTokens: readNumber(body, "usage", "output_tokens"),
    audioSeconds: readNumber(body, "usage", "seconds") ?? readNumber(body, "duration"),
  };
}

function timestampsRule(
  { Timestamps, Detail }: { readonly Timestamps: Json | undefined; readonly Detail: string | undefined },
  { model }: CallContext,
): CallError | undefined {
  if (Timestamps === undefined) return undefined;
  const parameter = "Timestamps";
  const items: readonly unknown[] = Array.isArray(Timestamps) ? Timestamps : [Timestamps];
  const stranger = items.find((item) => item !== "word" && item !== "segment");
  if (stranger !== undefined) {
    return callError("call/not-allowed", {
      parameter,
      found: JSON.stringify(stranger),
      allowed: ["word", "segment"],
    });
  }
  const detail = Detail ?? model?.values?.["Detail"]?.[0];
  if (detail === undefined || detail === "verbose") return undefined;
  return callError("call/timestamps-detail", { parameter, detail });
}
