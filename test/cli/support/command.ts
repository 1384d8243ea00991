/** The command in this process, as the tests of src/cli run it. */
import { main, type Library } from "../../../src/cli/main.ts";
import { fakeTerminal, type FakeTerminalOptions } from "./terminal.ts";

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Until it ends; standard input is empty unless `options` say otherwise. */
export async function runCommand(
  args: readonly string[],
  options: FakeTerminalOptions = {},
  library?: Library,
): Promise<Ended> {
  const terminal = fakeTerminal({ stdin: "", ...options });
  const code = await main(args, terminal, library);
  return { code, out: terminal.out(), err: terminal.err() };
}

/** What a user has set who keeps all in `folder`, and keys in a file. */
export function homeEnv(folder: string): Record<string, string> {
  return { HOME: folder, CALLSQL_KEYCHAIN: "off" };
}

/** The same with a key of the service at `url`. */
export function serviceEnv(folder: string, url: string): Record<string, string> {
  return { ...homeEnv(folder), OPENAI_API_KEY: "sk-test-1234", OPENAI_BASE_URL: url };
}
