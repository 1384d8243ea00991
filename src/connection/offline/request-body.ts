/** The body of a request, JSON or a form, as one object. */
import type { JsonObject } from "../../catalog/json.ts";
import { createHash } from "node:crypto";

import { invalidRequest } from "./api-error.ts";
import { parseBody } from "./json-body.ts";
import { expectError } from "../../diagnostics/expected.ts";

export interface RequestBody {
  readonly body: JsonObject;
  /** Equal for equal bodies; the boundary of a form does not count. */
  readonly digest: string;
}

/** Fields of a form are texts and Files; those named `name[]` become a list. */
export async function readRequest(request: Request): Promise<RequestBody> {
  const hash = createHash("sha256");
  if (!(request.headers.get("content-type") ?? "").startsWith("multipart/form-data")) {
    const text = await request.text();
    return { body: parseBody(text), digest: hash.update(text).digest("hex") };
  }
  const body: Record<string, unknown> = {};
  for (const [field, value] of await readForm(request)) {
    const bytes = typeof value === "string" ? Buffer.from(value) : await value.bytes();
    hash.update(`\n${field} ${bytes.length}\n`).update(bytes);
    const name = field.replace(/\[\]$/u, "");
    const content = typeof value === "string" ? value : { filename: value.name, bytes };
    body[name] = name === field ? content : [...readList(body[name]), content];
  }
  return { body, digest: hash.digest("hex") };
}

/** Undici says that a form is broken with a TypeError. */
async function readForm(request: Request): Promise<FormData> {
  try {
    return await request.formData();
  } catch (error) {
    expectError(error, TypeError);
    throw invalidRequest("We could not parse your multipart form.", null);
  }
}

function readList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
