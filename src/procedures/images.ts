/** What GenerateImage and EditImage share: output parameters, result columns, rules between them, the answer. */
import type {
  CallContext,
  ColumnDefinitions,
  ParameterDefinitions,
  Reading,
  Rule,
} from "../catalog/definition.ts";
import { fromBase64, mimeTypeOf, sniff } from "../catalog/media.ts";
import type { SizeRule } from "../catalog/model-schema.ts";
import type { Usage } from "../catalog/models.ts";
import { callError } from "../catalog/problem.ts";
import type { CallError } from "../catalog/procedure.ts";
import type { ApiAnswer } from "../catalog/request.ts";
import { readField, readNumber, readText } from "../catalog/read.ts";

export const outputParameters = {
  Background: {
    type: "text",
    values: ["transparent", "opaque", "auto"],
    summary: "Whether the background is transparent; that needs png or webp.",
  },
  OutputFormat: {
    type: "text",
    values: ["png", "jpeg", "webp", "gif", "svg"],
    summary: "Format of the image; png unless told otherwise. gif and svg are in preview.",
  },
  OutputCompression: {
    type: "integer",
    min: 0,
    max: 100,
    summary: "Compression level in percent, for jpeg and webp.",
  },
  Moderation: {
    type: "text",
    values: ["low", "auto"],
    summary: "Content moderation: low is less restrictive, auto is the API's default.",
  },
  Quality: {
    type: "text",
    values: ["low", "medium", "high", "xhigh", "max", "auto", "standard", "hd"],
    isExtension: true,
    source: "API: POST /images/generations and /images/edits, quality",
    summary: "Quality of the image, as far as the model knows it.",
  },
} as const satisfies ParameterDefinitions;

export const imageErrors = {
  "call/image-size": "The size is not WIDTHxHEIGHT, or outside the model's limits.",
  "call/transparency-format": "Background transparent with jpeg or gif.",
  "call/compression-format": "OutputCompression with a format that is neither jpeg nor webp.",
  "call/empty-answer": "The answer holds no image.",
  moderation_blocked: "The API's safety system refused the request.",
} as const;

export const imageColumns = {
  Image_Index: { type: "integer", summary: "Place of the image in the answer: 0, for a call asks for one." },
  Image_MimeType: { type: "text", summary: "Such as image/png." },
  Image_Url: {
    type: "text",
    summary: "Where the image can be fetched, when the server sent an address instead of bytes.",
  },
  Revised_Prompt: { type: "text", summary: "The prompt the model made of the instructions (dall-e-3)." },
  Created_At: { type: "integer", summary: "Unix seconds." },
  Model_Used: { type: "text", summary: "The model that answered, where the answer names it." },
  Background_Used: { type: "text", summary: "Background of the image." },
  OutputFormat_Used: { type: "text", summary: "Format of the image." },
  Quality_Used: { type: "text", summary: "Quality of the image." },
  Size_Used: { type: "text", summary: "Size of the image." },
  Usage_InputTokens: { type: "integer", summary: "Input tokens." },
  Usage_InputTextTokens: { type: "integer", summary: "Input tokens of text." },
  Usage_InputImageTokens: { type: "integer", summary: "Input tokens of images." },
  Usage_OutputTokens: { type: "integer", summary: "Output tokens." },
  Usage_OutputTextTokens: { type: "integer", summary: "Output tokens of text." },
  Usage_OutputImageTokens: { type: "integer", summary: "Output tokens of images." },
  Usage_TotalTokens: { type: "integer", summary: "Input and output tokens." },
} as const satisfies ColumnDefinitions;

/** Arguments of the output, under the API's names. */
export interface OutputArguments {
  readonly Instructions: string;
  readonly Model: string;
  readonly Background: string | undefined;
  readonly OutputFormat: string | undefined;
  readonly OutputCompression: number | undefined;
  readonly Moderation: string | undefined;
  readonly Quality: string | undefined;
}

export function imageFields(args: OutputArguments, size: string | undefined): Record<string, unknown> {
  return {
    prompt: args.Instructions,
    model: args.Model,
    size,
    background: args.Background,
    output_format: args.OutputFormat,
    output_compression: args.OutputCompression,
    moderation: args.Moderation,
    quality: args.Quality,
  };
}

