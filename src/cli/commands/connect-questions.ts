/** What `callsql connect add` asks on a terminal. Asks only for what flags did not say, and nothing at all elsewhere. */
import { checkProfile, DiagnosticError, fail, type ProfileDraft } from "../../index.ts";
import type { Terminal } from "../terminal.ts";
import { expectError } from "../expected.ts";

export interface Known {
  readonly name: string | undefined;
  readonly draft: ProfileDraft;
  readonly hasFlags: boolean;
  readonly secret: string | undefined;
  /** Names of the profiles there are, unless they may be replaced without asking. */
  readonly taken: readonly string[];
}

export interface Answers {
  readonly name: string;
  readonly draft: ProfileDraft;
  readonly secret: string | undefined;
  /** Somebody agreed to the loss of the one of this name. */
  readonly isReplacing: boolean;
  /** What is to follow. */
  readonly next: "nothing" | "test" | "login";
}

/** Undefined when somebody left in the middle. Throws connect/needs-terminal. */
export async function askForConnection(known: Known, terminal: Terminal): Promise<Answers | undefined> {
  const { hasFlags, secret, draft } = known;
  const missing = [
    ...(known.name === undefined ? ["a name"] : []),
    ...(needsSecret(draft) && secret === undefined && hasFlags
      ? ["a key or token (--secret or --secret-stdin)"]
      : []),
  ];
  const canAsk = terminal.stdin.isTTY;
  if (!canAsk && !hasFlags && secret === undefined) missing.push("the settings");
  if (!canAsk && missing.length > 0) fail("connect/needs-terminal", { missing });
  if (!canAsk) return { name: known.name ?? "", draft, secret, isReplacing: false, next: "nothing" };
  try {
    return await ask(known, terminal);
  } catch (error) {
    if (error instanceof Left) return undefined;
    throw error;
  }
}

export async function isAgreed(terminal: Terminal, question: string, isDefault: boolean): Promise<boolean> {
  if (!terminal.stdin.isTTY) fail("connect/needs-terminal", { missing: ["consent (--yes)"] });
  const answer = await terminal.ask(question, { isHidden: false });
  if (answer === undefined) return false;
  const word = answer.trim().toLowerCase();
  return word === "" ? isDefault : word === "y" || word === "yes";
}

/** Somebody pressed Ctrl-C or Ctrl-D. */
class Left extends Error {}

type Ask = (text: string, isHidden?: boolean) => Promise<string>;
/** Asks until there is an answer to go on with. What is wrong with one is said at once, not behind the last question. */
type AskUntil = (text: string, problemOf: Check, isHidden?: boolean) => Promise<string>;
/** What is wrong with an answer; empty where there is nothing to be said but the question again. */
type Check = (answer: string) => Promise<string | undefined>;

async function ask({ name, draft, hasFlags, secret, taken }: Known, terminal: Terminal): Promise<Answers> {
  const question: Ask = async (text, isHidden = false) => {
    const answer = await terminal.ask(text, { isHidden });
    if (answer === undefined) throw new Left();
    return answer.trim();
  };
  const until: AskUntil = async (text, problemOf, isHidden) => {
    for (;;) {
      const answer = await question(text, isHidden);
      const problem = await problemOf(answer);
      if (problem === undefined) return answer;
      if (problem !== "") await terminal.stderr.write(`${problem}\n`);
    }
  };
  const isYes = (text: string, isDefault: boolean): Promise<boolean> => isAgreed(terminal, text, isDefault);
  const named = async (text: string): Promise<string> =>
    (await until(text, (answer) => problemWith(answer === "" ? "openai" : answer, {}))) || "openai";
  if (name !== undefined) await checkProfile(name, hasFlags ? draft : {});
  let given = name ?? (await named("Name (openai): "));
  let isReplacing = false;
  while (taken.includes(given) && !isReplacing) {
    isReplacing = await isYes(`There is a connection "${given}" already. Replace it? [y/N] `, false);
    if (!isReplacing) given = await named("Another name (openai): ");
  }
  const asked = hasFlags ? draft : { ...draft, ...(await askSettings(question, until)) };
  const answers = { name: given, draft: asked, secret, isReplacing };
  if (!needsSecret(asked) || secret !== undefined) {
    const isLoginWanted = !hasFlags && asked.oauth !== undefined && (await isYes("Log in now? [Y/n] ", true));
    return { ...answers, next: isLoginWanted ? "login" : "nothing" };
  }
  const what = asked.auth === "token" ? "Token" : "API key";
  const key = await until(`${what} (not shown; or env:NAME, cmd:COMMAND, file:PATH): `, isGiven, true);
  const isTestWanted = !hasFlags && (await isYes("Test it now? It costs nothing. [Y/n] ", true));
  const next = isTestWanted ? "test" : "nothing";
  return isReference(key)
    ? { ...answers, draft: { ...asked, secret: key }, secret: undefined, next }
    : { ...answers, secret: key, next };
}

