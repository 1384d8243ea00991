/**
 * Azure OpenAI with its own paths: `/openai/deployments/{deployment}/{endpoint}?api-version=…`, the key in a header
 * `api-key`. Its newer address, `…/openai/v1`, is that of any compatible server and needs none of this.
 */

/** How an Azure resource is asked by its own paths. */
export interface Azure {
  readonly apiVersion: string;
  /** Model → deployment, where the names differ. */
  readonly deployments?: Readonly<Record<string, string>> | undefined;
}

/** All others stand below /openai itself. */
const ofDeployments = new Set([
  "embeddings",
  "images/generations",
  "images/edits",
  "audio/transcriptions",
  "audio/translations",
  "audio/speech",
]);

/** `https://name.openai.azure.com` alone means its /openai. */
export function azureBaseUrl(baseUrl: string): string {
  return `${baseUrl.replace(/\/v1$/, "").replace(/\/openai$/, "")}/openai`;
}

export function azurePath(
  endpoint: string,
  body: Readonly<Record<string, unknown>>,
  { deployments }: Azure,
): string {
  const { model } = body;
  if (!ofDeployments.has(endpoint) || typeof model !== "string") return `/${endpoint}`;
  return `/deployments/${encodeURIComponent(deployments?.[model] ?? model)}/${endpoint}`;
}
