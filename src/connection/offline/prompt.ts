/** What a request to /responses says, as two texts: what to do, and what to do it with. */
import { isJsonObject, type JsonObject } from "../../catalog/json.ts";
import { invalidRequest, notAvailableOffline } from "./api-error.ts";
import { readString } from "./json-body.ts";

export interface Prompt {
  /** `instructions` and system messages. */
  readonly instructions: string;
  /** The user's messages. */
  readonly text: string;
  /** URLs of the images in them. */
  readonly images: readonly string[];
  /** What was found in the images, a sentence or a line of text each. */
  readonly facts: readonly string[];
}

export function readPrompt(body: JsonObject): Prompt {
  const messages = readMessages(body["input"]);
  const pick = (isUser: boolean): string[] =>
    messages.filter((message) => message.isUser === isUser).map((message) => message.text);
  const instructions = [readString(body, "instructions") ?? "", ...pick(false)].filter(Boolean);
  const text = pick(true).join("\n\n");
  if (text.trim() === "") {
    throw invalidRequest("Missing required parameter: 'input'.", "input", "missing_required_parameter");
  }
  const images = messages.flatMap((message) => message.images);
  return { instructions: instructions.join("\n\n"), text, images, facts: [] };
}

interface Message {
  readonly isUser: boolean;
  readonly text: string;
  readonly images: readonly string[];
}

function readMessages(input: unknown): readonly Message[] {
  if (input === undefined || input === null) return [];
  if (typeof input === "string") return [{ isUser: true, text: input, images: [] }];
  if (!Array.isArray(input)) {
    throw invalidRequest("Invalid type for 'input': expected a string or an array.", "input", "invalid_type");
  }
  return input.map(readMessage);
}

function readMessage(item: unknown): Message {
  if (!isJsonObject(item) || (item["type"] ?? "message") !== "message") {
    throw notAvailableOffline("The offline connection reads messages only.", "input");
  }
  const isUser = item["role"] === "user";
  const parts = readContent(item["content"]);
  const pick = (kind: Part["kind"]): string[] =>
    parts.filter((part) => part.kind === kind).map((part) => part.value);
  return { isUser, text: pick("text").join("\n"), images: pick("image") };
}

interface Part {
  readonly kind: "text" | "image";
  /** The text, or the image's URL. */
  readonly value: string;
}

function readContent(content: unknown): readonly Part[] {
  if (typeof content === "string") return [{ kind: "text", value: content }];
  if (!Array.isArray(content)) {
    throw invalidRequest("Invalid type for 'input[].content'.", "input", "invalid_type");
  }
  return content.map(readPart);
}

function readPart(part: unknown): Part {
  if (isJsonObject(part) && part["type"] === "input_text" && typeof part["text"] === "string") {
    return { kind: "text", value: part["text"] };
  }
  if (isJsonObject(part) && part["type"] === "input_image" && typeof part["image_url"] === "string") {
    return { kind: "image", value: part["image_url"] };
  }
  throw notAvailableOffline("The offline connection cannot read stored or other files.", "input");
}
