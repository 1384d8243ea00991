import { defineProcedure } from "../catalog/define.ts";
import type { CallContext } from "../catalog/definition.ts";
import { imageSize, isSameFormat, mimeTypeOf, pngHasAlpha, sniff } from "../catalog/media.ts";
import { callError } from "../catalog/problem.ts";
import type { CallError } from "../catalog/procedure.ts";
import type { Upload } from "../catalog/request.ts";
import {
  formatRule,
  imageColumns,
  imageErrors,
  imageFields,
  outputParameters,
  readImage,
  sizeError,
} from "./images.ts";

const imageBytesMax = 50 * 1024 * 1024;
/** The reference says 4 MB, an older guide 50: more is a warning, and the API decides. */
const maskBytesDocumented = 4 * 1024 * 1024;
const inputFormats = ["png", "jpeg", "webp"] as const;

export const editImage = defineProcedure({
  name: "EditImage",
  summary: "Edits an image as described.",
  source: "openai-connector, EditImage; API: POST /images/edits",
  endpoint: "images/edits",
  parameters: {
    Instructions: {
      type: "text",
      required: true,
      maxLength: 32_000,
      summary: "The description of the result.",
    },
    Image: {
      type: "bytes",
      media: "image",
      required: true,
      maxBytes: imageBytesMax,
      summary: "The image to edit: png, jpeg or webp.",
    },
    InputFormat: {
      type: "text",
      values: [...inputFormats, "jpg"],
      summary: "Format of the image; inferred from its bytes.",
    },
    Mask: {
      type: "bytes",
      media: "image",
      maxBytes: imageBytesMax,
      summary: "PNG of the image's size; where it is transparent, the image may be edited.",
    },
    Model: { type: "text", defaultModel: "image", summary: "Image model." },
    OutputSize: {
      type: "text",
      aliases: ["Size"],
      summary: "WIDTHxHEIGHT such as 1024x1024, or auto; what is possible depends on the model.",
    },
    ...outputParameters,
    InputFidelity: {
      type: "text",
      values: ["high", "low"],
      isExtension: true,
      source: "API: POST /images/edits, input_fidelity",
      summary: "How closely the result keeps to the image.",
    },
  },
  primary: "Image_Created",
  columns: { Image_Created: { type: "blob", summary: "The edited image." }, ...imageColumns },
  examples: [
    "CALL EditImage(:Instructions, :Image)",
    "SELECT p.id, e.Image_Created FROM photos p, EditImage('Make the background white', p.image, Size => '1024x1024') e",
  ],
  notes: [
    "InputFormat is documented as required; it is inferred from the bytes, and contradicting them is an error.",
    "Mask is documented as required; the API edits the whole image without one.",
    "OutputSize (the parameter table) and Size (the command line) are one parameter.",
    "The documented default dall-e-2 was retired on 2026-05-12; the connection's image model takes its place.",
  ],
  errors: {
    "call/unknown-format": "The bytes of Image are no png, jpeg or webp.",
    "call/format-mismatch": "InputFormat contradicts the bytes.",
    "call/mask-not-png": "Mask is not a PNG.",
    "call/mask-without-alpha": "Mask has no transparency, so nothing could be edited.",
    "call/mask-size": "Mask has another size than Image.",
    ...imageErrors,
  },
  infer: ({ Image }) => inferred(sniff(Image)?.format),
  rules: [
    inputRule,
    maskRule,
    formatRule,
    (args, context) => sizeError("OutputSize", args.OutputSize, context),
  ],
  request: (args) => ({
    ...imageFields(args, args.OutputSize),
    image: upload("image", args.Image),
    mask: args.Mask === undefined ? undefined : upload("mask", args.Mask),
    input_fidelity: args.InputFidelity,
  }),
  row: (body, _, answer) => {
    const { image, cells, ...reading } = readImage(body, answer);
    return { ...reading, cells: { Image_Created: image, ...cells } };
  },
});

interface EditArguments {
  readonly Image: Uint8Array;
  readonly InputFormat: string | undefined;
  readonly Mask: Uint8Array | undefined;
}

function inferred(format: string | undefined): { InputFormat?: string } {
  return format === undefined ? {} : { InputFormat: format };
}

function inputRule({ Image, InputFormat }: EditArguments): CallError | undefined {
  const found = sniff(Image)?.format;
  const isKnown = inputFormats.some((format) => format === found);
  if (found === undefined || !isKnown) {
    return callError("call/unknown-format", { parameter: "Image", formats: inputFormats });
  }
  const given = InputFormat === "jpg" ? "jpeg" : InputFormat;
  if (given === undefined || isSameFormat(given, found)) return undefined;
  return callError("call/format-mismatch", { parameter: "InputFormat", given, found });
}

function maskRule({ Image, Mask }: EditArguments, context: CallContext): CallError | undefined {
  if (Mask === undefined) return undefined;
  const parameter = "Mask";
  const found = sniff(Mask)?.format;
  if (found !== "png") {
    return callError("call/mask-not-png", { parameter, found: found ?? "of an unknown format" });
  }
  if (!pngHasAlpha(Mask)) return callError("call/mask-without-alpha", { parameter });
  const mask = sizeText(Mask);
  const image = sizeText(Image);
  if (mask !== undefined && image !== undefined && mask !== image) {
    return callError("call/mask-size", { parameter, mask, image });
  }
  if (Mask.length > maskBytesDocumented) {
    context.warn("call/mask-large", { parameter, bytes: Mask.length, max: maskBytesDocumented });
  }
  return undefined;
}

function sizeText(bytes: Uint8Array): string | undefined {
  const size = imageSize(bytes);
  return size === undefined ? undefined : `${size.width}x${size.height}`;
}

function upload(name: string, bytes: Uint8Array): Upload {
  const format = sniff(bytes)?.format ?? "png";
  return { kind: "upload", bytes, filename: `${name}.${format}`, mimeType: mimeTypeOf(format) };
}
