/**
 * The Secret Service of a desktop, gnome-keyring, without the desktop: a session bus of the test's own. Where this machine
 * has none, the same run shows what becomes of a key without a keychain, and says so. The keychains of macOS and Windows
 * are not tested.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { startOpenAIServer, type OpenAIServer } from "../support/openai-server.ts";
import { temporaryFolder, type Folder } from "./support/folder.ts";
import { missingKeyring, runInSession } from "./support/keyring.ts";

const missing = missingKeyring();
if (missing !== undefined) console.log(`no keychain is tested, the file in its place is: ${missing}`);
const hasKeyring = missing === undefined;

const key = "sk-proj-keyring0123456789";
let server: OpenAIServer;
let home: Folder;
let run: (script: string, options?: { readonly isLocked?: boolean }) => Promise<string>;

beforeAll(async () => {
  server = await startOpenAIServer();
});
afterAll(() => server.close());
beforeEach(() => {
  server.reset();
  home = temporaryFolder();
  run = async (script, { isLocked = false } = {}) => {
    const env = { HOME: home.path, KEY: key, URL: server.url };
    const { stdout, stderr } = await runInSession(script, { env, cwd: home.path, isLocked });
    return stdout + stderr;
  };
});
afterEach(() => home.remove());

const add = `printf %s "$KEY" | callsql connect add w --base-url "$URL" --secret-stdin`;
const call = `callsql --connection w -o csv -c "SELECT Status FROM ModerateText('a')"`;
const keysSent = (): unknown[] => server.requests.map(({ headers }) => headers["authorization"]);

/** Below the home directory, those that the key stands in. */
function filesWithKey(): string[] {
  return readdirSync(home.path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => readFileSync(file, "latin1").includes(key))
    .map((file) => file.slice(home.path.length + 1));
}

test("a key that is piped is kept there, found by the next process, shown masked, and removed", async () => {
  const kept = await run(`${add}; ${call}; callsql connect show w -o csv`);
  expect(kept).toMatch(hasKeyring ? /its secret: in the keychain/ : /in a file that only you can read/);
  expect(kept).toMatch(/^completed$/m);
  expect(kept).toContain(`key,****6789,${hasKeyring ? "keychain" : "store"}`);
  expect(kept).not.toContain(key);
  expect(filesWithKey()).toEqual(hasKeyring ? [] : [".config/callsql/secrets/w"]);
  expect(keysSent()).toEqual([`Bearer ${key}`]);
  // Another session of the same user, as after a restart of the machine; and two processes at once.
  await run(`callsql connect default w; ${call} --set cache=off & ${call} --set cache=off & wait`);
  expect(keysSent()).toEqual(Array(3).fill(`Bearer ${key}`));
  expect(await run(`callsql connect remove w; ${add} --secret keychain`)).toMatch(
    hasKeyring ? /its secret: in the keychain/ : /connect\/no-keychain/,
  );
  await run("callsql connect remove w");
  expect(await run(`${add.replace(" w ", " v ")} --secret store; callsql connect test w`)).not.toContain(key);
  expect(filesWithKey()).toEqual([".config/callsql/secrets/v"]);
});

test("one that is locked: it is said, a new key goes to the file, and nothing waits for a password", async () => {
  await run(add);
  const said = await run(call, { isLocked: true });
  if (hasKeyring) {
    expect(said).toMatch(
      /the service was not asked: .* the keychain said no, and may be locked: .*dismissed/,
    );
    expect(keysSent()).toEqual([]);
  }
  const replaced = await run(`${add} --replace; ${call}`, { isLocked: true });
  if (hasKeyring) {
    expect(replaced).toMatch(/connect\/not-forgotten\]: .* the keychain still holds what it used, as "w"/);
  }
  expect(replaced).toMatch(/^completed$/m);
  expect(filesWithKey()).toEqual([".config/callsql/secrets/w"]);
  expect(statSync(join(home.path, ".config/callsql/secrets/w")).mode & 0o777).toBe(0o600);
  expect(keysSent().at(-1)).toBe(`Bearer ${key}`);
});
