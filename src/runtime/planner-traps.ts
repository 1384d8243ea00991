/**
 * Forms in which SQLite's planner makes calls that their sense does not need (2-runtime, rule 12).
 * A form is recognised in the text. Where what to write instead can be derived from it, that is surveyed too, and there is
 * a warning only if it takes fewer calls; where not, only if there are more calls than rows. What is not recognised passes:
 * a false alarm is worse than a miss.
 */
import { DiagnosticError, warning, type Diagnostic } from "../diagnostics/diagnostic.ts";
import type { Code, Details } from "../diagnostics/messages.ts";
import type { Query } from "../parser/outline.ts";
import { parseScript } from "../parser/parse.ts";
import { Comma, Dot, LParen, NumberLiteral, type Token } from "../parser/tokens.ts";
import { isBareAlias, isName, nameOf } from "../parser/words.ts";
import type { Surveyed, SurveyedSite } from "./call-survey.ts";
import { fromSqliteError } from "./sql-error.ts";
import {
  aliasOfItem,
  Form,
  hasPositionalBind,
  itemsOf,
  readLimit,
  spanOfTokens,
  type Edit,
  type PlacedSite,
} from "./trap-form.ts";
import type { Workspace } from "./workspace.ts";
import { known } from "../diagnostics/known.ts";

type Survey = (surveyed: Surveyed) => readonly SurveyedSite[];

/** `survey` counts the calls of another statement in the place of this one. */
export function findTraps(
  { catalog }: Workspace,
  surveyed: Surveyed,
  sites: readonly SurveyedSite[],
  survey: Survey,
): readonly Diagnostic[] {
  const form = new Form(surveyed, sites);
  const needed = sites.reduce((sum, { calls }) => sum + calls.length, 0);
  // One call is never too many.
  if (form.sites.length === 0 || needed < 2) return [];
  const { source, binds } = surveyed;
  const context: TrapContext = {
    form,
    surveyed,
    warn: (code, placed, details) => {
      const { start, end } = placed.site.span;
      return warning(code, details, { source, span: { start, end } });
    },
    callsOf: (edits) => {
      const text = applyEdits(form.text, edits);
      const isProcedure = (name: string): boolean => catalog.find(name) !== undefined;
      const { source: written, statements } = parseScript({ name: source.name, text }, { isProcedure });
      const [statement] = statements;
      if (statements.length !== 1 || statement?.kind !== "sql") return undefined;
      const calls = surveyOrNothing(() => survey({ source: written, statement, binds }), {
        source: written,
        span: statement.span,
        catalog,
      })?.reduce((sum, { callsMax }) => sum + callsMax, 0);
      return calls !== undefined && calls < needed ? calls : undefined;
    },
  };
  return [
    ...form.sites.flatMap((placed) => siteTrap(context, placed) ?? []),
    ...materializedTraps(context, needed),
  ];
}

interface TrapContext {
  readonly form: Form;
  readonly surveyed: Surveyed;
  readonly warn: <C extends Code>(code: C, placed: PlacedSite, details: Details<C>) => Diagnostic;
  /** Calls of the edited statement, if they are fewer than those of the statement itself. */
  readonly callsOf: (edits: readonly Edit[]) => number | undefined;
}

/** What is not sure to be right SQL may be refused. */
function surveyOrNothing(
  survey: () => readonly SurveyedSite[],
  refused: Parameters<typeof fromSqliteError>[1],
): readonly SurveyedSite[] | undefined {
  try {
    return survey();
  } catch (error) {
    if (fromSqliteError(error, refused) instanceof DiagnosticError) return undefined;
    throw error;
  }
}

function siteTrap(context: TrapContext, placed: PlacedSite): Diagnostic | undefined {
  return (
    leftJoin(context, placed) ??
    joinOrder(context, placed) ??
    membership(context, placed) ??
    sortedLimit(context, placed)
  );
}

