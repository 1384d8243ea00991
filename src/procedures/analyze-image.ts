import { defineProcedure } from "../catalog/define.ts";
import { dataUrlLength, imageFormats, mimeTypeOf, sniff, toDataUrl } from "../catalog/media.ts";
import { callError } from "../catalog/problem.ts";
import type { CallError } from "../catalog/procedure.ts";
import type { StoredFile } from "../catalog/request.ts";
import {
  effortParameter,
  previousErrors,
  readResponse,
  responseColumns,
  responseErrors,
  responseFields,
  responseParameters,
  samplingRule,
} from "./responses.ts";

/** Characters of a data URL the API takes; about 15.7 MB of image. What is larger goes through the Files API. */
const dataUrlMax = 20_971_520;
const imageBytesMax = 50 * 1024 * 1024;

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
      maxBytes: imageBytesMax,
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
      source: "API: POST /responses, input_image.detail",
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
  notes: [
    "The image's type is read from its bytes; the documentation has no InputFormat here.",
    "An image of more than about 15.7 MB does not fit into a request: it is stored first (POST /files, purpose vision, for 30 days) and named by its id. The same bytes are stored once a session.",
    "A path is never read: Image => 'photo.png' is an error, readfile('photo.png') reads it where the host allows that.",
  ],
  errors: {
    "call/unknown-format": "The bytes are no png, jpeg, webp or gif.",
    failed_to_download_image: "The API could not fetch the URL.",
    image_content_policy_violation: "The API does not answer about this image.",
    ...previousErrors,
    ...responseErrors,
  },
  rules: [imageRule, samplingRule],
  request: (args, context) => ({
    ...responseFields(args, context),
    input: [
      {
        role: "user",
        content: [
          { type: "input_text", text: args.Message },
          { type: "input_image", ...imageFields(args.Image), detail: args.Detail },
        ],
      },
    ],
  }),
  row: (body) => {
    const { text, cells, ...reading } = readResponse(body);
    return { ...reading, cells: { Response_Result: text, ...cells } };
  },
});

function imageFields(image: Uint8Array | string): Readonly<Record<string, string | StoredFile>> {
  if (typeof image === "string") return { image_url: image };
  const format = sniff(image)?.format ?? "png";
  const mimeType = mimeTypeOf(format);
  if (dataUrlLength(image.length, mimeType) <= dataUrlMax) return { image_url: toDataUrl(image, mimeType) };
  const file = { kind: "upload", bytes: image, filename: `image.${format}`, mimeType } as const;
  return { file_id: { kind: "stored-file", purpose: "vision", file } };
}

function imageRule({ Image }: { readonly Image: Uint8Array | string }): CallError | undefined {
  if (typeof Image === "string" || sniff(Image)?.kind === "image") return undefined;
  return callError("call/unknown-format", { parameter: "Image", formats: imageFormats });
}
