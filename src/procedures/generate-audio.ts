import { defineProcedure } from "../catalog/define.ts";
import { fromBase64, mimeTypeOf, sniff } from "../catalog/media.ts";
import { callError } from "../catalog/problem.ts";
import { readNumber, readText } from "../catalog/read.ts";
import { characterCount } from "../catalog/value.ts";

export const generateAudio = defineProcedure({
  name: "GenerateAudio",
  summary: "Speaks a text.",
  source: "openai-connector, GenerateAudio; API: POST /audio/speech",
  endpoint: "audio/speech",
  parameters: {
    Input: {
      type: "text",
      required: true,
      maxLength: 4096,
      summary: "The text to speak, at most 4096 characters.",
    },
    Model: { type: "text", required: true, summary: "Speech model, such as gpt-4o-mini-tts or tts-1." },
    Voice: {
      type: "text",
      required: true,
      values: [
        "alloy",
        "ash",
        "ballad",
        "coral",
        "echo",
        "fable",
        "onyx",
        "nova",
        "sage",
        "shimmer",
        "verse",
        "marin",
        "cedar",
      ],
      otherValues: /^voice_[\w-]+$/,
      summary: "The voice, or the id of a custom one (voice_…).",
    },
    Instructions: {
      type: "text",
      maxLength: 4096,
      summary: "How to speak: mood, tempo, accent. Not with tts-1.",
    },
    ResponseFormat: {
      type: "text",
      aliases: ["OutputFormat"],
      values: ["mp3", "opus", "aac", "flac", "wav", "pcm"],
      summary: "Format of the audio; mp3 unless told otherwise.",
    },
    Speed: { type: "real", min: 0.25, max: 4, summary: "Speed; 1 is normal." },
    Language: {
      type: "text",
      isUnsent: true,
      summary: "In the documented command, but not in the API: accepted with a warning and not sent.",
    },
    Temperature: {
      type: "real",
      isUnsent: true,
      summary: "In the documented command, but not in the API: accepted with a warning and not sent.",
    },
  },
  primary: "Audio",
  columns: {
    Audio: { type: "blob", summary: "The generated audio." },
    Audio_MimeType: { type: "text", summary: "Such as audio/mpeg." },
    Audio_Bytes: { type: "integer", summary: "Size of the audio." },
    Model_Used: { type: "text", summary: "The model that answered, where the answer names it." },
    Usage_InputTokens: { type: "integer", summary: "Input tokens; NULL for models billed by character." },
    Usage_OutputTokens: { type: "integer", summary: "Output tokens, which are audio." },
    Usage_TotalTokens: { type: "integer", summary: "Input and output tokens." },
  },
  examples: [
    "CALL GenerateAudio(:Input, Model => 'gpt-4o-mini-tts', Voice => 'alloy')",
    "SELECT a.id, g.Audio FROM articles a, GenerateAudio(a.summary, 'gpt-4o-mini-tts', 'coral') g",
  ],
  notes: [
    "The documented command has no Voice, which is required: give it once with SET DEFAULT GenerateAudio.Voice = 'alloy'.",
    "ResponseFormat (the parameter table) and OutputFormat (the command line) are one parameter; its values are the API's, the documented ones are those of audio input.",
    "Usage is told in a stream only: gpt-4o-mini-tts is asked for one (stream_format sse) and its pieces are put together. A server that ignores that answers the plain audio, and usage and cost are NULL.",
    "All models the documentation lists end on 2027-01-06.",
  ],
  errors: { "call/empty-answer": "The answer holds no audio." },
  request: (args) => ({
    input: args.Input,
    model: args.Model,
    voice: args.Voice.startsWith("voice_") ? { id: args.Voice } : args.Voice,
    instructions: args.Instructions,
    response_format: args.ResponseFormat,
    speed: args.Speed,
  }),
  row: (body, args, answer) => {
    const audio = audioOf(body);
    const inputTokens = readNumber(body, "usage", "input_tokens");
    const outputTokens = readNumber(body, "usage", "output_tokens");
    const isNamed = answer.contentType.startsWith("audio/");
    const mimeType = isNamed ? answer.contentType : mimeTypeOf(args.ResponseFormat ?? "mp3");
    return {
      cells: {
        Audio: audio,
        Audio_MimeType: audio === undefined ? undefined : (sniffedType(audio) ?? mimeType),
        Audio_Bytes: audio?.length,
        Model_Used: answer.model,
        Usage_InputTokens: inputTokens,
        Usage_OutputTokens: outputTokens,
        Usage_TotalTokens: readNumber(body, "usage", "total_tokens"),
      },
      error: audio === undefined ? callError("call/empty-answer", { what: "audio" }) : undefined,
      usage: { characters: characterCount(args.Input), inputTokens, outputTokens },
    };
  },
});

/** Bytes as they are, or the pieces of a stream put together. */
function audioOf(body: unknown): Uint8Array | undefined {
  const audio = body instanceof Uint8Array ? body : fromBase64(readText(body, "audio") ?? "");
  return audio === undefined || audio.length === 0 ? undefined : audio;
}

function sniffedType(audio: Uint8Array): string | undefined {
  const media = sniff(audio);
  return media?.kind === "audio" ? media.mimeType : undefined;
}
