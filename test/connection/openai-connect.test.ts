import { describe, expect, test } from "vitest";
import { connectionFromName } from "../../src/connection/connect.ts";
import { maskSecrets, presentable } from "../../src/connection/mask.ts";
import { openaiModels } from "../../src/connection/openai.ts";
import { DiagnosticError, type Diagnostic } from "../../src/diagnostics/diagnostic.ts";

const key = "sk-proj-abcdefghijklmnop1234";

async function refusalOf(
  name: string | undefined,
  env: Record<string, string>,
): Promise<Diagnostic | undefined> {
  try {
    await connectionFromName(name, env);
    return undefined;
  } catch (error) {
    if (error instanceof DiagnosticError) return error.diagnostics[0];
    throw error;
  }
}

describe("a connection by name", () => {
  test("without a name: openai where there is a key, else none", async () => {
    expect(await connectionFromName(undefined, {})).toBeUndefined();
    expect(await connectionFromName(undefined, { OPENAI_API_KEY: " " })).toBeUndefined();
    const connection = await connectionFromName(undefined, { OPENAI_API_KEY: key });
    expect(connection).toMatchObject({
      name: "openai",
      identity: "https://api.openai.com/v1",
      models: openaiModels,
    });
  });

  test("openai takes base URL, organization and project from the environment it is given", async () => {
    const connection = await connectionFromName("openai", {
      OPENAI_API_KEY: key,
      OPENAI_BASE_URL: "http://127.0.0.1:8000/v1/",
      OPENAI_ORG_ID: "org_1",
      OPENAI_PROJECT_ID: "proj_1",
    });
    expect(connection?.identity).toBe("http://127.0.0.1:8000/v1 org_1 proj_1");
  });

  test("openai without a key says how to set one", async () => {
    expect(await refusalOf("openai", {})).toMatchObject({ code: "connect/no-key" });
  });

  test("an unknown name is refused", async () => {
    const refusal = await refusalOf("opnai", { OPENAI_API_KEY: key });
    expect(refusal).toMatchObject({ code: "connect/unknown", message: 'there is no connection "opnai"' });
  });

  test.each([
    ["localhost:8000", "only http and https"],
    ["/v1", "not an absolute URL"],
    ["ftp://example.com/v1", "only http and https"],
    ["https://me:pass-word@example.com/v1", "user name or password"],
    ["https://example.com/v1?api-key=hidden", "query or fragment"],
    ["https://example.com/openai?api-version=2025-04-01", "goes to --api-version"],
    ["https://example.com/v1/responses", "it names an endpoint"],
    ["http://127.0.0.1:11434/v1/chat/completions/", "it names an endpoint"],
    ["https://example.com/v1/images/generations", "it names an endpoint"],
  ])("the base URL %s cannot be used", async (url, reason) => {
    const refusal = await refusalOf("openai", { OPENAI_API_KEY: key, OPENAI_BASE_URL: url });
    expect(refusal).toMatchObject({ code: "connect/bad-base-url", message: expect.stringContaining(reason) });
    expect(refusal?.message).not.toMatch(/pass-word|hidden/);
  });

  test("offline answers without a socket and names its own models", async () => {
    const connection = await connectionFromName("offline", {});
    expect(connection?.models.text).toMatch(/^offline-/);
    const request = { endpoint: "audio/translations", body: { model: "offline-translation" } } as const;
    const outcome = await connection?.send(request, {
      signal: new AbortController().signal,
      timeoutMs: 5000,
    });
    expect(outcome).toMatchObject({ ok: false, failure: { kind: "unavailable" } });
  });
});

describe("masking", () => {
  test.each([
    ["key sk-abcd1234EFGH_-x end", "key [masked] end"],
    ["half-masked sk-proj-********wxyz.", "half-masked [masked]."],
    ["Authorization: Bearer abc.def/ghi+jkl", "Authorization: Bearer [masked]"],
    ["token eyJhbGciOiJIUzI1.eyJzdWIiOiIx.c2ln, done", "token [masked], done"],
    ["http://user:pw@proxy:3128 failed", "http://[masked]@proxy:3128 failed"],
    ["risk-averse task-oriented sk-1", "risk-averse task-oriented sk-1"],
  ])("%s", (text, masked) => {
    expect(maskSecrets(text)).toBe(masked);
  });

  test("short placeholders are no secrets", () => {
    expect(maskSecrets("offline-extractive", ["offline"])).toBe("offline-extractive");
  });

  test("a shown text is one line of at most 1,000 characters, without control characters", () => {
    expect(presentable("a\r\n\tb\u001b[31mc\u202ed\u0000")).toBe("a b [31mc d");
    expect(presentable("x".repeat(5000))).toHaveLength(1000);
    expect(presentable("😀".repeat(1000)).isWellFormed()).toBe(true);
  });

  test("a key at the cut is masked before it is cut", () => {
    expect(presentable(`${"x ".repeat(495)} sk-abcdefghijklmnop1234`)).not.toContain("sk-a");
  });
});