/** `LEFT JOIN P(x) r ON <no column of r>` → `LEFT JOIN P(iif(<that>, x, NULL)) r ON …`. */
function leftJoin({ form, warn, callsOf }: TrapContext, placed: PlacedSite): Diagnostic | undefined {
  const { site, first, calls, name } = placed;
  const before = form.word(first - 2) === "OUTER" ? form.word(first - 3) : form.word(first - 2);
  const argument = site.arguments[0];
  if (site.position !== "table" || form.word(first - 1) !== "JOIN" || before !== "LEFT") return undefined;
  const on = (form.aliasOf(placed)?.index ?? placed.end - 1) + 1;
  if (form.word(on) !== "ON" || argument === undefined) return undefined;
  const condition = conditionFrom(form, on + 1);
  const span = spanOfTokens(condition);
  const isOuter = !form.mentions(condition, form.answerNames(placed)) && !form.hasSite(condition);
  const inArguments = form.tokens.slice(first, placed.end);
  if (span === undefined || !isOuter || hasPositionalBind([...condition, ...inArguments])) return undefined;
  const expression = form.own(argument.expression);
  const gated = `iif((${form.textOf(span)}), ${form.textOf(expression)}, NULL)`;
  const better = callsOf([{ ...expression, text: gated }]);
  if (better === undefined) return undefined;
  const details = { procedure: name.procedure.name, calls: calls.length, condition: form.textOf(span) };
  return warn("plan/trap-left-join", placed, details);
}

/** Tokens of an ON condition: up to the next join, clause or closing parenthesis. */
function conditionFrom(form: Form, start: number): readonly Token[] {
  const condition: Token[] = [];
  for (let index = start; index < form.tokens.length; index++) {
    const token = form.tokens[index];
    if (token === undefined || token.image === ")" || token.image === ",") break;
    if (conditionEnds.has(token.word)) break;
    const close = token.tokenType === LParen ? form.closing(index) : index;
    condition.push(...form.tokens.slice(index, close + 1));
    index = close;
  }
  return condition;
}

const conditionEnds: ReadonlySet<string> = new Set(
  "JOIN LEFT RIGHT FULL INNER CROSS NATURAL WHERE GROUP HAVING WINDOW ORDER LIMIT UNION INTERSECT EXCEPT RETURNING".split(
    " ",
  ),
);

/**
 * `t JOIN u … WHERE <of u> AND P(t.x)`: SQLite tests a condition as soon as it knows all that stands in it, so that a call
 * which names no column of u is made before u is looked at.
 */
function joinOrder({ form, warn, callsOf }: TrapContext, placed: PlacedSite): Diagnostic | undefined {
  const { site, first, end, calls, name } = placed;
  const query = form.queryAt(first);
  const argument = site.arguments[0];
  if (site.position !== "value" || !site.isCondition || query === undefined) return undefined;
  const inArguments = form.tokens.slice(first, end);
  if (argument === undefined || argument.sites.length > 0 || hasPositionalBind(inArguments)) return undefined;
  const tests = [...query.clauses.from, ...query.clauses.where];
  for (const { table, rowid } of tablesOf(form, query)) {
    const column = columnOf(form, tests, table) ?? rowid;
    if (column === undefined || form.mentions(inArguments, new Set([table.toLowerCase()]))) continue;
    const expression = form.own(argument.expression);
    const written = form.textOf(expression);
    const better = callsOf([{ ...expression, text: `iif(${column} IS NULL, ${written}, ${written})` }]);
    if (better === undefined) continue;
    const details = { procedure: name.procedure.name, calls: calls.length, better, table, column };
    return warn("plan/trap-join-order", placed, details);
  }
  return undefined;
}

interface NamedTable {
  readonly table: string;
  /**
   * A column that can be named where conditions name columns without their table, as with USING. Of a view and the like
   * SQLite knows none, and the survey is refused. Undefined for a function.
   */
  readonly rowid: string | undefined;
}

