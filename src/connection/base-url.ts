/** The base URL of a connection: checked once, so that nothing odd is ever requested or logged. */
import { fail } from "../diagnostics/diagnostic.ts";
import { presentable } from "./mask.ts";

/** What people copy from an example with curl. */
const endsInEndpoint =
  /\/(?:responses|completions|embeddings|moderations|models|images|audio|generations|edits|speech|transcriptions|translations)$/;

export const openaiBaseUrl = "https://api.openai.com/v1";

/** Without a slash at the end. A server alone means its /v1, where all that speak this protocol answer. */
export function checkBaseUrl(text: string): string {
  const shown = presentable(text);
  const url = URL.parse(text.trim());
  if (url === null) fail("connect/bad-base-url", { url: shown, problem: "not-a-url" });
  if (!["http:", "https:"].includes(url.protocol)) {
    fail("connect/bad-base-url", { url: shown, problem: "not-http" });
  }
  if (url.username !== "" || url.password !== "") {
    fail("connect/bad-base-url", { url: shown, problem: "has-credentials" });
  }
  if (url.search !== "" || url.hash !== "") {
    // A token may hide in a query.
    fail("connect/bad-base-url", { url: url.origin + url.pathname, problem: "has-query" });
  }
  const path = url.pathname.replace(/\/+$/, "");
  if (endsInEndpoint.test(path)) fail("connect/bad-base-url", { url: shown, problem: "has-endpoint" });
  return `${url.origin}${path === "" ? "/v1" : path}`;
}
