/**
 * Where in a text the cursor stands, as far as completion asks: in a file name, behind FROM, at an argument of a call…
 * Read from the parser's tokens; pure, and content with half a statement.
 */
import { highlight, type TokenRole } from "../../../index.ts";

export interface Piece {
  readonly text: string;
  readonly start: number;
  readonly role: TokenRole;
}

export interface Place {
  /** What was typed of the word at the cursor, and where it begins. */
  readonly word: string;
  readonly from: number;
  readonly kind: PlaceKind;
  /** The call whose parentheses the cursor stands in. */
  readonly call?: CallPlace;
  /** All names of the text: tables among them lend their columns. */
  readonly names: readonly string[];
}

export type PlaceKind =
  | { readonly kind: "nothing" }
  | { readonly kind: "file" }
  | { readonly kind: "bind" }
  | { readonly kind: "procedure" }
  /** Behind `SET DEFAULT`: a parameter's name comes next. */
  | { readonly kind: "default" }
  /** Behind `DESCRIBE`: a table, or a procedure that is not called. */
  | { readonly kind: "described" }
  | { readonly kind: "table" }
  | { readonly kind: "option" }
  /** Behind `SET name =`. */
  | { readonly kind: "option-value"; readonly option: string; readonly isQuoted: boolean }
  /** Behind `Name =>`, or in quotes where an argument of a call stands. */
  | { readonly kind: "argument-value"; readonly parameter: string | number; readonly isQuoted: boolean }
  | { readonly kind: "column"; readonly table: string }
  /** Where an argument of a call begins. */
  | { readonly kind: "argument" }
  | { readonly kind: "expression" };

export interface CallPlace {
  readonly name: string;
  /** From 0; commas in inner parentheses do not count. */
  readonly position: number;
  /** Names given so far with `=>`, in lower case. */
  readonly given: readonly string[];
}

export function placeOf(text: string, cursor: number): Place {
  const before = text.slice(0, cursor);
  const pieces = highlight(before).map(({ start, end, role }) => ({
    text: before.slice(start, end),
    start,
    role,
  }));
  const names = highlight(text)
    .filter(({ role }) => role === "name" || role === "quoted-name")
    .map(({ start, end }) => unquoted(text.slice(start, end)));
  const last = pieces.at(-1);
  const isTouching = last !== undefined && last.start + last.text.length === cursor && !isPunctuation(last);
  const earlier = isTouching ? pieces.slice(0, -1) : pieces;
  const typed = isTouching ? last : undefined;
  const call = enclosingCall(earlier);
  const found = { names, ...(call === undefined ? {} : { call }) };
  if (typed?.role === "comment") return { word: "", from: cursor, kind: { kind: "nothing" }, ...found };
  if (typed?.role === "string") {
    const opening = typed.text.indexOf("'") + 1;
    const from = typed.start + opening;
    return { word: typed.text.slice(opening), from, kind: inString(typed, earlier, call), ...found };
  }
  const kind = kindOf(typed, earlier, call);
  return { word: typed?.text ?? "", from: typed?.start ?? cursor, kind, ...found };
}

/** The innermost call with an open parenthesis before the cursor: any name in front of it may be a procedure's. */
function enclosingCall(pieces: readonly Piece[]): CallPlace | undefined {
  let depth = 0;
  let position = 0;
  const given: string[] = [];
  for (let at = pieces.length - 1; at >= 0; at--) {
    const piece = pieces[at];
    if (piece?.text === ";") return undefined;
    if (piece?.text === ")") depth++;
    if (piece?.text === "(" && --depth < 0) {
      const name = pieces[at - 1];
      if (name?.role === "name" || name?.role === "quoted-name") {
        return { name: unquoted(name.text), position, given };
      }
      return undefined;
    }
    if (depth === 0 && piece?.text === ",") position++;
    if (depth === 0 && piece?.text === "=>") given.push((pieces[at - 1]?.text ?? "").toLowerCase());
  }
  return undefined;
}

function kindOf(typed: Piece | undefined, earlier: readonly Piece[], call: CallPlace | undefined): PlaceKind {
  const previous = earlier.at(-1);
  const word = previous?.text.toUpperCase() ?? "";
  if (typed?.role === "bind" || /^[:@$]/.test(typed?.text ?? "")) return { kind: "bind" };
  if (typed?.role === "number") return { kind: "nothing" };
  if (previous?.text === ".") return { kind: "column", table: unquoted(earlier.at(-2)?.text ?? "") };
  if (["CALL", "EXEC", "EXECUTE", "CALLS"].includes(word)) return { kind: "procedure" };
  if (word === "DEFAULT" && earlier.at(-2)?.text.toUpperCase() === "SET") return { kind: "default" };
  if (word === "DESCRIBE") return { kind: "described" };
  const isStart = (index: number): boolean => index < 0 || earlier[index]?.text === ";";
  if ((word === "SET" || word === "RESET") && isStart(earlier.length - 2)) return { kind: "option" };
  const option = optionBefore(earlier);
  if (option !== undefined) return { kind: "option-value", option, isQuoted: false };
  if (["FROM", "JOIN", "INTO", "UPDATE", "TABLE", "LATERAL"].includes(word)) return { kind: "table" };
  if (call !== undefined && previous?.text === "=>")
    return { kind: "argument-value", parameter: earlier.at(-2)?.text ?? "", isQuoted: false };
  if (call !== undefined && (previous?.text === "(" || previous?.text === ",")) return { kind: "argument" };
  return { kind: "expression" };
}

function inString(typed: Piece, earlier: readonly Piece[], call: CallPlace | undefined): PlaceKind {
  // A closed string is finished; the scanner takes an open one up to the end.
  if (/^[xX]?'(?:[^']|'')*'$/.test(typed.text)) return { kind: "nothing" };
  const previous = earlier.at(-1)?.text;
  const name = earlier.at(-2);
  if (previous === "(" && /^(?:readfile|writefile)$/i.test(name?.text ?? "")) return { kind: "file" };
  const option = optionBefore(earlier);
  if (option !== undefined) return { kind: "option-value", option, isQuoted: true };
  if (call === undefined) return { kind: "nothing" };
  if (previous === "=>") return { kind: "argument-value", parameter: name?.text ?? "", isQuoted: true };
  if (previous !== "(" && previous !== ",") return { kind: "nothing" };
  return { kind: "argument-value", parameter: call.position, isQuoted: true };
}

/** The option of a `SET name =` that ends here. */
function optionBefore(pieces: readonly Piece[]): string | undefined {
  const [before, set, name, equals] = [undefined, undefined, undefined, undefined, ...pieces].slice(-4);
  const isSet = set?.text.toUpperCase() === "SET" && equals?.text === "=" && (before?.text ?? ";") === ";";
  return isSet && name?.role !== "bind" ? name?.text : undefined;
}

function isPunctuation({ role, text }: Piece): boolean {
  return role === "operator" || (role === "error" && !/^[:@$]/.test(text));
}

function unquoted(name: string): string {
  return /^["`[]/.test(name) ? name.replace(/^["`[]|["`\]]$/g, "") : name;
}
