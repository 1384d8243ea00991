/** What the prompt and its commands share: the session and the user's choices. Whoever changes it says so here. */
import type { openSession, Procedure, Session, SqlValue } from "../../index.ts";
import type { Options } from "../options.ts";
import type { MediaValue } from "../format/media-file.ts";
import type { Output } from "../output.ts";
import type { Reporter } from "../reporter.ts";
import type { Terminal } from "../terminal.ts";
import type { Guard } from "./guard.ts";
import type { HistoryFile } from "./history-file.ts";
import type { InputSource } from "./input.ts";
import type { Mode } from "./show/fit.ts";
import type { Totals } from "./totals.ts";

export interface Context {
  readonly terminal: Terminal;
  readonly reporter: Reporter;
  readonly options: Options;
  readonly openSession: typeof openSession;
  readonly procedures: readonly Procedure[];
  readonly history: HistoryFile;
  readonly input: InputSource;
  readonly totals: Totals;
  /** Undefined where nobody sits at a terminal. */
  readonly guard: Guard | undefined;
  /** What `.param set` and `-p` gave, by name in lower case. */
  readonly parameters: Map<string, SqlValue>;
  /** Runs a text as if it had been submitted. `isKept`: people typed it, so history keeps it. */
  readonly run: (context: Context, text: string, options: RunOptions) => Promise<boolean>;
  session: Session;
  database: string;
  mode: Mode;
  /** `.mode insert TABLE`. */
  insertTable: string | undefined;
  isTimed: boolean;
  /** `.output`: where results go until it is taken back. */
  output: Destination | undefined;
  /** `.once`: where the next result goes. */
  once: string | undefined;
  /** The BLOBs of the last result. */
  media: readonly MediaValue[];
  /** For .edit and .explain. */
  lastStatement: string;
  /** What the next prompt begins with: .edit's text. */
  nextText: string;
  /** Set: the prompt ends with this exit code. */
  exitCode: number | undefined;
  /** .read in .read: how deep. */
  depth: number;
}

export interface Destination {
  readonly path: string;
  readonly output: Output;
  /** Result sets written. */
  results: number;
}

export interface RunOptions {
  /** What messages call the text. */
  readonly name: string;
  readonly isKept: boolean;
}
