/** The flags of `callsql serve` and `callsql serve token`, as plain data. */
import { Command } from "commander";
import { availableParallelism } from "node:os";
import { fail } from "../../index.ts";
import type { ServeOptions } from "../../server/serve.ts";
import type { TokenLimits } from "../../server/tokens.ts";
import { gather } from "../options.ts";

export interface ServeFlags {
  readonly server: Omit<ServeOptions, "ledger" | "env" | "settings" | "tokenFile" | "log" | "database">;
  readonly tokenFile?: string;
  /** Standard input and output instead of a network. */
  readonly isPipe: boolean;
}

export type TokenRequest = { readonly tokenFile?: string } & (
  | {
      readonly action: "create";
      readonly name: string;
      readonly limits: TokenLimits;
      readonly expiresInDays?: string;
    }
  | { readonly action: "list"; readonly isJson: boolean }
  | { readonly action: "revoke"; readonly name: string }
);

export type ServeInvocation =
  | { readonly kind: "serve"; readonly database?: string; readonly flags: ServeFlags }
  | { readonly kind: "serve-token"; readonly request: TokenRequest };

/** All commands, for the configuration they share with the others. */
export function serveCommands(done: (invocation: ServeInvocation) => void): readonly Command[] {
  const serve = new Command("serve")
    .description("answer statements over HTTP: the Execute Command of a data flow")
    .argument("[database]", "SQLite file; without one, statements see no tables")
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--port <n>", "port; 0: any free one", "7447")
    .option("--tokens <file>", "token file (default: callsql/tokens.json in the state directory)")
    .option("--no-auth", "ask for no token; on the loopback interface only")
    .option("--behind-proxy", "listen on other addresses too: a proxy in front speaks TLS")
    .option("--allow-host <name>", "a name the server is reached by; repeatable", gather)
    .option("--allow-origin <origin>", "let web pages of this origin ask; repeatable", gather)
    .option("--pipe", "answer lines of JSON on standard input instead of listening")
    .option("--writable", "let statements write the database")
    .option("--max-body <megabytes>", "size of a request's body, or of one line of rows", "2")
    .option("--max-rows <n>", "rows of one result", "100000")
    .option("--max-requests <n>", "requests at once", "4096")
    .option("--timeout <seconds>", "time for a request", "120")
    .option("--sql-timeout <seconds>", "time SQLite may work on a statement; calls do not count", "5")
    .option("--sql-memory <megabytes>", "memory of a statement's process", "512")
    .option("--sql-processes <n>", "processes that run statements", String(2 * availableParallelism()))
    .option("--drain <seconds>", "time for requests to end when the server is stopped", "10");
  serve.action((database: string | undefined) => {
    const flags = flagsOf(serve.opts());
    done({ kind: "serve", flags, ...(database === undefined ? {} : { database }) });
  });
  const finish = (request: TokenRequest): void => done({ kind: "serve-token", request });

  const token = serve.command("token").description("make, list and revoke tokens");
  const file = (command: Command): { tokenFile?: string } => {
    const given = text(command.optsWithGlobals(), "tokens");
    return given === undefined ? {} : { tokenFile: given };
  };
  const create = token
    .command("create")
    .description("make a token and print it, once")
    .argument("<name>", "what the token is called in logs and lists")
    .option("--max-cost <usd>", "USD that requests with it may cost")
    .option("--max-rows <n>", "rows of one result")
    .option("--rate <n>", "requests a minute")
    .option("--procedures <names>", "procedures it may call, separated by commas")
    .option("--connections <names>", "connections it may choose, separated by commas")
    .option("--expires <days>", "days until it is no longer taken");
  create.action((name: string) => {
    const expiresInDays = text(create.opts(), "expires");
    finish({
      action: "create",
      name,
      limits: limitsOf(givenTo(create)),
      ...file(create),
      ...(expiresInDays === undefined ? {} : { expiresInDays }),
    });
  });
  const list = token.command("list").description("list tokens").option("--json", "as JSON");
  list.action(() => finish({ action: "list", isJson: list.opts()["json"] === true, ...file(list) }));
  const revoke = token
    .command("revoke")
    .description("revoke a token; a running server knows within a second")
    .argument("<name>", "token");
  revoke.action((name: string) => finish({ action: "revoke", name, ...file(revoke) }));
  return [serve, token, create, list, revoke];
}

