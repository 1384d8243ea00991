/** What the server and a process that runs statements say to each other. Plain data, by structured clone. */
import type {
  Answer,
  Behavior,
  CallEstimate,
  CallOrder,
  ConnectionFacts,
  Counts,
  Delivery,
  Diagnostic,
  ExplainOptions,
  ForEachCounts,
  ForEachOutput,
  JsonObject,
  ResultColumn,
  SqlValue,
} from "../index.ts";

/** The first message to a process. */
export interface Setup {
  readonly database?: string;
  readonly isWritable: boolean;
  /** File of the user's own models. */
  readonly models?: string;
  /** What EXPLAIN CALLS goes by. */
  readonly connection?: ConnectionFacts;
}

export interface Task {
  /** `describe`: columns and binds, without running anything. `each`: once for each row that is asked for. */
  readonly verb: "execute" | "describe" | "explain" | "each";
  readonly command: string;
  readonly binds: Readonly<Record<string, SqlValue>>;
  /** Of `each`. */
  readonly each?: EachOptions;
  /** Of `explain`: where calls would go, and whether they would be made anew. */
  readonly explain?: Pick<ExplainOptions, "connection" | "isFresh">;
  /** Rows that are given at most. */
  readonly rowsMax: number;
}

export interface EachOptions {
  readonly behavior: Behavior;
  readonly property?: string;
}

export type ToProcess =
  | { readonly kind: "setup"; readonly setup: Setup }
  | { readonly kind: "task"; readonly task: Task }
  /** What came of the orders. */
  | { readonly kind: "delivery"; readonly delivery: Delivery }
  /** Which of the orders are recorded. */
  | { readonly kind: "recorded"; readonly answers: readonly (Answer | undefined)[] }
  /** Of the connection that was asked about. */
  | { readonly kind: "facts"; readonly facts: ConnectionFacts }
  /** Why there is none of these. */
  | { readonly kind: "refusal"; readonly diagnostics: readonly Diagnostic[] }
  /** The next input row; none: there are no more. */
  | { readonly kind: "row"; readonly row: JsonObject | undefined }
  /** The last part has been taken: the next may be made. */
  | { readonly kind: "more" }
  /** Nobody wants the rest. */
  | { readonly kind: "stop" };

/** A bind of a statement that was described, with the parameter it feeds. */
export interface DescribedBind {
  readonly name: string;
  readonly procedure?: string;
  readonly parameter?: string;
  readonly type?: string;
  readonly isRequired?: boolean;
}

/** Of an answer, in this order: head or explanation, rows or outputs, end. Behind each but `end` the process waits for `more`. */
export type Part =
  | {
      readonly kind: "head";
      readonly columns: readonly ResultColumn[];
      readonly parameters?: readonly DescribedBind[];
    }
  | { readonly kind: "explanation"; readonly sites: readonly CallEstimate[] }
  | { readonly kind: "rows"; readonly rows: readonly (readonly SqlValue[])[] }
  | { readonly kind: "output"; readonly output: EachOutput }
  | { readonly kind: "end"; readonly end: End };

export type EachOutput = ForEachOutput<JsonObject>;

export interface End {
  readonly affectedRows: number;
  /** There were more rows than are given. */
  readonly isTruncated: boolean;
  readonly warnings: readonly Diagnostic[];
  /** Undefined where nothing was run. */
  readonly counts: Counts | ForEachCounts | undefined;
}

export type FromProcess =
  | Part
  | { readonly kind: "ready" }
  | { readonly kind: "orders"; readonly orders: readonly CallOrder[] }
  /** Which of them are recorded? */
  | { readonly kind: "look-up"; readonly orders: readonly CallOrder[] }
  /** A call names this connection. */
  | { readonly kind: "connection"; readonly name: string }
  /** An input row is wanted. */
  | { readonly kind: "wanted" }
  | { readonly kind: "failure"; readonly diagnostics: readonly Diagnostic[] };

/** Without the text it points into, which the other side has. */
export function withoutSource({ source: _, ...found }: Diagnostic): Diagnostic {
  return found;
}
