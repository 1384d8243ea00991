/** The session's options: what `SET option = value` takes, their defaults, and where each value comes from. */
import { assert, fail, type Place } from "../diagnostics/diagnostic.ts";
import { suggest } from "../diagnostics/suggest.ts";
import type { Connection, ConnectionModels } from "../catalog/request.ts";

interface OptionDefinition {
  readonly name: string;
  readonly summary: string;
  readonly type: "integer" | "seconds" | "usd" | "boolean" | "text";
  readonly default: string | number | boolean | null;
  readonly values?: readonly string[];
  readonly min?: number;
  readonly max?: number;
  /** A statement that is run again needs it as it was, to ask for the same. */
  readonly shapesRequests?: true;
}

export type OptionValue = string | number | boolean | null;

const modelPurposes: readonly (keyof ConnectionModels)[] = [
  "text",
  "image",
  "embedding",
  "moderation",
  "transcription",
  "translation",
  "speech",
];

const optionDefinitions: readonly OptionDefinition[] = [
  {
    name: "connection",
    type: "text",
    shapesRequests: true,
    default: null,
    summary: "connection that calls go to: openai, offline or a profile's name",
  },
  {
    name: "on_error",
    type: "text",
    shapesRequests: true,
    default: "auto",
    values: ["auto", "abort", "row"],
    summary:
      "what a failed call does: end the statement, give a row that says why, or abort for a bare CALL only",
  },
  {
    name: "cache",
    type: "text",
    default: "run",
    values: ["off", "run", "on", "only"],
    summary: "which recorded answers are used again: none, this run's, all; only: nothing is sent",
  },
  {
    name: "cache_ttl",
    type: "seconds",
    default: null,
    min: 0,
    max: 1e9,
    summary: "how old an answer may be for cache = on; NULL: any age",
  },
  {
    name: "dedup",
    type: "boolean",
    shapesRequests: true,
    default: true,
    summary: "equal calls of one statement are one call",
  },
  {
    name: "concurrency",
    type: "integer",
    default: 16,
    min: 1,
    max: 512,
    summary: "requests in flight at most",
  },
  {
    name: "max_attempts",
    type: "integer",
    default: 6,
    min: 1,
    max: 100,
    summary: "attempts a call, the first included",
  },
  {
    name: "timeout",
    type: "seconds",
    default: 120,
    min: 0.001,
    max: 3600,
    summary: "seconds one attempt may take",
  },
  {
    name: "max_calls",
    type: "integer",
    default: null,
    min: 0,
    summary: "calls this session may send; NULL: no limit",
  },
  {
    name: "max_tokens",
    type: "integer",
    default: null,
    min: 0,
    summary: "tokens this session may use, in and out; NULL: no limit",
  },
  {
    name: "max_cost",
    type: "usd",
    default: null,
    min: 0,
    summary: "USD this session may spend; NULL: no limit",
  },
  {
    name: "max_cost_per_day",
    type: "usd",
    default: null,
    min: 0,
    summary: "USD all sessions may spend in a day (UTC); NULL: no limit",
  },
  {
    name: "drain",
    type: "seconds",
    default: 5,
    min: 0,
    max: 3600,
    summary: "how long a cancelled statement waits for answers on their way, which are paid",
  },
  ...modelPurposes.map((purpose): OptionDefinition => ({
    name: `${purpose}_model`,
    type: "text",
    shapesRequests: true,
    default: null,
    summary: `model where a call names none, for ${purpose}; NULL: the connection's`,
  })),
];

const shapingNames: ReadonlySet<string> = new Set(
  optionDefinitions.filter(({ shapesRequests }) => shapesRequests === true).map(({ name }) => name),
);

export class Options {
  readonly #set = new Map<string, OptionValue>();

  /** Coerced and range-checked. */
  set(name: string, value: string | number | null, place: Place = {}): void {
    const definition = find(name, place);
    this.#set.set(definition.name, coerce(definition, value, place));
  }

  /** Without a name: all of them. */
  reset(name?: string, place: Place = {}): void {
    if (name === undefined) this.#set.clear();
    else this.#set.delete(find(name, place).name);
  }

  text(name: string): string | undefined {
    const value = this.#get(name);
    return typeof value === "string" ? value : undefined;
  }

  number(name: string): number | undefined {
    const value = this.#get(name);
    return typeof value === "number" ? value : undefined;
  }

  /** Of an option that is never NULL. */
  amount(name: string): number {
    const value = this.#get(name);
    assert(typeof value === "number", `the option ${name} is no number`);
    return value;
  }