type Given = Readonly<Record<string, unknown>>;

function text(given: Given, name: string): string | undefined {
  const value = given[name];
  return typeof value === "string" ? value : undefined;
}

function texts(given: Given, name: string): readonly string[] {
  return (given[name] ?? []) as readonly string[];
}

function flagsOf(given: Given): ServeFlags {
  const number = (name: string, flag: string, range: Range): number =>
    numberOf(flag, text(given, name) ?? "", range);
  const tokenFile = text(given, "tokens");
  return {
    ...(tokenFile === undefined ? {} : { tokenFile }),
    isPipe: given["pipe"] === true,
    server: {
      host: text(given, "host") ?? "127.0.0.1",
      port: number("port", "--port", { min: 0, max: 65_535, isWhole: true }),
      isOpen: given["auth"] === false,
      isBehindProxy: given["behindProxy"] === true,
      isWritable: given["writable"] === true,
      hosts: texts(given, "allowHost").map((name) => name.toLowerCase()),
      origins: texts(given, "allowOrigin"),
      limits: {
        bytesMax: Math.round(number("maxBody", "--max-body", { min: 0.001, max: 1024 }) * 2 ** 20),
        arrivalMs: 10_000,
        rowsMax: number("maxRows", "--max-rows", { min: 1, isWhole: true }),
        answerMax: 64 * 2 ** 20,
        requestMs: number("timeout", "--timeout", { min: 0.001, max: 86_400 }) * 1000,
        requestsMax: number("maxRequests", "--max-requests", { min: 1, isWhole: true }),
      },
      sql: {
        ms: number("sqlTimeout", "--sql-timeout", { min: 0.001, max: 86_400 }) * 1000,
        memoryMax: number("sqlMemory", "--sql-memory", { min: 128 }) * 2 ** 20,
        processesMax: number("sqlProcesses", "--sql-processes", { min: 1, max: 256, isWhole: true }),
      },
      drainMs: number("drain", "--drain", { min: 0, max: 3600 }) * 1000,
    },
  };
}

/** `--max-cost`, `--max-rows` and `--procedures` are options of the commands around it, too, and commander gives them to the outermost. */
function givenTo(command: Command): Record<string, unknown> {
  const isGiven = (name: string): boolean => command.getOptionValueSourceWithGlobals(name) !== "default";
  return Object.fromEntries(Object.entries(command.optsWithGlobals()).filter(([name]) => isGiven(name)));
}

function limitsOf(given: Given): TokenLimits {
  const number = (name: string, flag: string, range: Range): number | undefined => {
    const value = text(given, name);
    return value === undefined ? undefined : numberOf(flag, value, range);
  };
  const names = (name: string): readonly string[] | undefined =>
    (text(given, name) ?? (given[name] === undefined ? undefined : texts(given, name).join(",")))
      ?.split(",")
      .map((part) => part.trim())
      .filter((part) => part !== "");
  const limits: { -readonly [K in keyof TokenLimits]: TokenLimits[K] | undefined } = {
    maxCost: number("maxCost", "--max-cost", { min: 0 }),
    maxRows: number("maxRows", "--max-rows", { min: 1, isWhole: true }),
    rate: number("rate", "--rate", { min: 0 }),
    procedures: names("procedures"),
    connections: names("connections"),
  };
  const set = Object.entries(limits).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set);
}

interface Range {
  readonly min: number;
  readonly max?: number;
  readonly isWhole?: boolean;
}

/** Throws serve/bad-limit. */
export function numberOf(option: string, value: string, { min, max = Infinity, isWhole }: Range): number {
  const number = value.trim() === "" ? NaN : Number(value);
  if (number >= min && number <= max && (isWhole !== true || Number.isInteger(number))) return number;
  const kind = isWhole === true ? "a whole number" : "a number";
  const expected = `${kind} from ${min}${max === Infinity ? "" : ` to ${max}`}`;
  return fail("serve/bad-limit", { option, value, expected });
}