/** Names by which the query's tables are known: their aliases where they have any. */
function tablesOf(form: Form, query: Query): readonly NamedTable[] {
  const from = form.outer(query.clauses.from);
  return from.flatMap((token, place) => {
    const before = from[place - 1];
    const isTable = before === undefined || before.tokenType === Comma || before.word === "JOIN";
    if (!isTable || !isName(token)) return [];
    const isQualified = from[place + 1]?.tokenType === Dot;
    const table = isQualified ? from[place + 2] : token;
    const [next, second] = from.slice(place + (isQualified ? 3 : 1));
    const alias = next?.word === "AS" ? second : next;
    const named = isName(alias) && isBareAlias(alias) ? alias : table;
    if (!isName(named)) return [];
    const isFunction = form.tokens[form.indexOf(table ?? token) + 1]?.tokenType === LParen;
    return [{ table: nameOf(named).text, rowid: isFunction ? undefined : `${named.image}.rowid` }];
  });
}

/** `u.active`, as it is first written. */
function columnOf(form: Form, tokens: readonly Token[], table: string): string | undefined {
  for (const token of tokens) {
    const index = form.indexOf(token);
    const column = form.tokens[index + 2];
    const isTable = isName(token) && nameOf(token).text.toLowerCase() === table.toLowerCase();
    if (isTable && form.tokens[index + 1]?.image === "." && column !== undefined) {
      return form.textOf({ start: token.startOffset, end: column.endOffset + 1 });
    }
  }
  return undefined;
}

/** `x IN (SELECT y FROM … P …)` → `EXISTS (SELECT 1 FROM … P … WHERE y = x)`. */
function membership({ form, warn, callsOf }: TrapContext, placed: PlacedSite): Diagnostic | undefined {
  const query = form.queryAt(placed.first);
  if (query?.open === undefined || form.word(query.open - 1) !== "IN" || query.isCompound) return undefined;
  const { list, from, where, group, window, order, limit } = query.clauses;
  const hasMore = [group, window, order, limit].some((clause) => clause.length > 0);
  const isPlain = itemsOf(list).length === 1 && aliasOfItem(list) === undefined && !isAggregate(list);
  const close = form.closing(query.open);
  const left = leftOperand(form, query.open - 1);
  if (hasMore || !isPlain || left === undefined) return undefined;
  if (form.mentions(from, new Set([left.table.toLowerCase()]))) return undefined;
  const [selected, source] = [spanOfTokens(list), spanOfTokens(from)];
  const tested = spanOfTokens(where);
  if (selected === undefined || source === undefined) return undefined;
  const condition = tested === undefined ? "" : `(${form.textOf(tested)}) AND `;
  const end = known(form.tokens[close]?.endOffset) + 1;
  const text = `EXISTS (SELECT 1 FROM ${form.textOf(source)} WHERE ${condition}(${form.textOf(selected)}) = ${left.text})`;
  const better = callsOf([{ start: left.start, end, text }]);
  if (better === undefined) return undefined;
  const { calls, name } = placed;
  return warn("plan/trap-in", placed, { procedure: name.procedure.name, calls: calls.length, better });
}

interface Operand {
  readonly start: number;
  readonly table: string;
  /** With its table. */
  readonly text: string;
}

/** The column before IN, if it is one and its table can be told. */
function leftOperand(form: Form, at: number): Operand | undefined {
  const column = form.tokens[at - 1];
  if (!isName(column)) return undefined;
  if (form.tokens[at - 2]?.image === ".") {
    const table = form.tokens[at - 3];
    if (!isName(table) || !beginsOperand(form, at - 3)) return undefined;
    const start = table.startOffset;
    return { start, table: nameOf(table).text, text: form.textOf({ start, end: column.endOffset + 1 }) };
  }
  const outer = form.outer(form.queryAt(at)?.clauses.from ?? []);
  const [table] = outer.slice(-1);
  const isOnly = !outer.some(({ word, image }) => image === "," || word === "JOIN" || word === "INDEXED");
  if (!isOnly || !isName(table) || !beginsOperand(form, at - 1)) return undefined;
  const start = column.startOffset;
  return { start, table: nameOf(table).text, text: `${table.image}.${column.image}` };
}

function beginsOperand(form: Form, index: number): boolean {
  return ["WHERE", "AND", "OR", "ON", "WHEN"].includes(form.word(index - 1));
}