/** Something was given. */
const isGiven: Check = async (answer) => (answer === "" ? "" : undefined);

async function problemWith(name: string, draft: ProfileDraft): Promise<string | undefined> {
  try {
    await checkProfile(name, draft);
    return undefined;
  } catch (error) {
    expectError(error, DiagnosticError);
    return error.diagnostics[0]?.message;
  }
}

const methods = ["api-key", "token", "none", "oauth"] as const;

async function askSettings(question: Ask, until: AskUntil): Promise<Partial<ProfileDraft>> {
  const url = await until("Base URL (https://api.openai.com/v1): ", async (answer) =>
    answer === "" ? undefined : problemWith("x", { base_url: answer }),
  );
  const methodOf = (answer: string) =>
    methods.find((method, index) => answer === method || answer === String(index + 1));
  const chosen = await until(
    "Authentication: 1 API key, 2 bearer or service-account token, 3 none, 4 OAuth 2.0 login (1): ",
    async (answer) => (answer === "" || methodOf(answer) !== undefined ? undefined : ""),
  );
  const auth = methodOf(chosen) ?? "api-key";
  const settings = {
    ...(url === "" ? {} : { base_url: url }),
    ...(auth === "api-key" ? {} : { auth }),
    ...(auth === "oauth" ? { oauth: await askProvider(question, until) } : {}),
  };
  // Only OpenAI knows these.
  if (url !== "" && !/\bopenai\.com\b/.test(url)) return settings;
  const organization = await question("Organization id (none): ");
  const project = await question("Project id (none): ");
  return {
    ...settings,
    ...(organization === "" ? {} : { organization }),
    ...(project === "" ? {} : { project }),
  };
}

async function askProvider(question: Ask, until: AskUntil): Promise<NonNullable<ProfileDraft["oauth"]>> {
  const client_id = await until("Client id: ", isGiven);
  const checked = (settings: object): Promise<string | undefined> =>
    problemWith("x", { auth: "oauth", oauth: { client_id, issuer: "https://x", ...settings } });
  const issuer = await until("Login provider (issuer), with https://: ", (answer) =>
    checked({ issuer: answer }),
  );
  const client_secret = await until(
    "Client secret, where it is: env:NAME, cmd:COMMAND or file:PATH (none): ",
    async (answer) => (answer === "" ? undefined : checked({ client_secret: answer })),
    true,
  );
  const scopes = (await question("Scopes (openid offline_access): ")) || "openid offline_access";
  return {
    issuer,
    client_id,
    ...(client_secret === "" ? {} : { client_secret }),
    scopes: scopes.split(/[\s,]+/),
  };
}

function isReference(answer: string): boolean {
  return /^(?:env|cmd|file):./.test(answer);
}

function needsSecret({ kind, auth, secret, oauth }: ProfileDraft): boolean {
  if (kind === "offline" || secret === "keychain" || secret === "store") return kind !== "offline";
  return (
    secret === undefined &&
    auth !== "none" &&
    auth !== "oauth" &&
    !(auth === undefined && oauth !== undefined)
  );
}
