/** A result set in the chosen mode, to the screen or to the file that `.output` and `.once` named. */
import { setImmediate } from "node:timers/promises";
import { sniff, type ResultSet, type SqlValue } from "../../../index.ts";
import type { Column, Row, Style } from "../../format/column.ts";
import { formatOfFile, formats, separatorOf, written, type FormatName } from "../../format/format.ts";
import { fileOutput } from "../../output.ts";
import { count } from "../../quantity.ts";
import { createColours, type Colours } from "../../colours.ts";
import { coloursOf } from "../../terminal.ts";
import type { Context } from "../context.ts";
import { fitted, type Fit } from "./fit.ts";
import { drawnImage, graphicsOf } from "../picture/draw.ts";
import { MediaKeeper } from "./kept-media.ts";
import { PagedOutput, PagerLeft, pagerOf } from "./page.ts";
import { expectError } from "../../expected.ts";

export interface Shown {
  readonly rows: number;
  /** Values shown shorter than they are. */
  readonly cut: number;
  /** Columns not shown because they hold nothing but NULL. */
  readonly hidden: number;
  /** The pager was left before all rows were read. */
  readonly isLeft: boolean;
}

const rowsPerTurn = 512;
/** More pictures than this bury the prompt; `.save` has them all. */
const imagesMax = 4;

export async function showResult(context: Context, result: ResultSet, signal: AbortSignal): Promise<Shown> {
  if (result.kind !== "rows") return { rows: 0, cut: 0, hidden: 0, isLeft: false };
  return showRows(context, result.columns, result.arrays(), signal);
}

async function showRows(
  context: Context,
  columns: readonly Column[],
  source: AsyncIterable<Row>,
  signal: AbortSignal,
): Promise<Shown> {
  const keeper = new MediaKeeper();
  const rows = new PassedRows(source, columns, keeper, signal);
  let isLeft = false;
  const fit: Fit = { columns: context.input.columns, cut: 0, hidden: 0, isOnSide: false };
  if (context.once !== undefined) {
    const path = context.once;
    context.once = undefined;
    await toFile(context, path, columns, rows);
  } else if (context.output !== undefined) {
    const { output, path, results } = context.output;
    const name = fileFormat(context, path);
    if (results > 0) await output.write(separatorOf(name));
    context.output.results++;
    for await (const piece of written(name, columns, rows, plain(context))) await output.write(piece);
  } else {
    isLeft = await toScreen(context, columns, rows, fit);
  }
  context.media = keeper.values;
  if (context.output === undefined) await drawImages(context, keeper);
  return { rows: rows.count, cut: fit.cut, hidden: fit.hidden, isLeft };
}

/** What a dot-command shows: a query of its own, without a line behind it. */
export async function showQuery(
  context: Context,
  sql: string,
  binds: Readonly<Record<string, SqlValue>> = {},
  none: "nothing-listed" | "no-tables" | "nothing-named-so" = "nothing-listed",
): Promise<void> {
  const result = await context.session.execute(sql, binds);
  // A listing is short, and no result of the user's: what `.save` saves stays.
  const rows = await Array.fromAsync(result.arrays());
  if (rows.length === 0) return context.reporter.note(none, {});
  const { media } = context;
  await showRows(context, result.columns, each(rows), new AbortController().signal);
  context.media = media;
}

async function* each(rows: readonly Row[]): AsyncGenerator<Row> {
  yield* rows;
}

/** What a dot-command says, through the pager where it is taller than the screen. */
export async function showText(context: Context, text: string): Promise<void> {
  const output = pagedOutput(context, () => true);
  try {
    await output.write(text);
  } catch (error) {
    expectError(error, PagerLeft);
  } finally {
    await output.close();
  }
}

/** `areLinesCut`: long lines go on beyond the screen's edge instead of being broken. */
function pagedOutput({ terminal, input }: Context, areLinesCut: () => boolean): PagedOutput {
  const { rows, columns } = input;
  const pager = (): string | undefined =>
    Number.isFinite(rows) ? pagerOf(terminal.env, areLinesCut()) : undefined;
  return new PagedOutput(terminal, { pager, rows, columns });
}

