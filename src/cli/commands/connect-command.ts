/** `callsql connect …` and `callsql connections` on the command line: words and flags → what is to be done. */
import { Command } from "commander";
import { fail, type ProfileDraft } from "../../index.ts";
import { gather } from "../options.ts";

export type ConnectAction =
  | { readonly verb: "list" }
  | {
      readonly verb: "add";
      readonly name: string | undefined;
      readonly draft: ProfileDraft;
      readonly hasFlags: boolean;
      /** Read the key or token from standard input. */
      readonly isSecretPiped: boolean;
      readonly isReplacing: boolean;
      readonly isDefault: boolean | undefined;
    }
  | { readonly verb: "show"; readonly name: string | undefined }
  | { readonly verb: "test"; readonly name: string | undefined }
  | {
      readonly verb: "login";
      readonly name: string;
      readonly isDevice: boolean;
      readonly hasBrowser: boolean;
    }
  | { readonly verb: "logout"; readonly name: string }
  | { readonly verb: "default"; readonly name: string }
  | { readonly verb: "remove"; readonly name: string }
  | { readonly verb: "trust"; readonly isYes: boolean };

export interface ConnectInvocation {
  readonly kind: "connect";
  readonly action: ConnectAction;
  readonly isJson: boolean;
}

type Done = (invocation: ConnectInvocation) => void;

/** All commands, for the configuration they share with the others. */
export function connectCommands(done: Done): readonly Command[] {
  const connect = new Command("connect").description("add, show, test, log in to and remove connections");
  const command = (name: string, description: string): Command => {
    const made = new Command(name).description(description).option("--json", "as JSON");
    connect.addCommand(made);
    return made;
  };
  const finish = (made: Command, action: ConnectAction): void =>
    done({ kind: "connect", action, isJson: made.getOptionValue("json") === true });
  const needed = (name: string | undefined, verb: string): string =>
    name ?? fail("cli/usage", { problem: `connect ${verb} takes the name of a connection` });

  const list = command("list", "list the connections, and where their secrets are");
  list.action(() => finish(list, { verb: "list" }));
  const add = addFlags(
    command("add", "add a connection; asks what flags do not say").argument("[name]", "its name"),
  );
  add.action((name: string | undefined) => finish(add, addAction(name, add)));
  const show = command("show", "every setting and where it comes from; secrets are masked").argument(
    "[name]",
  );
  show.action((name: string | undefined) => finish(show, { verb: "show", name }));
  const test = command("test", "latency, models and procedures of a server; costs nothing").argument(
    "[name]",
  );
  test.action((name: string | undefined) => finish(test, { verb: "test", name }));
  const login = command("login", "log in by OAuth 2.0, in the browser or with a code").argument("[name]");
  login
    .option("--device", "show a code for a browser on another machine")
    .option("--no-browser", "only print the address");
  login.action((name: string | undefined) =>
    finish(login, {
      verb: "login",
      name: needed(name, "login"),
      isDevice: login.getOptionValue("device") === true,
      hasBrowser: login.getOptionValue("browser") === true,
    }),
  );
  const logout = command("logout", "forget the tokens, and have the provider take them back").argument(
    "[name]",
  );
  logout.action((name: string | undefined) =>
    finish(logout, { verb: "logout", name: needed(name, "logout") }),
  );
  const standard = command("default", "make a connection the one that is used").argument("[name]");
  standard.action((name: string | undefined) =>
    finish(standard, { verb: "default", name: needed(name, "default") }),
  );
  const remove = command("remove", "remove a connection and its secrets").argument("[name]");
  remove.action((name: string | undefined) =>
    finish(remove, { verb: "remove", name: needed(name, "remove") }),
  );
  const trust = command("trust", "read the project's callsql.toml from now on, until it changes").option(
    "--yes",
    "without asking",
  );
  trust.action(() => finish(trust, { verb: "trust", isYes: trust.getOptionValue("yes") === true }));
  const connections = new Command("connections")
    .description("list the connections: as connect list")
    .option("--json", "as JSON");
  connections.action(() => finish(connections, { verb: "list" }));
  return [connect, ...connect.commands, connections];
}

const purposes = "text, image, embedding, moderation, transcription, translation or speech";

function addFlags(add: Command): Command {
  return add
    .option("--kind <kind>", "openai (also for compatible servers, the default) or offline")
    .option("--base-url <url>", "as https://api.openai.com/v1; a server alone means its /v1")
    .option("--auth <method>", "api-key (the default), token, oauth or none")
    .option(
      "--secret <place>",
      "where the key or token is: env:NAME, cmd:COMMAND, file:PATH, keychain or store",
    )
    .option("--secret-stdin", "read the key or token from standard input and keep it")
    .option("--organization <id>", "OpenAI-Organization")
    .option("--project <id>", "OpenAI-Project")
    .option(
      "--header <name=value>",
      "sent with every request; the value may be env:NAME and the like",
      gather,
    )
    .option("--api-version <version>", "Azure's paths and its api-key header")
    .option("--deployment <model=name>", "Azure's deployment of a model", gather)
    .option("--ca-file <file>", "certificates (PEM) to trust beside the usual ones")
    .option("--attempt-timeout <seconds>", "of one attempt")
    .option("--pack-max <n>", "texts that may share one request")
    .option("--default-model <purpose=model>", purposes, gather)
    .option("--default-parameter <procedure.parameter=value>", "where a call gives none", gather)
    .option("--issuer <url>", "OAuth: where its provider is discovered")
    .option("--client-id <id>", "OAuth")
    .option("--client-secret <place>", "OAuth: where it is, as --secret has it")
    .option("--scope <scope>", "OAuth; repeatable", gather)
    .option("--audience <audience>", "OAuth")
    .option("--authorization-endpoint <url>", "OAuth, where nothing is discovered")
    .option("--token-endpoint <url>", "OAuth, where nothing is discovered")
    .option("--device-authorization-endpoint <url>", "OAuth, where nothing is discovered")
    .option("--revocation-endpoint <url>", "OAuth, where nothing is discovered")
    .option("--redirect-port <port>", "OAuth: of the loopback redirect; any free one by default")
    .option("--replace", "put it in the place of one of that name")
    .option("--default", "make it the default")
    .option("--no-default", "do not make it the default");
}

