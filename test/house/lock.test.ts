import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { missingOptionals, readLock } from "../../scripts/complete-lock.ts";

test("package-lock.json names every optional platform package, or npm ci refuses it", () => {
  const { packages } = readLock(readFileSync(new URL("../../package-lock.json", import.meta.url), "utf8"));
  expect([...missingOptionals(packages).keys()]).toEqual([]);
});

test("S28: what users install comes from the registry with its integrity, at most 60 packages", () => {
  const text = readFileSync(new URL("../../package-lock.json", import.meta.url), "utf8");
  const { packages } = JSON.parse(text) as { readonly packages: Readonly<Record<string, Package>> };
  const installed = Object.entries(packages).filter(([path, { dev, devOptional, peer, optional }]) =>
    path === "" ? false : dev !== true && devOptional !== true && peer !== true && optional !== true,
  );
  expect(installed.length).toBeGreaterThan(10);
  expect(installed.length).toBeLessThanOrEqual(60);
  const bare = installed.filter(([, { resolved, integrity }]) => {
    // Without an address it is the registry's, by name and version.
    const isPublic = resolved === undefined || resolved.startsWith("https://registry.npmjs.org/");
    return !isPublic || integrity?.startsWith("sha512-") !== true;
  });
  expect(bare.map(([path]) => path)).toEqual([]);
  const own = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as Package;
  expect(
    Object.keys(own.scripts ?? {}).filter((name) => /^(pre|post)?install$|^prepare$/.test(name)),
  ).toEqual([]);
});

interface Package {
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly peer?: boolean;
  readonly optional?: boolean;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly scripts?: Readonly<Record<string, string>>;
}
