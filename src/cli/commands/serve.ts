/** `callsql serve [DB]`: the Execute Command backend, until it is asked to stop. */
import { join } from "node:path";
import { readSetting, type Surroundings } from "../batch.ts";
import type { Options } from "../options.ts";
import { ledgerFile, stateFolder } from "../state-folder.ts";
import { listenForStop } from "../stop.ts";
import { numberOf, type ServeFlags, type TokenRequest } from "./serve-command.ts";

interface ServeRequest {
  readonly database?: string;
  readonly flags: ServeFlags;
  readonly options: Options;
}

/** The exit code: a server that was asked to stop has done its work. */
export async function runServe(request: ServeRequest, { terminal, reporter }: Surroundings): Promise<number> {
  const { flags, options, database = options.database } = request;
  // hono and its company are nobody else's to load.
  const { startPipe, startServer } = await import("../../server/serve.ts");
  const stop = listenForStop(terminal);
  const engine = {
    ...flags.server,
    ...(database === undefined ? {} : { database }),
    ...(options.connection === undefined ? {} : { connection: options.connection }),
    ...(options.models === undefined ? {} : { models: options.models }),
    ledger: ledgerFile(options, terminal),
    env: terminal.env,
    settings: options.settings.map(readSetting),
  };
  try {
    if (flags.isPipe) {
      const write = (text: string): Promise<void> => terminal.stdout.write(text);
      await startPipe({ ...engine, input: terminal.stdin.read(), write, signal: stop.signal });
      return stop.exitCode ?? 0;
    }
    const server = await startServer({
      ...engine,
      tokenFile: flags.tokenFile ?? join(stateFolder(terminal), "tokens.json"),
      log: (line) => void terminal.stderr.write(`${line}\n`).catch(() => undefined),
    });
    await reporter.note("listening", { url: server.url });
    await new Promise<void>((resolve) => {
      if (stop.signal.aborted) resolve();
      else stop.signal.addEventListener("abort", () => resolve(), { once: true });
    });
    await server.close();
    return 0;
  } finally {
    stop.release();
  }
}

/** The exit code. */
export async function runServeToken(
  request: TokenRequest,
  { terminal, reporter }: Surroundings,
): Promise<number> {
  const { TokenStore } = await import("../../server/tokens.ts");
  const file = request.tokenFile ?? join(stateFolder(terminal), "tokens.json");
  const store = new TokenStore(file);
  switch (request.action) {
    case "create": {
      const { name, limits, expiresInDays } = request;
      const days = expiresInDays === undefined ? undefined : numberOf("--expires", expiresInDays, { min: 0 });
      const expiresAt = days === undefined ? undefined : new Date(Date.now() + days * 86_400_000);
      const token = store.create(name, limits, expiresAt);
      await terminal.stdout.write(`${token}\n`);
      await reporter.note("token-made", { name, file });
      return 0;
    }
    case "list": {
      const tokens = store.list().map(({ name, createdAt, expiresAt, limits }) => ({
        name,
        createdAt,
        expiresAt,
        ...limits,
      }));
      const lines = request.isJson
        ? [JSON.stringify(tokens, undefined, 2)]
        : tokens.map(({ name, ...facts }) => `${name}  ${factsText(facts)}`);
      await terminal.stdout.write(lines.map((line) => `${line}\n`).join(""));
      return 0;
    }
    case "revoke":
      store.revoke(request.name);
      await reporter.note("token-revoked", { name: request.name });
      return 0;
  }
}

function factsText(facts: Readonly<Record<string, unknown>>): string {
  return Object.entries(facts)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${Array.isArray(value) ? value.join(",") : String(value)}`)
    .join("  ");
}
