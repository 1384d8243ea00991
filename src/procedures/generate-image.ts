import { defineProcedure } from "../catalog/define.ts";
import {
  formatRule,
  imageColumns,
  imageErrors,
  imageFields,
  outputParameters,
  readImage,
  sizeError,
} from "./images.ts";

export const generateImage = defineProcedure({
  name: "GenerateImage",
  summary: "Generates an image from a description.",
  source: "openai-connector, GenerateImage; API: POST /images/generations",
  endpoint: "images/generations",
  parameters: {
    Instructions: {
      type: "text",
      required: true,
      maxLength: 32_000,
      summary: "The description of the image.",
    },
    Model: { type: "text", defaultModel: "image", summary: "Image model." },
    Size: {
      type: "text",
      summary: "WIDTHxHEIGHT such as 1024x1024, or auto; what is possible depends on the model.",
    },
    ...outputParameters,
  },
  primary: "Image",
  columns: { Image: { type: "blob", summary: "The generated image." }, ...imageColumns },
  overloads: [{ when: "Image", use: "EditImage" }],
  examples: [
    "CALL GenerateImage(:Instructions, :Model, :Size, :Background, :OutputFormat, :OutputCompression, :Moderation)",
    "SELECT p.id, i.Image FROM products p, GenerateImage('A catalogue photo of ' || p.name, Size => '1024x1024') i",
  ],
  notes: [
    "The documented default dall-e-2 was retired on 2026-05-12; the connection's image model takes its place.",
    "A call that binds Image is EditImage: the documentation prints EditImage's command with this name.",
  ],
  errors: imageErrors,
  rules: [formatRule, (args, context) => sizeError("Size", args.Size, context)],
  request: (args) => imageFields(args, args.Size),
  row: (body, _, answer) => {
    const { image, cells, ...reading } = readImage(body, answer);
    return { ...reading, cells: { Image: image, ...cells } };
  },
});
