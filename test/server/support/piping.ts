/** A pipe of ours, and what it says to lines that are written to it. */
import { startPipe } from "../../../src/server/serve.ts";

export interface PipingOptions {
  readonly rowsMax?: number;
  readonly requestsMax?: number;
  /** Between one line and the next. */
  readonly pauseMs?: number;
  readonly signal?: AbortSignal;
}

/** `baseUrl`: of the service behind it. Objects are written as JSON, texts as they are. */
export async function sayToPipe(
  baseUrl: string,
  lines: readonly (object | string)[],
  { rowsMax = 1000, requestsMax = 100, pauseMs = 0, signal }: PipingOptions = {},
): Promise<Record<string, unknown>[]> {
  async function* input(): AsyncGenerator<Uint8Array> {
    for (const line of lines) {
      yield Buffer.from(`${typeof line === "string" ? line : JSON.stringify(line)}\n`);
      if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
  const said: string[] = [];
  await startPipe({
    isWritable: false,
    connection: "openai",
    ledger: ":memory:",
    env: { OPENAI_API_KEY: "sk-test", OPENAI_BASE_URL: baseUrl },
    settings: [{ option: "drain", value: "0" }],
    limits: {
      bytesMax: 2 ** 20,
      arrivalMs: 5000,
      rowsMax,
      answerMax: 2 ** 20,
      requestMs: 20_000,
      requestsMax,
    },
    sql: { ms: 5000, memoryMax: 2 ** 29, processesMax: 1 },
    input: input(),
    write: async (text) => void said.push(text),
    signal: signal ?? new AbortController().signal,
  });
  return said
    .join("")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
