/** What is listed of connections without a file, without a service, or that a program made by hand. */
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test, vi } from "vitest";
import { ownConnection } from "../../src/connection/own-connection.ts";
import {
  describeConnection,
  listConnections,
  projectProfiles,
  trustProjectProfiles,
} from "../../src/connection/profiles/manage.ts";

let folder: string;
let env: Record<string, string>;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsql-odd-profiles-"));
  env = { HOME: folder, CALLSQL_KEYCHAIN: "off" };
});

async function write(text: string): Promise<void> {
  await mkdir(join(folder, ".config/callsql"), { recursive: true });
  await writeFile(join(folder, ".config/callsql/connections.toml"), text);
}

test("a profile of the offline connection signs nothing, and one of the environment has its place there", async () => {
  await write('[connections.quiet]\nkind = "offline"\n');
  const listed = await listConnections({ env: { ...env, OPENAI_API_KEY: "sk-test-canary-1234" }, folder });
  expect(listed.find(({ name }) => name === "quiet")).toMatchObject({ kind: "offline", auth: undefined });
  expect(listed.find(({ name }) => name === "openai")).toMatchObject({
    place: "environment",
    isDefault: true,
  });
});

test("the key of the environment is shown by its end, with the variable it came from", async () => {
  const rows = await describeConnection("openai", {
    env: { ...env, OPENAI_API_KEY: "sk-test-canary-1234" },
    folder,
  });
  const key = rows.find(({ name }) => name === "key");
  expect(key?.value).toMatch(/1234$/);
  expect(key?.value).not.toContain("canary");
});

test("a project's profiles are looked for where the process stands", async () => {
  await writeFile(join(folder, "callsql.toml"), '[connections.ours]\nbase_url = "http://127.0.0.1:9/v1"\n');
  const standing = vi.spyOn(process, "cwd").mockReturnValue(folder);
  vi.stubEnv("HOME", folder);
  vi.stubEnv("XDG_STATE_HOME", join(folder, "state"));
  try {
    const found = await projectProfiles();
    expect(found).toMatchObject({ isTrusted: false });
    await trustProjectProfiles();
    expect(await projectProfiles()).toMatchObject({ file: found?.file, isTrusted: true });
  } finally {
    vi.unstubAllEnvs();
    standing.mockRestore();
  }
});

test("a connection made by hand is told all that it lacks", () => {
  const given = { send: "no function" } as unknown as Parameters<typeof ownConnection>[0];
  expect(() => ownConnection(given)).toThrow(/name.*identity.*models\.text.*send/s);
});
