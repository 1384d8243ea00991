/**
 * Aggregates that SQLite counts to the innermost query around them, because they name no column of an outer one: put into a
 * subquery, `count(*)` would count the subquery's one row.
 */
import { LParen, Quoted, type Token } from "./tokens.ts";
import { isName, nameOf, tokenAt, wordAt } from "./words.ts";

/** As `SELECT name FROM pragma_function_list WHERE type IN ('a', 'w')` has them, those without OVER. */
const aggregates: ReadonlySet<string> = new Set(
  `AVG COUNT GEOPOLY_GROUP_BBOX GROUP_CONCAT JSONB_GROUP_ARRAY JSONB_GROUP_OBJECT JSON_GROUP_ARRAY JSON_GROUP_OBJECT MAX
  MEDIAN MIN PERCENTILE PERCENTILE_CONT PERCENTILE_DISC STRING_AGG SUM TOTAL`.split(/\s+/),
);

/** Words that begin an operand and are no column. */
const values: ReadonlySet<string> = new Set(
  "CAST CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP FALSE RAISE TRUE".split(" "),
);

/** Whether the call of an aggregate stands at `at` that does not begin with a column; one further behind is not looked for. */
export function isAggregateWithoutColumn(tokens: readonly Token[], at: number): boolean {
  if (!isCall(tokens, at) || !isAggregate(tokenAt(tokens, at))) return false;
  const first = at + (wordAt(tokens, at + 2) === "DISTINCT" ? 3 : 2);
  return !beginsWithColumn(tokens, first);
}

function isAggregate(token: Token | undefined): boolean {
  if (token?.tokenType === Quoted) return aggregates.has(nameOf(token).text.toUpperCase());
  return token !== undefined && aggregates.has(token.word);
}

/** A column, or a function of one: `body`, `t.body`, `length(trim(body))`. */
function beginsWithColumn(tokens: readonly Token[], at: number): boolean {
  let place = at;
  while (isName(tokenAt(tokens, place)) && isCall(tokens, place)) place += 2;
  const token = tokenAt(tokens, place);
  return isName(token) && !values.has(token.word);
}

function isCall(tokens: readonly Token[], at: number): boolean {
  return tokenAt(tokens, at + 1)?.tokenType === LParen;
}
