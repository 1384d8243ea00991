import { defineProcedure } from "../catalog/define.ts";
import { dataUrlLength, imageFormats, sniff, toDataUrl } from "../catalog/media.ts";
import { callError } from "../catalog/problem.ts";
import type { CallError } from "../catalog/procedure.ts";
import {
  effortParameter,
  readResponse,
  responseColumns,
  responseFields,
  responseParameters,
  samplingRule,
} from "./responses.ts";

/** Characters of a data URL the API takes; about 15.7 MB of image. */
const dataUrlMax = 20_971_520;

export const analyzeImage = defineProcedure({
  name: "AnalyzeImage",
  summary: "Answers a message about an image with an AI model.",
  source: "openai-connector, AnalyzeImage; API: POST /responses",
  endpoint: "responses",
  parameters: {
    Image: {
      type: "bytes",
      media: "image",
      acceptsUrl: true,
      required: true,
      summary:
        "The image: bytes, a data URL, or an https URL the API fetches itself. png, jpeg, webp or gif.",
    },
    Message: {
      type: "text",
      required: true,
      maxLength: 10_485_760,
      summary: "The prompt for the AI, such as a question about the image.",
    },
    ...responseParameters,
    Detail: {
      type: "text",
      values: ["low", "high", "auto", "original"],
      default: "auto",
      isExtension: true,
      summary: "How finely the model looks at the image; more detail is more input tokens.",
    },
    ...effortParameter,
  },
  primary: "Response_Result",
  columns: {
    Response_Result: { type: "text", summary: "The generated response." },
    ...responseColumns,
  },
  examples: [
    "CALL AnalyzeImage(:Image, :Message)",
    "SELECT p.id, AnalyzeImage(p.image, 'What is on this photo?') FROM photos p",
    "CALL AnalyzeImage(readfile('invoice.png'), 'Which amount is due?')",
  ],
  notes: ["The image's type is read from its bytes; the documentation has no InputFormat here."],
  rules: [imageRule, samplingRule],
  request: (args, context) => ({
    ...responseFields(args, context),
    input: [
      {
        role: "user",
        content: [
          { type: "input_text", text: args.Message },
          { type: "input_image", image_url: imageUrl(args.Image), detail: args.Detail },
        ],
      },
    ],
  }),
  row: (body) => {
    const { text, cells, ...reading } = readResponse(body);
    return { ...reading, cells: { Response_Result: text, ...cells } };
  },
});

function imageUrl(image: Uint8Array | string): string {
  return typeof image === "string" ? image : toDataUrl(image, sniff(image)?.mimeType ?? "");
}

function imageRule({ Image }: { readonly Image: Uint8Array | string }): CallError | undefined {
  if (typeof Image === "string") return undefined;
  const parameter = "Image";
  const media = sniff(Image);
  if (media?.kind !== "image") return callError("call/unknown-format", { parameter, formats: imageFormats });
  if (dataUrlLength(Image.length, media.mimeType) <= dataUrlMax) return undefined;
  const max = Math.floor((dataUrlMax - dataUrlLength(0, media.mimeType)) / 4) * 3;
  return callError("call/image-too-large", { parameter, bytes: Image.length, max });
}
