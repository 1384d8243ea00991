/** Commands for how results look and where they go: .mode, .output, .once, .timer, .save. */
import { fail } from "../../../index.ts";
import { formats, parseFormatName, showable } from "../../format/format.ts";
import { saveMedia } from "../../format/media-file.ts";
import { fileOutput } from "../../output.ts";
import { safeLine } from "../../format/text.ts";
import { count } from "../../quantity.ts";
import { expandHome } from "../complete/files.ts";
import type { Context } from "../context.ts";
import type { DotCommand } from "./command.ts";

export const modeNames = ["auto", ...Object.keys(formats)];

export const outputCommands: readonly DotCommand[] = [
  {
    name: "mode",
    arguments: "[MODE] [TABLE]",
    summary: `how results are written: ${modeNames.join(", ")}; TABLE is what insert inserts into`,
    completes: ["mode", "table"],
    run: async (context, [name, table]) => {
      if (name === undefined) return context.terminal.stdout.write(`${context.mode}\n`);
      const mode = name.toLowerCase() === "auto" ? "auto" : showable(parseFormatName(name));
      if (table !== undefined && mode !== "insert")
        fail("cli/dot-usage", { command: ".mode", arguments: "insert TABLE" });
      context.mode = mode;
      context.insertTable = table;
    },
  },
  {
    name: "expanded",
    aliases: ["\\x"],
    arguments: "[on|off]",
    summary: "a value a line, as .mode line, or as fits again",
    completes: [["on", "off"]],
    run: async (context, [word]) => {
      const isOn = await switched(context, ".expanded", word, context.mode === "line");
      context.mode = isOn ? "line" : "auto";
    },
  },
  {
    name: "output",
    aliases: ["\\o"],
    arguments: "[FILE]",
    summary: "write results to a file; without a name, to the screen again, and the file is there",
    completes: ["file"],
    run: async (context, [file]) => {
      await closeOutput(context);
      if (file === undefined || file === "stdout") return;
      const path = expandHome(file);
      context.output = { path, output: await fileOutput(path), results: 0 };
    },
  },
  {
    name: "once",
    arguments: "FILE",
    summary: "write the next result to a file",
    completes: ["file"],
    run: async (context, [file = ""]) => {
      context.once = expandHome(file);
    },
  },
  {
    name: "timer",
    aliases: ["\\timing"],
    arguments: "[on|off]",
    summary: "the line with rows, time, calls and cost behind each statement",
    completes: [["on", "off"]],
    run: async (context, [word]) => {
      context.isTimed = await switched(context, ".timer", word, context.isTimed);
    },
  },
  {
    name: "save",
    arguments: "[FOLDER]",
    summary: "save images, sound and other BLOBs of the last result as files",
    completes: ["file"],
    run: async ({ media, terminal, reporter }, [folder = "."]) => {
      if (media.length === 0) fail("cli/nothing-to-save", {});
      for (const value of media)
        await terminal.stdout.write(`${safeLine(await saveMedia(value, expandHome(folder)))}\n`);
      await reporter.note("files-saved", { files: count(media.length, "file") });
    },
  },
];

/** What `on` and `off` say; without a word the other one than now, and that is said. Throws cli/dot-usage. */
async function switched(
  { reporter }: Context,
  command: string,
  word: string | undefined,
  isOn: boolean,
): Promise<boolean> {
  const isNext = word === undefined ? !isOn : { on: true, off: false }[word.toLowerCase()];
  if (isNext === undefined) fail("cli/dot-usage", { command, arguments: "on | off" });
  if (word === undefined) await reporter.note("switched", { command, isOn: isNext });
  return isNext;
}

/** Results written so far become the file, if they are all that was to be written. */
export async function closeOutput(context: Context, isWhole = true): Promise<void> {
  const { output } = context;
  context.output = undefined;
  await output?.output.close(isWhole);
}
