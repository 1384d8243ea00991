/** `callsql connect …`, `callsql connections`: what is done and shown; the questions are in connect-questions.ts. */
import { spawn } from "node:child_process";
import {
  addConnection,
  checkConnection,
  describeConnection,
  fail,
  listConnections,
  loginConnection,
  logoutConnection,
  noteText,
  procedures,
  projectProfiles,
  removeConnection,
  setDefaultConnection,
  trustProjectProfiles,
  type ConnectionCheck,
  type LoginStep,
} from "../../index.ts";
import type { Surroundings } from "../batch.ts";
import type { Options } from "../options.ts";
import { printQuery } from "../print-query.ts";
import { count } from "../quantity.ts";
import { listenForStop, type Stop } from "../stop.ts";
import { readStdin } from "../texts.ts";
import type { ConnectAction, ConnectInvocation } from "./connect-command.ts";
import { askForConnection, isAgreed } from "./connect-questions.ts";

type Adding = Extract<ConnectAction, { verb: "add" }>;

interface Desk {
  readonly surroundings: Surroundings;
  readonly options: Options;
  readonly isJson: boolean;
  readonly stop: Stop;
}

/** The exit code. */
export async function runConnect(
  { action, isJson, options }: ConnectInvocation & { readonly options: Options },
  surroundings: Surroundings,
): Promise<number> {
  const stop = listenForStop(surroundings.terminal);
  try {
    await perform(action, { surroundings, options, isJson, stop });
    return stop.exitCode ?? 0;
  } catch (error) {
    if (stop.exitCode !== undefined) return stop.exitCode;
    throw error;
  } finally {
    stop.release();
  }
}

async function perform(action: ConnectAction, desk: Desk): Promise<void> {
  const { terminal, reporter } = desk.surroundings;
  const place = { env: terminal.env };
  switch (action.verb) {
    case "list": {
      const listed = await listConnections(place);
      await show(desk, listColumns, listed);
      await noteProject(desk);
      return;
    }
    case "add":
      return add(action, desk);
    case "show": {
      const name = action.name ?? desk.options.connection ?? (await defaultName(desk));
      return show(desk, settingColumns, await describeConnection(name, place));
    }
    case "test":
      return test(action.name, desk);
    case "login":
      return login(action, desk);
    case "logout":
      await logoutConnection(action.name, place);
      return reporter.note("logged-out", { name: action.name });
    case "default":
      await setDefaultConnection(action.name, place);
      return reporter.note("connection-default", { name: action.name });
    case "remove":
      await removeConnection(action.name, place);
      return reporter.note("connection-removed", { name: action.name });
    case "trust":
      return trust(action.isYes, desk);
  }
}

const listColumns = {
  name: "name",
  default: "iif(row ->> 'isDefault', 'default', '')",
  kind: "kind",
  base_url: "coalesce(row ->> 'baseUrl', '')",
  auth: "coalesce(row ->> 'auth', '')",
  secret: "coalesce(row ->> 'secret', '')",
  from: "place",
};
const settingColumns = { setting: "name", value: "value", source: "source" };
const checkColumns = {
  procedure: "procedure",
  endpoint: "endpoint",
  state: "state",
  ms: "latencyMs",
  detail: "detail",
};

/** Rows of ours as any result is printed. A column is a field of the row, or an expression over it. */
async function show(
  { surroundings, options, isJson, stop }: Desk,
  columns: Readonly<Record<string, string>>,
  rows: readonly object[],
): Promise<void> {
  const list = Object.entries(columns).map(([column, from]) => {
    const value = /^\w+$/.test(from) ? `row ->> '${from}'` : from;
    return `${value} AS "${column}"`;
  });
  const sql = `SELECT ${list.join(", ")} FROM (SELECT value AS row FROM json_each(:rows))`;
  await using session = await surroundings.openSession({ env: surroundings.terminal.env });
  const binds = { rows: JSON.stringify(rows) };
  await printQuery(session, { sql, binds, isJson }, { ...surroundings, options, signal: stop.signal });
}