/** Files get no colours, and no values cut. */
function plain(context: Context): Style {
  return styleOf(context, createColours(false));
}

function styleOf({ insertTable, options }: Context, colours: Colours): Style {
  const { isCsvSafe } = options;
  return { colours, isCsvSafe, ...(insertTable === undefined ? {} : { table: insertTable }) };
}

/** The mode, if one was chosen; otherwise the file's ending says what is wanted. */
function fileFormat({ mode }: Context, path: string): FormatName {
  const byName = formatOfFile(path);
  if (byName === "parquet") return byName;
  return mode === "auto" ? (byName ?? "table") : mode;
}

async function toFile(
  context: Context,
  path: string,
  columns: readonly Column[],
  rows: AsyncIterable<Row>,
): Promise<void> {
  const output = await fileOutput(path);
  let isWhole = false;
  try {
    const pieces = written(fileFormat(context, path), columns, rows, plain(context));
    for await (const piece of pieces) await output.write(piece);
    isWhole = true;
  } finally {
    await output.close(isWhole);
  }
}

/** True: the pager was left before all was written. */
async function toScreen(
  context: Context,
  columns: readonly Column[],
  rows: AsyncIterable<Row>,
  fit: Fit,
): Promise<boolean> {
  const { terminal, input, mode } = context;
  const style = styleOf(context, coloursFor(context));
  const output = pagedOutput(context, () => !fit.isOnSide);
  try {
    // What goes elsewhere is for others, who want values whole.
    const isScreen = terminal.stdout.isTTY && input.isAttended;
    const format = isScreen ? fitted(mode, fit) : formats[mode === "auto" ? "table" : mode];
    for await (const text of format(columns, rows, style)) await output.write(text);
    return false;
  } catch (error) {
    if (error instanceof PagerLeft) return true;
    throw error;
  } finally {
    await output.close();
  }
}

function coloursFor({ terminal, options }: Pick<Context, "terminal" | "options">): Colours {
  return coloursOf(terminal, terminal.stdout, options.isColourWanted);
}

async function drawImages(context: Context, { values, dropped }: MediaKeeper): Promise<void> {
  const { terminal, input, reporter } = context;
  const isScreen = Number.isFinite(input.rows) && terminal.stdout.isTTY;
  const graphics = isScreen ? graphicsOf(terminal.env) : undefined;
  let drawn = 0;
  let left = 0;
  for (const { bytes } of graphics === undefined ? [] : values) {
    if (sniff(bytes)?.kind !== "image") continue;
    const image =
      drawn < imagesMax && graphics !== undefined ? drawnImage(bytes, graphics, input) : undefined;
    if (image === undefined) left++;
    else await terminal.stdout.write(image);
    if (image !== undefined) drawn++;
  }
  if (left > 0) await reporter.note("images-not-drawn", { images: count(left, "image") });
  if (dropped > 0) await reporter.note("blobs-not-kept", { blobs: count(dropped, "BLOB") });
}

/** Counts, keeps BLOBs, and lets Ctrl-C be heard between rows that come without waiting. */
class PassedRows implements AsyncIterable<Row> {
  count = 0;
  readonly #rows: AsyncIterable<Row>;
  readonly #columns: readonly Column[];
  readonly #keeper: MediaKeeper;
  readonly #signal: AbortSignal;

  constructor(
    rows: AsyncIterable<Row>,
    columns: readonly Column[],
    keeper: MediaKeeper,
    signal: AbortSignal,
  ) {
    this.#rows = rows;
    this.#columns = columns;
    this.#keeper = keeper;
    this.#signal = signal;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Row> {
    for await (const row of this.#rows) {
      if (++this.count % rowsPerTurn === 0) await setImmediate();
      this.#signal.throwIfAborted();
      this.#keeper.add(row, this.#columns);
      yield row;
    }
  }
}
