import { expect, test } from "vitest";
import { scan } from "../../src/parser/scanner.ts";

/** `Type image` of each token; keywords show as their word. */
function tokens(text: string): string[] {
  return scan(text).map((token) => `${token.tokenType.name} ${token.image}`);
}

test("comments are gaps, and an unterminated one runs to the end", () => {
  expect(tokens("a -- b\nc /* d ' */ e")).toEqual(["Word a", "Word c", "Word e"]);
  expect(tokens("a /* b")).toEqual(["Word a"]);
  expect(tokens("a -- b")).toEqual(["Word a"]);
  expect(tokens("/*/ a")).toEqual([]);
  expect(tokens("a /*")).toEqual(["Word a", "Operator /", "Operator *"]);
});

test("a text keeps its doubled quotes, and goes to the end when it lacks its own", () => {
  expect(tokens("'it''s' ''")).toEqual(["Text 'it''s'", "Text ''"]);
  expect(tokens("'a;b--c'")).toEqual(["Text 'a;b--c'"]);
  expect(tokens("a 'b; c")).toEqual(["Word a", "Unterminated 'b; c"]);
});

test("a blob has an even number of hexadecimal digits", () => {
  expect(tokens("x'0aF0' X''")).toEqual(["Blob x'0aF0'", "Blob X''"]);
  expect(tokens("x'0' b")).toEqual(["Illegal x'0'", "Word b"]);
  expect(tokens("x'0g' b")).toEqual(["Illegal x'0g'", "Word b"]);
  expect(tokens("x'00")).toEqual(["Unterminated x'00"]);
});

test.each(["1", "0", "1_000", "0xFF", "0Xab_cd", "1.5", "1.", ".5", "1e5", "1.5E-3", ".5e+1", "1_0.0_1e1_0"])(
  "%s is a number",
  (text) => expect(tokens(text)).toEqual([`Number ${text}`]),
);

test.each(["1a", "0x1g", "1e5x", "12_x", "1é", "1_", "1__0", "1_e5", "1._5", "0x_1"])(
  "%s is no token",
  (text) => {
    expect(tokens(text)).toEqual([`Illegal ${text}`]);
  },
);

test("a number ends where it can no longer go on", () => {
  expect(tokens("1.5.5")).toEqual(["Number 1.5", "Number .5"]);
  expect(tokens("1-2")).toEqual(["Number 1", "Minus -", "Number 2"]);
});

test("every character beyond ASCII is a letter, and $ may stand inside a name", () => {
  expect(tokens("naïve _x a$b 表 \ud800 😀")).toEqual([
    "Word naïve",
    "Word _x",
    "Word a$b",
    "Word 表",
    "Word \ud800",
    "Word 😀",
  ]);
});

test("keywords are told in any case, but only in ASCII", () => {
  expect(tokens("Call cAlL")).toEqual(["CALL Call", "CALL cAlL"]);
  expect(scan("ſelect select").map((token) => token.word)).toEqual(["ſelect", "SELECT"]);
});

test("names are quoted in three ways", () => {
  expect(tokens('"a""b" [a]b] `a``b`')).toEqual([
    ...['Quoted "a""b"', "Quoted [a]", "Word b", "Unterminated ] `a``b`"].slice(0, 3),
    "Illegal ]",
    "Quoted `a``b`",
  ]);
  expect(tokens('"abc')).toEqual(['Unterminated "abc']);
  expect(tokens("[abc")).toEqual(["Unterminated [abc"]);
});

test("binds are named or numbered, and may have Tcl's suffixes", () => {
  expect(tokens(":a @b $c #d ? ?12 :1")).toEqual([
    "NamedBind :a",
    "NamedBind @b",
    "NamedBind $c",
    "NamedBind #d",
    "PositionalBind ?",
    "PositionalBind ?12",
    "NamedBind :1",
  ]);
  expect(tokens("$a::b(c) :x(y)+1")).toEqual(["NamedBind $a::b(c)", "NamedBind :x(y)", "Plus +", "Number 1"]);
  expect(tokens("$a(b c")).toEqual(["Illegal $a(b", "Word c"]);
  expect(tokens(": a")).toEqual(["Illegal :", "Word a"]);
});

test("operators are read longest first", () => {
  expect(
    tokens("->> -> || << >> <= >= <> != == => = < > & | ~ + - * / %").map((item) => item.split(" ")[1]),
  ).toEqual("->> -> || << >> <= >= <> != == => = < > & | ~ + - * / %".split(" "));
  expect(tokens("a=>b")).toEqual(["Word a", "Arrow =>", "Word b"]);
  expect(tokens("a->>'$'")).toEqual(["Word a", "Operator ->>", "Text '$'"]);
  expect(tokens("{ } ( ) , . ;").map((item) => item.split(" ")[0])).toEqual([
    "LBrace",
    "RBrace",
    "LParen",
    "RParen",
    "Comma",
    "Dot",
    "Semicolon",
  ]);
  expect(tokens("! \\ ^")).toEqual(["Illegal !", "Illegal \\", "Illegal ^"]);
});

test("a byte order mark, CRLF and form feeds are white space; a vertical tab only behind other white space", () => {
  expect(tokens("\ufeffSELECT\r\n1\f;")).toEqual(["Word SELECT", "Number 1", "Semicolon ;"]);
  expect(tokens("a \vb")).toEqual(["Word a", "Word b"]);
  expect(tokens("a\vb")).toEqual(["Word a", "Illegal \v", "Word b"]);
});
