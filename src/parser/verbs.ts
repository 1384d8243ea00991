/** What kind of statement SQLite will see, and which table it writes. */
import type { SqlStatement, Verb } from "./syntax.ts";
import { Dot, Text, type Token } from "./tokens.ts";
import { isName, nameOf, wordAt } from "./words.ts";

const verbByWord: ReadonlyMap<string, Verb> = new Map<string, Verb>([
  ["SELECT", "select"],
  ["VALUES", "select"],
  ["INSERT", "insert"],
  ["REPLACE", "insert"],
  ["UPDATE", "update"],
  ["DELETE", "delete"],
  ["ALTER", "alter"],
  ["DROP", "drop"],
  ["BEGIN", "begin"],
  ["COMMIT", "commit"],
  ["END", "commit"],
  ["ROLLBACK", "rollback"],
  ["SAVEPOINT", "savepoint"],
  ["RELEASE", "release"],
  ["ATTACH", "attach"],
  ["DETACH", "detach"],
  ["PRAGMA", "pragma"],
  ["VACUUM", "vacuum"],
  ["EXPLAIN", "explain"],
]);

/** What statements begin with, SQLite's and ours. */
export const statementWords: ReadonlySet<string> = new Set([
  ...verbByWord.keys(),
  ..."CREATE WITH ANALYZE REINDEX CALL EXEC EXECUTE SET RESET SHOW DESCRIBE RETRY".split(" "),
]);

/** The verb that the word at `at` begins; CREATE TABLE becomes create-table-as only when its AS is met. */
export function verbAt(tokens: readonly Token[], at: number): Verb | undefined {
  const word = wordAt(tokens, at);
  if (word !== "CREATE") return verbByWord.get(word);
  const next = wordAt(tokens, at + 1);
  const kind = next === "TEMP" || next === "TEMPORARY" ? tokens[at + 2]?.word : next;
  if (kind === "VIEW") return "create-view";
  if (kind === "TRIGGER") return "create-trigger";
  return "create-schema";
}

/** The table behind INSERT [OR x] INTO, REPLACE INTO, UPDATE [OR x] or DELETE FROM. */
export function targetAt(tokens: readonly Token[], verb: number): SqlStatement["target"] {
  let at = verb + 1;
  if (tokens[at]?.word === "OR") at += 2;
  if (["INTO", "FROM"].includes(wordAt(tokens, at))) at++;
  const first = tokens[at];
  if (first === undefined || !isTableName(first)) return undefined;
  const second = tokens[at + 2];
  if (tokens[at + 1]?.tokenType !== Dot) return { table: nameOf(first) };
  return second !== undefined && isTableName(second)
    ? { schema: nameOf(first), table: nameOf(second) }
    : undefined;
}

/** SQLite takes a name in single quotes too. */
function isTableName(token: Token): boolean {
  return token.tokenType === Text || isName(token);
}
