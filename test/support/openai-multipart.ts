/** Reads a multipart body as the API does: `name[]` collects an array, `name[key]` an object, files keep their bytes. */
import type { IncomingHttpHeaders } from "node:http";
import { Readable } from "node:stream";
import busboy from "busboy";

/** A file part, as a test sees it. */
export interface FilePart {
  readonly field: string;
  readonly filename: string;
  readonly mimeType: string;
  readonly bytes: Buffer;
}

export interface MultipartBody {
  /** Texts as sent; files as `{ filename, mimeType, size }`, which is what the schema describes. */
  readonly fields: Record<string, unknown>;
  readonly files: readonly FilePart[];
  /** Part names in the order they came. */
  readonly names: readonly string[];
}

export async function readMultipart(headers: IncomingHttpHeaders, body: Buffer): Promise<MultipartBody> {
  const fields: Record<string, unknown> = {};
  const files: FilePart[] = [];
  const names: string[] = [];
  await new Promise<void>((resolve, reject) => {
    const parser = busboy({ headers, defParamCharset: "utf8", limits: { fieldSize: 64_000_000 } });
    parser.on("field", (name, value) => {
      names.push(name);
      put(fields, name, value);
    });
    parser.on("file", (name, stream, { filename = "", mimeType }) => {
      names.push(name);
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const bytes = Buffer.concat(chunks);
        files.push({ field: name.replace(/\[\]$/, ""), filename, mimeType, bytes });
        put(fields, name, { filename, mimeType, size: bytes.length });
      });
    });
    parser.on("close", resolve);
    parser.on("error", reject);
    Readable.from([body]).pipe(parser);
  });
  return { fields, files, names };
}

/** A plain name sent twice lands under `name (repeated)`, which no schema knows: the API wants `name[]` there. */
function put(fields: Record<string, unknown>, name: string, value: unknown): void {
  const { base = name, key } = /^(?<base>[^[\]]+)(?:\[(?<key>[^[\]]*)\])?$/.exec(name)?.groups ?? {};
  if (key === undefined) {
    fields[base in fields ? `${base} (repeated)` : base] = value;
  } else if (key === "") {
    const list = fields[base];
    fields[base] = Array.isArray(list) ? [...list, value] : [value];
  } else {
    const object = fields[base];
    fields[base] =
      typeof object === "object" && object !== null ? { ...object, [key]: value } : { [key]: value };
  }
}
