/** The base URL of a connection: checked once, so that nothing odd is ever requested or logged. */
import { fail } from "../diagnostics/diagnostic.ts";
import type { baseUrlTexts } from "../diagnostics/messages/connect.ts";
import { presentable } from "./mask.ts";

/** What people copy from an example with curl. */
const endsInEndpoint =
  /\/(?:responses|completions|embeddings|moderations|models|images|audio|generations|edits|speech|transcriptions|translations)$/;

export const openaiBaseUrl = "https://api.openai.com/v1";

/** Without a slash at the end. A server alone means its /v1, where all that speak this protocol answer. */
export function checkBaseUrl(text: string): string {
  const problem = baseUrlProblem(text);
  const url = URL.parse(text.trim());
  if (url === null || problem !== undefined) {
    // A token may hide in a query.
    const shown = url === null || problem !== "has-query" ? text : url.origin + url.pathname;
    return fail("connect/bad-base-url", { url: presentable(shown), problem: problem ?? "not-a-url" });
  }
  const path = url.pathname.replace(/\/+$/, "");
  return `${url.origin}${path === "" ? "/v1" : path}`;
}

/** Why it cannot be used; undefined: it can. */
export function baseUrlProblem(text: string): keyof typeof baseUrlTexts | undefined {
  const url = URL.parse(text.trim());
  if (url === null) return "not-a-url";
  if (!["http:", "https:"].includes(url.protocol)) return "not-http";
  if (url.username !== "" || url.password !== "") return "has-credentials";
  if (url.search !== "" || url.hash !== "") return "has-query";
  return endsInEndpoint.test(url.pathname.replace(/\/+$/, "")) ? "has-endpoint" : undefined;
}
