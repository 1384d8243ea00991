/** From a request to what it asks for: its content type, its body, and whether that is what the schema says. */
import type { z } from "@hono/zod-openapi";
import { DiagnosticError, fail, type JsonObject } from "../index.ts";
import type { Ctx } from "./app-options.ts";
import { readJsonBody, type Body, type BodyLimits } from "./body.ts";

/** Throws serve/wrong-type, serve/bad-body and what reading the body throws. */
export async function readRequest<T>(c: Ctx, schema: z.ZodType<T>, limits: BodyLimits): Promise<T> {
  checkType(c, "application/json");
  return parseRequest(await readJsonBody(bodyOf(c), limits), schema, "the body");
}

export function bodyOf(c: Ctx): Body {
  return { length: Number(c.req.header("content-length") ?? 0), chunks: chunksOf(c) };
}

/** Throws call/cancelled when the client leaves while it sends. What is not read is for linger.ts. */
async function* chunksOf(c: Ctx): AsyncGenerator<Uint8Array> {
  const incoming = c.env?.incoming;
  try {
    if (incoming === undefined) yield* c.req.raw.body ?? [];
    else yield* incoming.iterator({ destroyOnReturn: false });
  } catch (error) {
    if (error instanceof DiagnosticError) throw error;
    fail("call/cancelled", {});
  }
}

export function checkType(c: Ctx, expected: string): void {
  const type = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== expected) fail("serve/wrong-type", { expected });
}

export function parseRequest<T>(body: JsonObject, schema: z.ZodType<T>, where: string): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  // A name that is not known explains the one that is missing.
  const { issues } = parsed.error;
  const issue = issues.find((one) => one.code === "unrecognized_keys") ?? issues[0];
  const path = issue?.path.join(".") ?? "";
  const problem = issue?.message.charAt(0).toLowerCase().concat(issue.message.slice(1)) ?? "";
  return fail("serve/bad-body", {
    where: path === "" ? where : `"${path}"`,
    problem: `is not right: ${problem}`,
  });
}
