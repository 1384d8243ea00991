/**
 * What the walk over a statement learns by the way: its verb and target, its binds, and the functions whose value
 * belongs to one run. Places are indexes into the statement's tokens.
 */
import { holdsValues, type Frame } from "./frames.ts";
import type { FrozenFunction, SqlStatement, Verb } from "./syntax.ts";
import { LParen, NamedBind, PositionalBind, RParen, spanOf, type Token } from "./tokens.ts";
import { targetAt, verbAt } from "./verbs.ts";
import { endsOperand, isName, nameOf, tokenAt, wordAt } from "./words.ts";

export class StatementFacts {
  verb: Verb | undefined;
  target: SqlStatement["target"];
  hasUpsert = false;
  /** Inside CREATE TRIGGER: its head, or its body with statements of their own. */
  trigger: "none" | "head" | "body" = "none";
  readonly binds: Token[] = [];
  readonly frozenCalls: { name: FrozenFunction; span: { start: number; end: number } }[] = [];
  readonly #tokens: readonly Token[];

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  /** Takes in one token of SQL, in the frame it stands in. */
  read(at: number, state: Frame): void {
    const token = this.#tokens[at];
    if (token === undefined) return;
    if (token.tokenType === NamedBind || token.tokenType === PositionalBind) this.binds.push(token);
    if (token.word === "UPDATE" && wordAt(this.#tokens, at - 1) === "DO") this.hasUpsert = true;
    if (state.kind === "root" && token.word !== "") this.#readRootWord(token, at, state);
    if (holdsValues(state.clause) && !this.#isStoredText()) this.#readFrozen(token, at);
  }

  /** Whether the BEGIN at `at` opens a trigger's body. BEGIN may also be a name, which follows no operand. */
  beginsBody(at: number): boolean {
    const before = tokenAt(this.#tokens, at - 1);
    if (this.trigger !== "head" || this.#tokens[at]?.word !== "BEGIN" || before === undefined) return false;
    return endsOperand(before) && before.word !== "TRIGGER" && before.word !== "OF";
  }

  #readRootWord(token: Token, at: number, state: Frame): void {
    const isHead = state.clause === "query" || state.clause === "ctes";
    if (isHead && this.trigger === "none") this.#readVerb(token, at);
    if (state.clause !== "create-table") return;
    if (token.word === "AS" && this.verb === "create-schema") this.verb = "create-table-as";
    if (token.word === "INDEX") state.isInSchema = true;
  }

  #readVerb(token: Token, at: number): void {
    // A table of WITH may be named replace.
    if (token.word === "REPLACE" && this.#tokens[at + 1]?.word !== "INTO") return;
    const verb = verbAt(this.#tokens, at);
    if (verb === "create-trigger") this.trigger = "head";
    if (this.verb !== undefined) return;
    this.verb = verb;
    if (verb === "insert" || verb === "update" || verb === "delete") {
      this.target = targetAt(this.#tokens, at);
    }
  }

  #readFrozen(token: Token, at: number): void {
    if (tokenAt(this.#tokens, at + 1)?.tokenType !== LParen) return;
    const close = tokenAt(this.#tokens, at + 2);
    if (close?.tokenType !== RParen || !isName(token)) return;
    const name = frozenByName.get(nameOf(token).text.toLowerCase());
    if (name !== undefined) this.frozenCalls.push({ name, span: spanOf(token, close) });
  }

  /** Views, triggers and schema expressions run later: nothing in them belongs to this statement's run. */
  #isStoredText(): boolean {
    const { verb } = this;
    return (
      verb === "create-view" || verb === "create-trigger" || verb === "create-schema" || verb === "alter"
    );
  }
}

const frozenByName: ReadonlyMap<string, FrozenFunction> = new Map<string, FrozenFunction>([
  ["last_insert_rowid", "last_insert_rowid"],
  ["changes", "changes"],
  ["total_changes", "total_changes"],
]);
