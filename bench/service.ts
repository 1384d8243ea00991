/** The model server of the benchmarks (model-server.ts), for as long as it is needed. */
import { spawn } from "node:child_process";
import { join } from "node:path";

/** `delayMs`: what every answer takes. `use` gets the base URL. */
export async function withServer<T>(delayMs: number, use: (baseUrl: string) => Promise<T>): Promise<T> {
  const server = spawn(process.execPath, [join(import.meta.dirname, "model-server.ts"), String(delayMs)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const baseUrl = await new Promise<string>((resolve) => {
    server.stdout.once("data", (line: Buffer) => resolve(line.toString().trim()));
  });
  try {
    return await use(baseUrl);
  } finally {
    server.stdin.end();
  }
}
