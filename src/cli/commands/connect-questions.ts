/** What `callsql connect add` asks on a terminal. Asks only for what flags did not say, and nothing at all elsewhere. */
import { fail, type ProfileDraft } from "../../index.ts";
import type { Terminal } from "../terminal.ts";

export interface Known {
  readonly name: string | undefined;
  readonly draft: ProfileDraft;
  readonly hasFlags: boolean;
  readonly secret: string | undefined;
}

export interface Answers {
  readonly name: string;
  readonly draft: ProfileDraft;
  readonly secret: string | undefined;
  readonly isTestWanted: boolean;
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
  if (!canAsk) return { name: known.name ?? "", draft, secret, isTestWanted: false };
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

async function ask({ name, draft, hasFlags, secret }: Known, terminal: Terminal): Promise<Answers> {
  const question = async (text: string, isHidden = false): Promise<string> => {
    const answer = await terminal.ask(text, { isHidden });
    if (answer === undefined) throw new Left();
    return answer.trim();
  };
  const given = name ?? ((await question("Name (openai): ")) || "openai");
  const asked = hasFlags ? draft : { ...draft, ...(await askSettings(question)) };
  if (!needsSecret(asked) || secret !== undefined)
    return { name: given, draft: asked, secret, isTestWanted: false };
  const what = asked.auth === "token" ? "Token" : "API key";
  for (;;) {
    const key = await question(`${what} (not shown; or env:NAME, cmd:COMMAND, file:PATH): `, true);
    if (key === "") continue;
    const isReference = /^(?:env|cmd|file):./.test(key);
    const isTestWanted =
      !hasFlags && (await isAgreed(terminal, "Test it now? It costs nothing. [Y/n] ", true));
    return isReference
      ? { name: given, draft: { ...asked, secret: key }, secret: undefined, isTestWanted }
      : { name: given, draft: asked, secret: key, isTestWanted };
  }
}

async function askSettings(question: (text: string) => Promise<string>): Promise<Partial<ProfileDraft>> {
  const url = await question("Base URL (https://api.openai.com/v1): ");
  const methods = ["api-key", "token", "none"] as const;
  const chosen = await question("Authentication: 1 API key, 2 bearer or service-account token, 3 none (1): ");
  const auth = methods[Number(chosen === "" ? 1 : chosen) - 1] ?? "api-key";
  const settings = { ...(url === "" ? {} : { base_url: url }), ...(auth === "api-key" ? {} : { auth }) };
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

function needsSecret({ kind, auth, secret, oauth }: ProfileDraft): boolean {
  if (kind === "offline" || secret === "keychain" || secret === "store") return kind !== "offline";
  return (
    secret === undefined &&
    auth !== "none" &&
    auth !== "oauth" &&
    !(auth === undefined && oauth !== undefined)
  );
}
