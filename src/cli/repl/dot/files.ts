/** Commands that read: .read, .import, .edit. */
import { parse } from "node:path";
import { fail } from "../../../index.ts";
import { readText } from "../../file.ts";
import { noteImported, importFile } from "../../import/import.ts";
import { count, duration } from "../../quantity.ts";
import { listenForStop } from "../../stop.ts";
import { expandHome } from "../complete/files.ts";
import type { Context } from "../context.ts";
import { editOutside } from "../edit-outside.ts";
import type { DotCommand } from "./command.ts";

/** A file that reads itself must end somewhere. */
const depthMax = 16;

export const fileCommands: readonly DotCommand[] = [
  {
    name: "read",
    aliases: ["\\i"],
    arguments: "FILE",
    summary: "run a file of SQL and dot-commands",
    completes: ["file"],
    run: async (context, [file = ""]) => {
      if (context.depth >= depthMax) fail("cli/read-too-deep", { file, depthMax });
      const text = await readText(expandHome(file));
      context.depth++;
      try {
        return await context.run(context, text.replaceAll("\r\n", "\n"), { name: file, isKept: false });
      } finally {
        context.depth--;
      }
    },
  },
  {
    name: "import",
    arguments: "FILE [TABLE]",
    summary:
      "load a .csv, .tsv, .json, .ndjson or .parquet file into a table (called as the file), which is made or replaced",
    completes: ["file", "table"],
    run: async (context, [file = "", table = parse(file).name]) => {
      const { session, terminal, reporter, options } = context;
      const stop = listenForStop(terminal);
      const startedAt = terminal.now();
      try {
        const request = { file: expandHome(file), table, isAppended: options.isAppending };
        const imported = await importFile(session, request, stop.signal, (soFar) =>
          reporter.progress.say(`${count(soFar, "row")}…`),
        );
        const time = duration(terminal.now() - startedAt);
        await noteImported(reporter, request, imported, time);
      } catch (error) {
        if (stop.signal.aborted) fail("cli/interrupted", {});
        throw error;
      } finally {
        reporter.progress.finish();
        stop.release();
      }
    },
  },
  {
    name: "edit",
    aliases: ["\\e"],
    arguments: "",
    summary: "write the last statement anew in $VISUAL or $EDITOR (while writing: Ctrl-O)",
    run: async (context: Context) => {
      context.nextText = await editOutside(context.lastStatement, context.terminal.env);
    },
  },
];