export const formatRule: Rule<OutputArguments> = ({ Background, OutputFormat, OutputCompression }) => {
  const format = OutputFormat ?? "png";
  if (Background === "transparent" && (format === "jpeg" || format === "gif")) {
    return callError("call/transparency-format", { parameter: "Background", format });
  }
  const isCompressible = format === "jpeg" || format === "webp";
  if (OutputCompression !== undefined && OutputCompression < 100 && !isCompressible) {
    return callError("call/compression-format", { parameter: "OutputCompression", format });
  }
  return undefined;
};

/** Models with a fixed list of sizes have it in the table; here are those that take any size within limits. */
export function sizeError(
  parameter: string,
  size: string | undefined,
  { model }: CallContext,
): CallError | undefined {
  if (size === undefined || size === "auto") return undefined;
  const [, width, height] = /^(\d{1,5})x(\d{1,5})$/.exec(size) ?? [];
  const isMeasured = width !== undefined && height !== undefined;
  const limits = isMeasured ? model?.size : undefined;
  if (isMeasured && (limits === undefined || isWithin(limits, Number(width), Number(height))))
    return undefined;
  return callError("call/image-size", { parameter, found: JSON.stringify(size), limits });
}

export interface ImageReading extends Reading<keyof typeof imageColumns> {
  readonly image: Uint8Array | undefined;
}

export function readImage(body: unknown, answer: ApiAnswer): ImageReading {
  const model = readText(body, "model") ?? answer.model;
  const first = readField(body, "data", 0);
  const image = fromBase64(readText(first, "b64_json") ?? "");
  const url = readText(first, "url");
  const format = readText(body, "output_format");
  const mimeType = image === undefined ? undefined : (sniff(image)?.mimeType ?? mimeTypeOf(format ?? ""));
  return {
    image,
    cells: {
      Image_Index: first === undefined ? undefined : 0,
      Image_MimeType: mimeType,
      Image_Url: url,
      Revised_Prompt: readText(first, "revised_prompt"),
      Created_At: readNumber(body, "created"),
      Model_Used: model,
      Background_Used: readText(body, "background"),
      OutputFormat_Used: format,
      Quality_Used: readText(body, "quality"),
      Size_Used: readText(body, "size"),
      Usage_InputTokens: readNumber(body, "usage", "input_tokens"),
      Usage_InputTextTokens: readNumber(body, "usage", "input_tokens_details", "text_tokens"),
      Usage_InputImageTokens: readNumber(body, "usage", "input_tokens_details", "image_tokens"),
      Usage_OutputTokens: readNumber(body, "usage", "output_tokens"),
      Usage_OutputTextTokens: readNumber(body, "usage", "output_tokens_details", "text_tokens"),
      Usage_OutputImageTokens: readNumber(body, "usage", "output_tokens_details", "image_tokens"),
      Usage_TotalTokens: readNumber(body, "usage", "total_tokens"),
    },
    error:
      image === undefined && url === undefined
        ? callError("call/empty-answer", { what: "image" })
        : undefined,
    usage: imageUsage(body),
    model,
  };
}

/** Output is image tokens unless the answer tells text and image apart. */
function imageUsage(body: unknown): Usage {
  const output = readNumber(body, "usage", "output_tokens");
  return {
    inputTokens: readNumber(body, "usage", "input_tokens"),
    inputImageTokens: readNumber(body, "usage", "input_tokens_details", "image_tokens"),
    outputTokens: output,
    outputImageTokens: readNumber(body, "usage", "output_tokens_details", "image_tokens") ?? output,
  };
}

function isWithin(rule: SizeRule, width: number, height: number): boolean {
  const long = Math.max(width, height);
  const short = Math.min(width, height);
  const isGrid = width % rule.multipleOf === 0 && height % rule.multipleOf === 0;
  return (
    isGrid &&
    short > 0 &&
    long <= rule.edgeMax &&
    width * height <= rule.pixelsMax &&
    long <= short * rule.ratioMax
  );
}
