/** The prompt's session: opened, exchanged for another, and asked where its calls go. */
import { DiagnosticError, fail, listConnections, suggest, type Session } from "../../index.ts";
import { ledgerFile } from "../state-folder.ts";
import type { Context } from "./context.ts";

export function openSessionFor(
  { openSession, options, terminal }: Pick<Context, "openSession" | "options" | "terminal">,
  database: string,
): Promise<Session> {
  return openSession({
    env: terminal.env,
    files: true,
    ledger: ledgerFile(options, terminal),
    readonly: options.isReadonly,
    database,
    ...(options.connection === undefined ? {} : { connection: options.connection }),
    ...(options.models === undefined ? {} : { models: options.models }),
  });
}

/** The database at hand is left only when the other one is open. */
export async function openDatabase(context: Context, database: string): Promise<void> {
  const session = await openSessionFor(context, database);
  await context.session.close();
  context.session = session;
  context.database = database;
}

const shipped: readonly string[] = ["openai", "offline"];

/** Names there are to choose from; of profiles that cannot be read, those there are without. */
export async function connectionNames(context: Pick<Context, "terminal">): Promise<readonly string[]> {
  try {
    return await listedNames(context);
  } catch (error) {
    if (error instanceof DiagnosticError) return shipped;
    throw error;
  }
}

/**
 * SET takes any name, and the first call says that there is none; at the prompt somebody waits. Throws connect/unknown, and
 * what reading the profiles throws.
 */
export async function checkConnectionName(context: Pick<Context, "terminal">, name: string): Promise<void> {
  if (shipped.includes(name)) return;
  const names = await listedNames(context);
  if (!names.includes(name)) fail("connect/unknown", { name, names, suggestion: suggest(name, names) });
}

async function listedNames({ terminal }: Pick<Context, "terminal">): Promise<readonly string[]> {
  const listed = await listConnections({ env: terminal.env });
  return [...new Set([...listed.map(({ name }) => name), ...shipped])];
}

/** By name: what SET says, else the command line, else the environment; undefined: none. */
export async function connectionOf({ session, options, terminal }: Context): Promise<string | undefined> {
  const rows = await (await session.execute("SHOW OPTIONS")).all();
  const set = rows.find(({ option }) => option === "connection")?.["value"];
  if (typeof set === "string") return set;
  const hasKey = (terminal.env["OPENAI_API_KEY"] ?? "").trim() !== "";
  return options.connection ?? (hasKey ? "openai" : undefined);
}
