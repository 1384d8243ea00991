/** The identity of a request: equal keys are one request, one record, one payment (2-runtime, 2.2). */
import { createHash, hash } from "node:crypto";
import { isObject } from "../../catalog/read.ts";
import type { ApiRequest } from "../../catalog/request.ts";

/** Canonical JSON of a request's body: sorted fields, bytes by their hash. */
export function requestText(request: ApiRequest): string {
  return canonical(request.body);
}

export interface KeyParts {
  /** Of the request: requestText. */
  readonly text?: string;
  /** Keeps requests apart that are equal but wanted separately. */
  readonly separation?: string;
}

/** SHA-256, hex, over connection, endpoint and canonical body. */
export function requestKey(
  connectionIdentity: string,
  request: ApiRequest,
  { text = requestText(request), separation = "" }: KeyParts = {},
): string {
  return hash("sha256", JSON.stringify([connectionIdentity, request.endpoint, text, separation]));
}

function canonical(value: unknown): string {
  if (value instanceof Uint8Array) {
    return JSON.stringify({ sha256: createHash("sha256").update(value).digest("hex"), bytes: value.length });
  }
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (isObject(value)) {
    let fields = "";
    for (const name of Object.keys(value).toSorted()) {
      const field = value[name];
      if (field === undefined) continue;
      fields += `${fields === "" ? "" : ","}${JSON.stringify(name)}:${canonical(field)}`;
    }
    return `{${fields}}`;
  }
  return typeof value === "bigint" ? String(value) : (JSON.stringify(value) ?? "null");
}
