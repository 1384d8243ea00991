/** `callsql completion SHELL`: a script for the shell, with the commands, options, procedures and models of this version. */
import { fail, suggest, type Procedure } from "../../index.ts";
import type { Surroundings } from "../batch.ts";
import { commandLineTable } from "../command-line.ts";
import { bashScript } from "../completion/bash.ts";
import { fishScript } from "../completion/fish.ts";
import { shells, type Shell, type Vocabulary } from "../completion/vocabulary.ts";
import { zshScript } from "../completion/zsh.ts";

const scripts: Readonly<Record<Shell, (vocabulary: Vocabulary) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

export async function runCompletion(
  name: string,
  { terminal, openSession }: Surroundings,
  procedures: readonly Procedure[],
): Promise<number> {
  const shell = shells.find((known) => known === name);
  if (shell === undefined)
    return fail("cli/unknown-shell", { shell: name, shells, suggestion: suggest(name, shells) });
  await using session = await openSession({ env: {}, ledger: ":memory:" });
  const column = async (sql: string): Promise<string[]> => {
    const result = await session.execute(sql);
    return (await result.all()).flatMap((row) => Object.values(row).map(String));
  };
  const vocabulary = {
    commands: commandLineTable(),
    procedures,
    models: await column("SELECT model FROM sys_models ORDER BY model"),
    settings: await column("SELECT option FROM sys_options ORDER BY option"),
  };
  await terminal.stdout.write(scripts[shell](vocabulary));
  return 0;
}