/** A call for every row although LIMIT leaves few: rows are sorted, or skipped, after the call. */
function sortedLimit({ form, warn, surveyed }: TrapContext, placed: PlacedSite): Diagnostic | undefined {
  const { site, first, calls, name } = placed;
  const query = form.topQuery();
  if (query === undefined || query !== form.queryAt(first) || query.isDistinct) return undefined;
  const { list, from, where, group, window, order, limit } = query.clauses;
  const found = readLimit(limit, surveyed.binds);
  if (found === undefined || group.length > 0 || window.length > 0 || isAggregate(list)) return undefined;
  if (calls.length <= found.rows) return undefined;
  const answers =
    site.position === "table" ? tableAnswers(form, placed, from, where) : listAnswers(form, placed, list);
  if (answers === undefined) return undefined;
  const details = { procedure: name.procedure.name, calls: calls.length, rows: found.rows };
  if (order.length === 0) {
    return site.position === "table" && found.offset > 0
      ? warn("plan/trap-offset", placed, details)
      : undefined;
  }
  const isByNumber = itemsOf(order).some(([term]) => term?.tokenType === NumberLiteral);
  if (isByNumber || form.hasSite(order) || form.mentions(order, answers)) return undefined;
  return warn("plan/trap-order-limit", placed, details);
}

/** Names of a table site's answers; undefined where rows depend on them. */
function tableAnswers(
  form: Form,
  placed: PlacedSite,
  from: readonly Token[],
  where: readonly Token[],
): ReadonlySet<string> | undefined {
  const names = form.answerNames(placed);
  const alias = form.aliasOf(placed)?.index ?? placed.end - 1;
  const others = from.filter((token) => {
    const index = form.indexOf(token);
    return index < placed.first || index > alias;
  });
  const isFree = !form.mentions([...others, ...where], names) && !form.hasSite(where);
  const isJoinedByName = from.some(({ word }) => word === "USING" || word === "NATURAL");
  return isFree && !isJoinedByName ? names : undefined;
}

/** Names of the item of the select list that the site stands in; undefined where it stands in none. */
function listAnswers(
  form: Form,
  { site, first }: PlacedSite,
  list: readonly Token[],
): ReadonlySet<string> | undefined {
  const token = form.tokens[first];
  const item = itemsOf(list).find((tokens) => token !== undefined && tokens.includes(token));
  const span = item === undefined ? undefined : spanOfTokens(item);
  if (site.position !== "value" || item === undefined || span === undefined) return undefined;
  return new Set([aliasOfItem(item) ?? "", form.textOf(span)].map((name) => name.toLowerCase()));
}

/** An aggregate or a window function: the rows that are called for are not the rows that are given. */
function isAggregate(list: readonly Token[]): boolean {
  return list.some(({ word }, place) => {
    return word === "OVER" || (aggregates.has(word) && list[place + 1]?.tokenType === LParen);
  });
}

const aggregates: ReadonlySet<string> = new Set(
  "COUNT SUM TOTAL AVG MIN MAX GROUP_CONCAT STRING_AGG JSON_GROUP_ARRAY JSON_GROUP_OBJECT JSONB_GROUP_ARRAY JSONB_GROUP_OBJECT MEDIAN PERCENTILE PERCENTILE_CONT PERCENTILE_DISC".split(
    " ",
  ),
);

/** `WITH c AS MATERIALIZED (… P …) … WHERE <of c>` → the same without the hint. */
function materializedTraps({ form, warn, callsOf }: TrapContext, calls: number): readonly Diagnostic[] {
  return form.tokens.flatMap((token, index) => {
    if (token.word !== "MATERIALIZED" || form.word(index - 1) !== "AS") return [];
    const close = form.closing(index + 1);
    const placed = form.sites.find(({ first }) => first > index && first < close);
    if (placed === undefined) return [];
    const better = callsOf([{ start: token.startOffset, end: token.endOffset + 1, text: "" }]);
    if (better === undefined) return [];
    const procedure = placed.name.procedure.name;
    return [warn("plan/trap-materialized", placed, { procedure, calls, better })];
  });
}

function applyEdits(text: string, edits: readonly Edit[]): string {
  return edits
    .toSorted((a, b) => b.start - a.start)
    .reduce((edited, edit) => edited.slice(0, edit.start) + edit.text + edited.slice(edit.end), text);
}
