import { defineProcedure } from "../catalog/define.ts";
import { mimeTypeOf, sniff } from "../catalog/media.ts";
import { callError } from "../catalog/problem.ts";
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
  },
  examples: [
    "CALL GenerateAudio(:Input, Model => 'gpt-4o-mini-tts', Voice => 'alloy')",
    "SELECT a.id, g.Audio FROM articles a, GenerateAudio(a.summary, 'gpt-4o-mini-tts', 'coral') g",
  ],
  notes: [
    "The documented command has no Voice, which is required: give it once with SET DEFAULT GenerateAudio.Voice = 'alloy'.",
    "ResponseFormat (the parameter table) and OutputFormat (the command line) are one parameter; its values are the API's, the documented ones are those of audio input.",
    "All models the documentation lists end on 2027-01-06.",
  ],
  request: (args) => ({
    input: args.Input,
    model: args.Model,
    voice: args.Voice.startsWith("voice_") ? { id: args.Voice } : args.Voice,
    instructions: args.Instructions,
    response_format: args.ResponseFormat,
    speed: args.Speed,
  }),
  row: (body, args, answer) => {
    const audio = body instanceof Uint8Array && body.length > 0 ? body : undefined;
    const isNamed = answer.contentType.startsWith("audio/");
    const mimeType = isNamed ? answer.contentType : mimeTypeOf(args.ResponseFormat ?? "mp3");
    return {
      cells: {
        Audio: audio,
        Audio_MimeType: audio === undefined ? undefined : (sniffedType(audio) ?? mimeType),
        Audio_Bytes: audio?.length,
        Model_Used: answer.model,
      },
      error: audio === undefined ? callError("call/empty-answer", { what: "audio" }) : undefined,
      // Tokens of speech are told in streams only; models billed by character need none.
      usage: { characters: characterCount(args.Input) },
    };
  },
});

function sniffedType(audio: Uint8Array): string | undefined {
  const media = sniff(audio);
  return media?.kind === "audio" ? media.mimeType : undefined;
}