async function add(action: Adding, desk: Desk): Promise<void> {
  const { terminal, reporter } = desk.surroundings;
  const piped = action.isSecretPiped ? (await readStdin(terminal)).text.trim() : undefined;
  if (piped === "") fail("connect/no-secret-given", {});
  const { env } = terminal;
  const taken = action.isReplacing || !terminal.stdin.isTTY ? [] : await profileNames(env);
  const asked = await askForConnection({ ...action, secret: piped, taken }, terminal);
  if (asked === undefined) return reporter.note("connection-not-added", {});
  const { name, draft, secret } = asked;
  const added = await addConnection(name, draft, {
    env,
    isReplacing: action.isReplacing || asked.isReplacing,
    ...(secret === undefined ? {} : { secret }),
    ...(action.isDefault === undefined ? {} : { isDefault: action.isDefault }),
  });
  const { file, isDefault, profile } = added;
  const secretPlace = profile.secret === undefined ? {} : { secret: profile.secret };
  await reporter.note("connection-added", { name, file, isDefault, ...secretPlace });
  if (asked.next === "login") return login({ verb: "login", name, isDevice: false, hasBrowser: true }, desk);
  if (asked.next === "test") return test(name, desk);
  if (draft.oauth !== undefined) await reporter.note("login-next", { name });
}

async function profileNames(env: Surroundings["terminal"]["env"]): Promise<readonly string[]> {
  const listed = await listConnections({ env });
  return listed.filter(({ place }) => !["environment", "shipped"].includes(place)).map(({ name }) => name);
}

async function login(
  { name, isDevice, hasBrowser }: Extract<ConnectAction, { verb: "login" }>,
  { surroundings: { terminal, reporter }, stop }: Desk,
): Promise<void> {
  const { signal } = stop;
  const onStep = (step: LoginStep): void => {
    const code = step.kind === "device" ? { code: step.code } : {};
    void reporter.note("login-open", { url: step.url, ...code });
    if (step.kind === "browser" && hasBrowser && terminal.stdin.isTTY) openBrowser(step.url);
  };
  await loginConnection(name, { env: terminal.env, isDevice, onStep, signal });
  await reporter.note("logged-in", { name });
}

/** Where no browser opens, the address has been printed. */
function openBrowser(url: string): void {
  const openers: Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>> = {
    darwin: ["open"],
    win32: ["rundll32", "url.dll,FileProtocolHandler"],
  };
  const [command, ...args] = openers[process.platform] ?? ["xdg-open"];
  const child = spawn(command, [...args, url], { stdio: "ignore", detached: true });
  child.on("error", () => {});
  child.unref();
}

async function test(name: string | undefined, desk: Desk): Promise<void> {
  const { terminal, reporter } = desk.surroundings;
  await reporter.note("connection-checking", {});
  const wanted = name ?? desk.options.connection;
  const check = await checkConnection(wanted, { env: terminal.env, signal: desk.stop.signal });
  await show(desk, checkColumns, checkRows(check));
  await reporter.note("connection-checked", { ...check, models: modelsText(check) });
  if (check.models === undefined && check.endpoints.every(({ state }) => state === "missing"))
    fail("connect/no-api", { identity: check.identity });
}

/** One row a procedure: those are what people call. */
function checkRows({ endpoints }: ConnectionCheck): readonly object[] {
  return procedures.map(({ name, endpoint }) => ({
    procedure: name,
    ...endpoints.find((check) => check.endpoint === endpoint),
  }));
}

function modelsText({ models, modelsProblem }: ConnectionCheck): string {
  if (models === undefined) return noteText("models-unlisted", { problem: modelsProblem });
  const shown = models.slice(0, 8).join(", ");
  return `${count(models.length, "model")}: ${shown}${models.length > 8 ? ", …" : ""}`;
}

async function trust(isYes: boolean, desk: Desk): Promise<void> {
  const { terminal, reporter } = desk.surroundings;
  const { env } = terminal;
  const found = await projectProfiles({ env });
  if (found !== undefined && !found.isTrusted && !isYes) {
    await reporter.say(found.text);
    const question = `${found.file} can run commands and choose where prompts go. Read it from now on? [y/N] `;
    if (!(await isAgreed(terminal, question, false))) return reporter.note("project-not-read", {});
  }
  const { file } = await trustProjectProfiles({ env });
  await reporter.note("project-read", { file });
}

async function noteProject({ surroundings: { terminal, reporter } }: Desk): Promise<void> {
  const project = await projectProfiles({ env: terminal.env });
  if (project?.isTrusted === false) await reporter.note("project-untrusted", { file: project.file });
}

async function defaultName({ surroundings }: Desk): Promise<string> {
  const listed = await listConnections({ env: surroundings.terminal.env });
  return listed.find(({ isDefault }) => isDefault)?.name ?? fail("connect/none", {});
}
