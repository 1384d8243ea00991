/** What a request to /responses says, as two texts: what to do, and what to do it with. */
import { invalidRequest, notAvailableOffline } from "./api-error.ts";
import { isObject, type JsonObject, readString } from "./json-body.ts";

export interface Prompt {
  /** `instructions` and system messages. */
  readonly instructions: string;
  /** The user's messages. */
  readonly text: string;
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
  return { instructions: instructions.join("\n\n"), text };
}

interface Message {
  readonly isUser: boolean;
  readonly text: string;
}

function readMessages(input: unknown): readonly Message[] {
  if (input === undefined || input === null) return [];
  if (typeof input === "string") return [{ isUser: true, text: input }];
  if (!Array.isArray(input)) {
    throw invalidRequest("Invalid type for 'input': expected a string or an array.", "input", "invalid_type");
  }
  return input.map(readMessage);
}

function readMessage(item: unknown): Message {
  if (!isObject(item) || (item["type"] ?? "message") !== "message") {
    throw notAvailableOffline("The offline connection reads messages only.", "input");
  }
  return { isUser: item["role"] === "user", text: readContent(item["content"]) };
}

function readContent(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) {
    throw invalidRequest("Invalid type for 'input[].content'.", "input", "invalid_type");
  }
  return content.map(readPart).join("\n");
}

function readPart(part: unknown): string {
  if (isObject(part) && part["type"] === "input_text" && typeof part["text"] === "string") {
    return part["text"];
  }
  throw notAvailableOffline("The offline connection cannot read images or files.", "input");
}
