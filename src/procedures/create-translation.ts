import { defineProcedure } from "../catalog/define.ts";
import { callError } from "../catalog/problem.ts";
import { readArray, readNumber, readText } from "../catalog/read.ts";
import {
  audioErrors,
  audioParameters,
  audioUpload,
  formatRule,
  inferFormat,
  temperatureParameter,
} from "./audio.ts";

export const createTranslation = defineProcedure({
  name: "CreateTranslation",
  summary: "Writes down in English what is said in an audio file.",
  source: "openai-connector, CreateTranslation; API: POST /audio/translations",
  endpoint: "audio/translations",
  parameters: {
    ...audioParameters,
    Model: { type: "text", defaultModel: "translation", summary: "Translation model: whisper-1." },
    Instructions: {
      type: "text",
      summary: "English text that guides the style or continues an earlier segment.",
    },
    Language: {
      type: "text",
      isUnsent: true,
      summary: "Documented, but not in the API: accepted with a warning and not sent.",
    },
    Temperature: temperatureParameter,
  },
  primary: "Translation",
  columns: {
    Translation: { type: "text", summary: "The English text." },
    Model_Used: { type: "text", summary: "The model that answered, where the answer names it." },
    Detected_Language: { type: "text", summary: "Language of the text, as the API names it." },
    Audio_Duration: { type: "real", summary: "Seconds." },
    Segments: { type: "text", summary: "JSON array of segments with times." },
  },
  examples: [
    "CALL CreateTranslation(readfile('interview.m4a'))",
    "SELECT c.id, CreateTranslation(c.audio) AS english FROM calls c",
  ],
  notes: [
    "The documentation lists the transcription models; the API translates with whisper-1 only, the default here.",
    "InputFormat is documented as required; it is inferred from the bytes.",
    "The API ends on 2027-02-26.",
  ],
  errors: audioErrors,
  infer: inferFormat,
  rules: [formatRule],
  request: (args) => ({
    file: audioUpload(args),
    model: args.Model,
    prompt: args.Instructions,
    temperature: args.Temperature,
    // The plain format has no duration, which the price is by.
    response_format: "verbose_json",
  }),
  row: (body, _, answer) => {
    const text = readText(body, "text");
    const duration = readNumber(body, "duration");
    return {
      cells: {
        Translation: text,
        Model_Used: answer.model,
        Detected_Language: readText(body, "language"),
        Audio_Duration: duration,
        Segments: readArray(body, "segments"),
      },
      error: text === undefined ? callError("call/empty-answer", { what: "text" }) : undefined,
      usage: { audioSeconds: duration },
    };
  },
});
