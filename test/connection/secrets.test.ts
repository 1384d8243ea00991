/** Where keys and tokens come from: files and commands, plain and with an end; the keychain, with a stand-in that answers. */
import { chmod, mkdtemp, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import {
  addConnection,
  describeConnection,
  listConnections,
  removeConnection,
} from "../../src/connection/profiles/manage.ts";
import { runCommand } from "../../src/connection/secrets/run-command.ts";
import { openSession } from "../../src/open-session.ts";
import { DiagnosticError } from "../../src/index.ts";
import { faults, startOpenAIServer, type OpenAIServer } from "../support/openai-server.ts";

/** What the stand-in keychain holds, by account; `locked` ones throw, as a keychain does whose owner said no. */
const keychain = vi.hoisted(() => ({ kept: new Map<string, string>(), isLocked: false, isThere: true }));

vi.mock("@napi-rs/keyring", () => ({
  AsyncEntry: class {
    readonly #account: string;
    constructor(_service: string, account: string) {
      if (!keychain.isThere) throw new Error("no session bus");
      this.#account = account;
    }
    async getPassword() {
      return keychain.kept.get(this.#account);
    }
    async setPassword(secret: string) {
      if (keychain.isLocked) throw new Error("the collection is locked");
      keychain.kept.set(this.#account, secret);
    }
    async deleteCredential() {
      return keychain.kept.delete(this.#account);
    }
  },
}));

let folder: string;
let env: Record<string, string>;
let server: OpenAIServer;

beforeAll(async () => {
  server = await startOpenAIServer();
});
afterAll(() => server.close());
beforeEach(async () => {
  server.reset();
  folder = await mkdtemp(join(tmpdir(), "callsql-secrets-"));
  env = { HOME: folder, CALLSQL_KEYCHAIN: "off", PATH: process.env["PATH"] ?? "" };
  Object.assign(keychain, { isLocked: false, isThere: true });
  keychain.kept.clear();
});
afterEach(() => vi.useRealTimers());

const place = () => ({ env, folder });
const keysSent = (): string[] =>
  server.requests.map(({ headers }) => String(headers["authorization"]).replace("Bearer ", ""));

/** Calls once for each text, one after the other, with a secret from there. */
async function callWith(secret: string, texts: readonly string[] = ["a"]): Promise<void> {
  await addConnection("w", { base_url: server.url, secret }, { ...place(), isReplacing: true });
  await using session = await openSession({ env, connection: "w" });
  for (const text of texts) await session.execute("CALL ModerateText(:text)", { text });
}

async function failureWith(secret: string): Promise<DiagnosticError> {
  const error: unknown = await callWith(secret).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof DiagnosticError)) throw new Error(`no DiagnosticError: ${String(error)}`);
  return error;
}

const write = async (name: string, text: string): Promise<string> => {
  await writeFile(join(folder, name), text);
  return `file:${join(folder, name)}`;
};

/** A command that counts how often it was run, and prints what the count makes of it. */
async function counting(
  script: string,
): Promise<{ readonly reference: string; readonly runs: () => Promise<number> }> {
  const counted = join(folder, "runs");
  await writeFile(
    join(folder, "token.sh"),
    `#!/bin/sh\necho run >> '${counted}'\nN=$(wc -l < '${counted}')\n${script}\n`,
  );
  await chmod(join(folder, "token.sh"), 0o700);
  const runs = async (): Promise<number> =>
    (await readFile(counted, "utf8").catch(() => "")).split("\n").length - 1;
  return { reference: `cmd:'${join(folder, "token.sh")}'`, runs };
}

const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;
const jwt = (exp: number): string => {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none" })}.${part({ exp })}.c2lnbmF0dXJl`;
};

describe("what is printed or written may be", () => {
  test.each([
    ["a bare token", "token-plain-1", "token-plain-1"],
    ["one with newlines around it", "\n token-plain-1\r\n\n", "token-plain-1"],
    ["JSON with access_token", '{"access_token": "token-json-1", "expires_in": 3600}', "token-json-1"],
    [
      "JSON with accessToken, as Azure's tool has it",
      '{"accessToken":"token-az-1","expiresOn":"2999-01-01 10:00:00"}',
      "token-az-1",
    ],
    ["JSON with token", '{"token":"token-json-2","expiration":"2999-01-01T00:00:00Z"}', "token-json-2"],
    ["JSON with key", '{"key":"token-json-3"}', "token-json-3"],
    ["digits, which are JSON too", "1234567890123456", "1234567890123456"],
  ])("%s", async (_, text, token) => {
    await callWith(await write("token", text));
    await callWith(`cmd:cat '${join(folder, "token")}'`, ["b"]);
    expect(keysSent()).toEqual([token, token]);
  });
});

describe("a file", () => {
  test("is read again, once, when the service refuses what it held", async () => {
    const reference = await write("token", "token-of-before");
    await addConnection("w", { base_url: server.url, secret: reference }, place());
    await using session = await openSession({ env, connection: "w" });
    await session.execute("CALL ModerateText('a')");
    await write("token", "token-of-now\n");
    await session.execute("CALL ModerateText('b')");
    server.script(faults.unauthorized("token-of-before", { when: 3 }));
    await session.execute("CALL ModerateText('c')");
    await session.execute("CALL ModerateText('d')");
    expect(keysSent()).toEqual([
      "token-of-before",
      "token-of-before",
      "token-of-before",
      "token-of-now",
      "token-of-now",
    ]);
  });

  test("that still holds what was refused is not tried again", async () => {
    server.script(faults.unauthorized("token-of-before"));
    const error = await failureWith(await write("token", "token-of-before"));
    expect(error.code).toBe("connect/refused");
    expect(error.message).not.toContain("token-of-before");
    expect(server.requests).toHaveLength(1);
  });

  test("with an end in the past or near is read before every call, one with an end far away once", async () => {
    const reference = await write("token", JSON.stringify({ token: "old", expires_at: inSeconds(-5) }));
    await addConnection("w", { base_url: server.url, secret: reference }, place());
    await using session = await openSession({ env, connection: "w" });
    await session.execute("CALL ModerateText('a')");
    await write("token", JSON.stringify({ token: "renewed", expires_at: inSeconds(3600) }));
    await session.execute("CALL ModerateText('b')");
    await write("token", JSON.stringify({ token: "unread", expires_at: inSeconds(3600) }));
    await session.execute("CALL ModerateText('c')");
    expect(keysSent()).toEqual(["old", "renewed", "renewed"]);
  });

  test.each([
    ["that is not there", "file:/nowhere/token", /cannot read "\/nowhere\/token": no such file/],
    ["that is a folder", "file:/tmp", /cannot read "\/tmp": /],
  ])("%s is said", async (_, reference, expected) => {
    const error = await failureWith(reference);
    expect([error.code, error.message]).toEqual(["connect/refused", expect.stringMatching(expected)]);
    expect(server.requests).toEqual([]);
  });

  test("may stand below the home directory", async () => {
    await write("token", "token-at-home");
    await callWith("file:~/token");
    expect(keysSent()).toEqual(["token-at-home"]);
  });

  test("of JSON without a token is said, without its content", async () => {
    const error = await failureWith(await write("token", '{"secret_thing":"abcdefgh-12345"}'));
    expect(error.message).toMatch(/holds no access_token, token, api_key or key/);
    expect(error.message).not.toContain("abcdefgh");
  });
});

describe("a command", () => {
  test("is run once for many calls, and again a minute before the end it gave", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const { reference, runs } = await counting(`echo '{"access_token":"token-'$N'","expires_in":600}'`);
    await addConnection("w", { base_url: server.url, secret: reference }, place());
    await using session = await openSession({ env, connection: "w" });
    await session.execute('SELECT ModerateText(value) FROM json_each(\'["a","b","c"]\')');
    await session.execute("SELECT GenerateResponse(value) FROM json_each('[1,2,3,4]')");
    expect(await runs()).toBe(1);
    vi.setSystemTime(Date.now() + 530_000);
    await session.execute("CALL ModerateText('d')");
    expect(await runs()).toBe(1);
    vi.setSystemTime(Date.now() + 20_000);
    await session.execute("CALL ModerateText('e')");
    expect(await runs()).toBe(2);
    expect(keysSent().at(-1)).toBe("token-2");
  });

  test("of a JWT is run again before the JWT ends", async () => {
    const { reference, runs } = await counting(
      `[ $N = 1 ] && echo ${jwt(inSeconds(-1))} || echo ${jwt(inSeconds(3600))}`,
    );
    await callWith(reference, ["a", "b", "c"]);
    expect(await runs()).toBe(2);
  });

  test("is run once more on a 401, for all calls in flight together", async () => {
    const { reference, runs } = await counting("echo token-$N");
    server.script(
      ...Array.from({ length: 4 }, (_, index) => faults.unauthorized("token-1", { when: index + 1 })),
    );
    await addConnection("w", { base_url: server.url, secret: reference }, place());
    await using session = await openSession({ env, connection: "w" });
    const result = await session.execute(
      "SELECT r.Status FROM (VALUES ('a'), ('b'), ('c'), ('d')) v, GenerateResponse(v.column1) r",
    );
    expect((await result.all()).map(({ Status }) => Status)).toEqual(Array(4).fill("completed"));
    expect(await runs()).toBe(2);
    expect(keysSent().toSorted()).toEqual([...Array(4).fill("token-1"), ...Array(4).fill("token-2")]);
  });

  test("that fails says what it complained of, and not what it printed", async () => {
    const error = await failureWith(
      "cmd:echo token-in-stdout; echo 'vault is locked: run vault login (token-in-stdout)' >&2; exit 3",
    );
    expect(error.code).toBe("connect/refused");
    expect(error.message).toMatch(/ended with exit code 3: vault is locked: run vault login \(\[masked\]\)/);
    expect(server.requests).toEqual([]);
  });

  test("that is not there, that prints nothing or several lines, and that a signal ends", async () => {
    const said = async (command: string): Promise<string> => (await failureWith(`cmd:${command}`)).message;
    expect(await said("no-such-program-here")).toMatch(/ended with exit code 127: .*not found/);
    expect(await said("true")).toMatch(/the API key is empty/);
    expect(await said("printf 'one\\ntwo'")).toMatch(/characters that cannot stand in an HTTP header/);
    expect(await said("kill -TERM $$")).toMatch(/ended with SIGTERM/);
  });

  test("has nothing to read: one that asks ends instead of waiting", async () => {
    await callWith("cmd:read answer || echo token-unasked");
    expect(keysSent()).toEqual(["token-unasked"]);
  });

  test("that takes too long is ended, and nobody waits for what it has started", async () => {
    const started = performance.now();
    const running = runCommand("sleep 30; echo token-late", env, 300);
    await expect(running).rejects.toThrow(/"sleep 30; echo token-late" had not ended after 0.3 s/);
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  test("that prints without an end is cut", async () => {
    const printed = await runCommand("head -c 3000000 /dev/zero | tr '\\\\0' x", env);
    expect(printed).toHaveLength(2 ** 20);
  });
});

describe("a keychain that answers", () => {
  beforeEach(() => {
    env["CALLSQL_KEYCHAIN"] = "on";
  });
  const key = "sk-proj-keychain0123456789";
  const filesBelow = async (): Promise<string[]> => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  };

  test("keeps what is given, and no file does", async () => {
    const { profile } = await addConnection("w", { base_url: server.url }, { ...place(), secret: key });
    expect(profile.secret).toBe("keychain");
    expect(keychain.kept.get("w")).toBe(key);
    for (const file of await filesBelow())
      expect(await readFile(file, "latin1"), file).not.toContain(key.slice(8));
    await using session = await openSession({ env, connection: "w" });
    await session.execute("CALL ModerateText('a')");
    expect(keysSent()).toEqual([key]);
    const settings = await describeConnection("w", place());
    expect(settings.find(({ name }) => name === "key")).toMatchObject({
      value: "****6789",
      source: "keychain",
    });
    expect(await listConnections(place())).toContainEqual(
      expect.objectContaining({ name: "w", secret: "keychain" }),
    );
    await removeConnection("w", place());
    expect(keychain.kept.size).toBe(0);
  });

  test("that is locked leaves the key to the file that only its owner can read", async () => {
    keychain.isLocked = true;
    const { profile } = await addConnection("w", { base_url: server.url }, { ...place(), secret: key });
    expect(profile.secret).toBe("store");
    const file = join(folder, ".config/callsql/secrets/w");
    expect([await readFile(file, "utf8"), (await stat(file)).mode & 0o777]).toEqual([key, 0o600]);
  });

  test("that went away, or lost the key, says so and what to do", async () => {
    await addConnection("w", { base_url: server.url }, { ...place(), secret: key });
    const said = async (): Promise<string> => {
      await using session = await openSession({ env, connection: "w" });
      return session.execute("CALL ModerateText('a')").then(() => "succeeded", String);
    };
    keychain.kept.clear();
    expect(await said()).toMatch(
      /the service was not asked: .*the keychain has none for "w", or is locked: unlock it; callsql connect add w --replace/,
    );
    keychain.isThere = false;
    expect(await said()).toMatch(/no keychain of the operating system answers/);
    const asked = addConnection(
      "v",
      { base_url: server.url, secret: "keychain" },
      { ...place(), secret: key },
    );
    await expect(asked).rejects.toMatchObject({ code: "connect/no-keychain" });
  });
});
