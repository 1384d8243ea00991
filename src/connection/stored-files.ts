/**
 * Files that are too large for a JSON body: stored with the service first, then named by their id. The same bytes are
 * stored once; ids of the last files are kept, not the bytes. Decides nothing about which files need it.
 */
import { createHash } from "node:crypto";
import type { ApiFailure, SendOutcome, StoredFile } from "../catalog/request.ts";
import { failureTexts } from "../diagnostics/messages/connect.ts";
import { readRecord } from "./json.ts";

type Body = Readonly<Record<string, unknown>>;
type Post = (body: Body) => Promise<SendOutcome>;

export type Storing =
  | { readonly ok: true; readonly body: Body; readonly ids: readonly string[] }
  | { readonly ok: false; readonly failure: ApiFailure };

const idsMax = 1000;
/** 30 days, the API's maximum and as long as it keeps responses: a later turn (PreviousResponseId) may need the image. */
const keptSeconds = 2_592_000;

export class StoredFiles {
  /** Purpose and SHA-256 of the bytes → id. */
  readonly #ids = new Map<string, string>();
  /** What is being stored; undefined when that failed. */
  readonly #running = new Map<string, Promise<string | undefined>>();

  /** The body with ids in the place of its files. */
  async store(body: Body, post: Post): Promise<Storing> {
    const idByFile = new Map<StoredFile, string>();
    for (const file of filesIn(body)) {
      const stored = await this.#idOf(file, post);
      if (typeof stored !== "string") return { ok: false, failure: stored };
      idByFile.set(file, stored);
    }
    return { ok: true, body: readBody(withIds(body, idByFile)), ids: [...idByFile.values()] };
  }

  /** The service refused a request that named these: they may be gone there. */
  forget(ids: readonly string[]): void {
    for (const [key, id] of this.#ids) if (ids.includes(id)) this.#ids.delete(key);
  }

  /** Calls that run at once and share an image wait for the one that stores it; where that fails, each tries itself. */
  async #idOf(file: StoredFile, post: Post): Promise<string | ApiFailure> {
    const key = `${file.purpose} ${createHash("sha256").update(file.file.bytes).digest("hex")}`;
    const running = this.#running.get(key);
    // No await without another call: a second one would not see this one begin.
    const known = this.#ids.get(key) ?? (running === undefined ? undefined : await running);
    if (known !== undefined) return known;
    const storing = storeOne(file, post);
    const id = storing.then((stored) => (typeof stored === "string" ? stored : undefined));
    this.#running.set(
      key,
      id.catch(() => undefined),
    );
    try {
      const stored = await storing;
      if (typeof stored === "string") this.#keep(key, stored);
      return stored;
    } finally {
      this.#running.delete(key);
    }
  }

  #keep(key: string, id: string): void {
    this.#ids.set(key, id);
    const [oldest] = this.#ids.keys();
    if (this.#ids.size > idsMax && oldest !== undefined) this.#ids.delete(oldest);
  }
}

async function storeOne({ purpose, file }: StoredFile, post: Post): Promise<string | ApiFailure> {
  const outcome = await post({
    purpose,
    file,
    expires_after: { anchor: "created_at", seconds: keptSeconds },
  });
  if (!outcome.ok) return outcome.failure;
  const id = readRecord(outcome.answer.body)?.["id"];
  if (typeof id === "string" && id !== "") return id;
  return { kind: "bad-answer", status: outcome.answer.status, message: failureTexts.noFileId() };
}

export function hasStoredFile(body: Body): boolean {
  return filesIn(body).length > 0;
}

function filesIn(value: unknown): readonly StoredFile[] {
  if (isStoredFile(value)) return [value];
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return [];
  return Object.values(value).flatMap(filesIn);
}

function withIds(value: unknown, idByFile: ReadonlyMap<StoredFile, string>): unknown {
  if (isStoredFile(value)) return idByFile.get(value);
  if (Array.isArray(value)) return value.map((item) => withIds(item, idByFile));
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withIds(item, idByFile)]));
}

/** An object stays one under withIds. */
function readBody(value: unknown): Body {
  return value as Body;
}

/** No JSON of the user's looks like this: bytes do not survive JSON. */
function isStoredFile(value: unknown): value is StoredFile {
  return (
    typeof value === "object" &&
    value !== null &&
    "kind" in value &&
    value.kind === "stored-file" &&
    "file" in value &&
    typeof value.file === "object" &&
    value.file !== null &&
    "bytes" in value.file &&
    value.file.bytes instanceof Uint8Array
  );
}
