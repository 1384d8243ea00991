/** When a key is fetched again: what a command or file may say of its end, and what others have fetched meanwhile. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fetchSecret, renewing } from "../../src/connection/secrets/credentials.ts";
import { SecretStore } from "../../src/connection/secrets/secret-store.ts";

const folder = mkdtempSync(join(tmpdir(), "callsql-ends-"));
const inHours = (hours: number): number => Date.now() + hours * 3_600_000;
const jwt = (payload: object): string =>
  `eyJhbGciOiJub25lIn0.${Buffer.from(JSON.stringify(payload)).toString("base64url")}.x`;

/** How many minutes from now it is fetched again; undefined: never by itself. */
async function minutesOf(text: string): Promise<number | undefined> {
  const path = join(folder, "token");
  writeFileSync(path, text);
  const env = { HOME: folder };
  const context = { env, store: new SecretStore(env), account: "work" };
  const { renewAt } = await fetchSecret({ kind: "file", path }, context);
  return renewAt === undefined ? undefined : Math.round((renewAt - Date.now()) / 60_000);
}

test.each<readonly [string, () => string, number | undefined]>([
  ["milliseconds", () => JSON.stringify({ token: "t", expires_at: inHours(1) }), 59],
  ["seconds", () => JSON.stringify({ token: "t", expiresOn: String(Math.round(inHours(1) / 1000)) }), 59],
  ["a date", () => JSON.stringify({ token: "t", expiration: new Date(inHours(1)).toISOString() }), 59],
  ["a JWT's own word", () => jwt({ exp: Math.round(inHours(2) / 1000) }), 119],
  ["no date", () => JSON.stringify({ token: "t", expiry: "soon" }), undefined],
  ["a JWT without one", () => jwt({ sub: "me" }), undefined],
])("an end in %s is understood", async (_, textOf, minutes) => {
  expect(await minutesOf(textOf())).toBe(minutes);
});

test("a key that was renewed meanwhile is not fetched once more", async () => {
  const fetched = ["new", "newer"];
  const credentials = renewing(async () => ({ secret: fetched.shift() ?? "none" }));
  expect(await credentials.get()).toBe("new");
  expect(await credentials.renew("old")).toBe(true);
  expect(await credentials.get()).toBe("new");
  expect(await credentials.renew("new")).toBe(true);
  expect(await credentials.get()).toBe("newer");
});