  /** Of one attempt: what is set, else what the connection says. */
  timeoutMs({ timeoutMs }: Pick<Connection, "timeoutMs">): number {
    return timeoutMs === undefined || this.#set.has("timeout") ? this.amount("timeout") * 1000 : timeoutMs;
  }

  isOn(name: string): boolean {
    return this.#get(name) === true;
  }

  /** The connection's models, with those the session names in their place. */
  models(shipped: ConnectionModels): ConnectionModels {
    const chosen = { ...shipped };
    for (const purpose of modelPurposes) chosen[purpose] = this.text(`${purpose}_model`) ?? shipped[purpose];
    return chosen;
  }

  /** Of those that shape requests, what is set. */
  shaping(): Readonly<Record<string, OptionValue>> {
    return Object.fromEntries([...this.#set].filter(([name]) => shapingNames.has(name)));
  }

  /** Sets those that shape requests to this, and no others. */
  reshape(values: Readonly<Record<string, OptionValue>>): void {
    for (const name of shapingNames) {
      const value = values[name];
      if (value === undefined) this.#set.delete(name);
      else this.#set.set(name, value);
    }
  }

  /**
   * name, value, source, summary, and what it may be. The source is `set`, `default`, who chose the connection, or `connection NAME` for
   * what that one says.
   */
  rows(
    chosen?: { readonly name: string; readonly source: string },
    connection?: Connection,
  ): (readonly [string, OptionValue, string, string, string])[] {
    const said = new Map<string, readonly [OptionValue, string]>();
    if (chosen !== undefined) said.set("connection", [chosen.name, chosen.source]);
    if (connection !== undefined) {
      const source = `connection ${connection.name}`;
      for (const purpose of modelPurposes) said.set(`${purpose}_model`, [connection.models[purpose], source]);
      if (connection.timeoutMs !== undefined) said.set("timeout", [connection.timeoutMs / 1000, source]);
    }
    return optionDefinitions.map((definition) => {
      const { name, summary } = definition;
      const [value, source] = this.#set.has(name)
        ? [this.#get(name), "set"]
        : (said.get(name) ?? [this.#get(name), "default"]);
      return [name, value, source, summary, allowedBy(definition)];
    });
  }

  #get(name: string): OptionValue {
    const set = this.#set.get(name);
    return set !== undefined ? set : (optionDefinitions.find((item) => item.name === name)?.default ?? null);
  }
}

function find(name: string, place: Place): OptionDefinition {
  const definition = optionDefinitions.find((item) => item.name === name.toLowerCase());
  if (definition !== undefined) return definition;
  const names = optionDefinitions.map((item) => item.name);
  return fail("session/unknown-option", { option: name, suggestion: suggest(name, names) }, place);
}

const words = new Map([
  ["on", true],
  ["true", true],
  ["yes", true],
  ["1", true],
  ["off", false],
  ["false", false],
  ["no", false],
  ["0", false],
]);

/** What an option may be, as its mistakes say it. */
function allowedBy({ type, values, min = 0, max = Number.MAX_SAFE_INTEGER }: OptionDefinition): string {
  if (type === "boolean") return "on or off";
  return type === "text" ? (values?.join(", ") ?? "text") : rangeOf(type, min, max);
}

function coerce(definition: OptionDefinition, value: string | number | null, place: Place): OptionValue {
  const refuse = (expected: string): never =>
    fail("session/bad-option-value", { option: definition.name, value: String(value), expected }, place);
  if (value === null) return definition.default === null ? null : refuse("a value");
  switch (definition.type) {
    case "boolean":
      return words.get(String(value).toLowerCase()) ?? refuse(allowedBy(definition));
    case "text": {
      const { values } = definition;
      const found = values?.find((item) => item === String(value).toLowerCase());
      return values === undefined ? String(value) : (found ?? refuse(`one of ${allowedBy(definition)}`));
    }
    case "integer":
    case "usd":
    case "seconds": {
      const { min = 0, max = Number.MAX_SAFE_INTEGER } = definition;
      const number = typeof value === "number" ? value : value.trim() === "" ? NaN : Number(value);
      const isWhole = definition.type !== "integer" || Number.isInteger(number);
      return isWhole && number >= min && number <= max ? number : refuse(allowedBy(definition));
    }
  }
}

function rangeOf(type: string, min: number, max: number): string {
  const kinds: Readonly<Record<string, string>> = { integer: "a whole number", usd: "an amount in USD" };
  const kind = kinds[type] ?? "a number of seconds";
  return max === Number.MAX_SAFE_INTEGER ? `${kind} from ${min}` : `${kind} from ${min} to ${max}`;
}
