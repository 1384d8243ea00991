/** What a profile of a connection may say, and what is wrong with one. Reads and writes nothing. */
import { z } from "zod";
import { holdsKey } from "../../diagnostics/secret-text.ts";
import { baseUrlTexts } from "../../diagnostics/messages/connect.ts";
import { baseUrlProblem } from "../base-url.ts";
import { isReference } from "../secrets/reference.ts";

const text = z.string().trim().min(1);
const url = z.url({ protocol: /^https?$/, error: "is no http or https address" });
const baseUrl = text.superRefine((given, context) => {
  const problem = baseUrlProblem(given);
  if (problem !== undefined)
    context.addIssue({ code: "custom", message: `cannot be used: ${baseUrlTexts[problem]}` });
});
const headerName = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, "is no name of an HTTP header");
const reference = text.refine(isReference, {
  error:
    "is no reference: keychain, store, env:NAME, cmd:COMMAND or file:PATH; a key itself never stands in a profile",
});

/** Headers that carry credentials take references only. */
const credentialHeader =
  /^(?:authorization|proxy-authorization|cookie|.*(?:api|auth|access|secret|subscription)[-_]?(?:key|token).*)$/i;

const headers = z.record(headerName, text).superRefine((given, context) => {
  for (const [name, value] of Object.entries(given)) {
    const isHidden = /^(?:env|cmd|file):/.test(value);
    if (!isHidden && (credentialHeader.test(name) || holdsKey(value) || /^bearer\s/i.test(value)))
      context.addIssue({
        code: "custom",
        path: [name],
        message: "carries a credential: name where it is, env:NAME, cmd:COMMAND or file:PATH",
      });
  }
});

const models = z.strictObject({
  text: text.optional(),
  image: text.optional(),
  embedding: text.optional(),
  moderation: text.optional(),
  transcription: text.optional(),
  translation: text.optional(),
  speech: text.optional(),
});

const oauth = z
  .strictObject({
    issuer: url.optional(),
    client_id: text,
    client_secret: reference.optional(),
    scopes: z.array(text).optional(),
    audience: text.optional(),
    authorization_endpoint: url.optional(),
    token_endpoint: url.optional(),
    device_authorization_endpoint: url.optional(),
    revocation_endpoint: url.optional(),
    /** The port of the loopback redirect; any free one where the provider allows it. */
    redirect_port: z.int().min(1).max(65_535).optional(),
  })
  .refine((given) => given.issuer !== undefined || given.token_endpoint !== undefined, {
    error: "needs an issuer, or the endpoints of one",
  });

const profileSchema = z.strictObject({
  kind: z.enum(["openai", "offline"]).default("openai"),
  base_url: baseUrl.optional(),
  auth: z.enum(["api-key", "token", "oauth", "none"]).optional(),
  secret: reference.optional(),
  organization: text.optional(),
  project: text.optional(),
  /** Azure's paths and its `api-key` header, where this is set. */
  api_version: text.optional(),
  /** Model → Azure deployment. */
  deployments: z.record(z.string(), text).optional(),
  headers: headers.optional(),
  /** A PEM file with certificates to trust beside the usual ones. */
  ca_file: text.optional(),
  /** Seconds one attempt may take. */
  timeout: z.number().min(0.001).max(3600).optional(),
  /** Inputs that may share one request. */
  pack_max: z.int().min(1).optional(),
  models: models.optional(),
  /** Procedure → parameter → value where a call gives none. */
  parameters: z.record(z.string(), z.record(z.string(), z.union([z.string(), z.number()]))).optional(),
  oauth: oauth.optional(),
});

const fileSchema = z.strictObject({
  default: text.optional(),
  connections: z.record(z.string(), profileSchema).optional(),
});

export type Profile = z.infer<typeof profileSchema>;
/** As it is written: what is left out stays out. */
export type ProfileDraft = z.input<typeof profileSchema>;
export type OAuthSettings = z.infer<typeof oauth>;
export type ProfileTable = z.infer<typeof fileSchema>;
export type AuthMethod = NonNullable<Profile["auth"]>;

export interface ProfileProblem {
  readonly path: readonly string[];
  readonly problem: string;
}

/** A table of profiles, or what is wrong with it first. */
export function readProfileTable(value: unknown): ProfileTable | ProfileProblem {
  const result = fileSchema.safeParse(value);
  if (result.success) return namesProblem(result.data) ?? result.data;
  const [issue] = result.error.issues;
  if (issue === undefined) return { path: [], problem: "cannot be read" };
  const path = issue.path.map(String);
  if (issue.code === "unrecognized_keys") {
    const [key = ""] = issue.keys;
    return { path: [...path, key], problem: "is no setting" };
  }
  return { path, problem: problemText(issue) };
}

export function isProblem(read: ProfileTable | ProfileProblem): read is ProfileProblem {
  return "problem" in read;
}

/** Fits TOML, file names and variables of the environment as it is. */
export function isProfileName(name: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(name) && name.toLowerCase() !== "offline";
}

/** How the profile says who asks: by default with an API key. */
export function authOf(profile: Pick<Profile, "auth" | "oauth">): AuthMethod {
  return profile.auth ?? (profile.oauth === undefined ? "api-key" : "oauth");
}

function namesProblem(table: ProfileTable): ProfileProblem | undefined {
  const named = Object.entries(table.connections ?? {});
  for (const [name, profile] of named) {
    const path = ["connections", name];
    if (!isProfileName(name))
      return { path, problem: "cannot be a name: a letter, then letters, digits, - and _; offline is taken" };
    if (profile.auth === "oauth" && profile.oauth === undefined)
      return { path: [...path, "auth"], problem: `is oauth, but there is no [connections.${name}.oauth]` };
  }
  return undefined;
}

function problemText(issue: z.core.$ZodIssue): string {
  if (issue.code === "custom" || issue.code === "invalid_format") return issue.message;
  const told = issue.message.replace(/^Invalid (?:input|option): /, "").replace(/^Too (?:small|big): /, "");
  return `cannot be used: ${told}`;
}