interface AddFlags {
  readonly kind?: string;
  readonly baseUrl?: string;
  readonly auth?: string;
  readonly secret?: string;
  readonly secretStdin?: boolean;
  readonly organization?: string;
  readonly project?: string;
  readonly header?: readonly string[];
  readonly apiVersion?: string;
  readonly deployment?: readonly string[];
  readonly caFile?: string;
  readonly attemptTimeout?: string;
  readonly packMax?: string;
  readonly defaultModel?: readonly string[];
  readonly defaultParameter?: readonly string[];
  readonly issuer?: string;
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly scope?: readonly string[];
  readonly audience?: string;
  readonly authorizationEndpoint?: string;
  readonly tokenEndpoint?: string;
  readonly deviceAuthorizationEndpoint?: string;
  readonly revocationEndpoint?: string;
  readonly redirectPort?: string;
  readonly replace?: boolean;
  readonly default?: boolean;
}

function addAction(name: string | undefined, add: Command): ConnectAction {
  const flags = add.opts<AddFlags>();
  const { json: _, ...given } = add.opts<Record<string, unknown>>();
  const isDefaultGiven = add.getOptionValueSource("default") === "cli";
  return {
    verb: "add",
    name,
    draft: draftOf(flags),
    hasFlags: Object.keys(given).some((flag) => add.getOptionValueSource(flag) === "cli"),
    isSecretPiped: flags.secretStdin === true,
    isReplacing: flags.replace === true,
    isDefault: isDefaultGiven ? flags.default === true : undefined,
  };
}

/** What is no profile is said by whoever checks it: a wrong word is passed on as it is. */
function draftOf(flags: AddFlags): ProfileDraft {
  const oauth = present({
    issuer: flags.issuer,
    client_id: flags.clientId,
    client_secret: flags.clientSecret,
    scopes: flags.scope,
    audience: flags.audience,
    authorization_endpoint: flags.authorizationEndpoint,
    token_endpoint: flags.tokenEndpoint,
    device_authorization_endpoint: flags.deviceAuthorizationEndpoint,
    revocation_endpoint: flags.revocationEndpoint,
    redirect_port: numberOf(flags.redirectPort, "--redirect-port"),
  });
  return readDraft(
    present({
      kind: flags.kind ?? "openai",
      base_url: flags.baseUrl,
      auth: flags.auth,
      secret: flags.secret,
      organization: flags.organization,
      project: flags.project,
      api_version: flags.apiVersion,
      ca_file: flags.caFile,
      timeout: numberOf(flags.attemptTimeout, "--attempt-timeout"),
      pack_max: numberOf(flags.packMax, "--pack-max"),
      headers: pairs(flags.header, "--header", "NAME=VALUE"),
      deployments: pairs(flags.deployment, "--deployment", "MODEL=NAME"),
      models: pairs(flags.defaultModel, "--default-model", "PURPOSE=MODEL"),
      parameters: parametersOf(flags.defaultParameter),
      oauth: Object.keys(oauth).length === 0 ? undefined : oauth,
    }),
  );
}

function present(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function numberOf(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (text.trim() === "" || Number.isNaN(number))
    fail("cli/usage", { problem: `${option} takes a number, not "${text}"` });
  return number;
}

function pairs(
  texts: readonly string[] | undefined,
  option: string,
  form: string,
): Record<string, string> | undefined {
  if (texts === undefined) return undefined;
  const read = texts.map((text) => {
    const { name, value } = /^(?<name>[^=]+)=(?<value>.*)$/s.exec(text)?.groups ?? {};
    if (name === undefined || value === undefined)
      return fail("cli/not-an-assignment", { option, text, form });
    return [name, value] as const;
  });
  return Object.fromEntries(read);
}

/** `GenerateResponse.Temperature=0.2`: numbers are what they look like. */
function parametersOf(
  texts: readonly string[] | undefined,
): Record<string, Record<string, unknown>> | undefined {
  const option = "--default-parameter";
  const form = "PROCEDURE.PARAMETER=VALUE";
  const given = pairs(texts, option, form);
  if (given === undefined) return undefined;
  const parameters: Record<string, Record<string, unknown>> = {};
  for (const [path, text] of Object.entries(given)) {
    const [procedure, parameter, more] = path.split(".");
    if (procedure === undefined || parameter === undefined || more !== undefined)
      return fail("cli/not-an-assignment", { option, text: `${path}=${text}`, form });
    (parameters[procedure] ??= {})[parameter] = typed(text);
  }
  return parameters;
}

function typed(text: string): unknown {
  return text.trim() !== "" && !Number.isNaN(Number(text)) ? Number(text) : text;
}

function readDraft(fields: Readonly<Record<string, unknown>>): ProfileDraft {
  return fields;
}
