/** How arguments find their parameters (1-language, 1.3), and what is said when they do not. */
import { afterAll, describe, expect, test } from "vitest";
import { DiagnosticError, openSession, type Diagnostic } from "../../src/index.ts";

const session = await openSession({ env: {} });
afterAll(() => session.close());

/** Code and the text it points at, of each mistake. */
function mistakes(sql: string): [string, string][] {
  return diagnose(sql).map((item) => [item.code, sql.slice(item.span?.start, item.span?.end)]);
}

function diagnose(sql: string): readonly Diagnostic[] {
  try {
    session.prepare(sql);
    return [];
  } catch (error) {
    if (error instanceof DiagnosticError) return error.diagnostics;
    throw error;
  }
}

/** The parameter each bind feeds. */
function fed(sql: string): Record<string, string | undefined> {
  const { parameters } = session.prepare(sql);
  return Object.fromEntries(
    parameters.map((bind) => [
      bind.text,
      bind.procedure && `${bind.procedure.name}.${bind.parameter?.name ?? ""}`,
    ]),
  );
}

describe("an argument is bound", () => {
  test("to the parameter it names, in any case", () => {
    expect(fed("CALL GenerateResponse(message => :a, MODEL => :b)")).toEqual({
      ":a": "GenerateResponse.Message",
      ":b": "GenerateResponse.Model",
    });
  });

  test("else to the parameter or alias of its bind's name, wherever it stands", () => {
    expect(fed("CALL GenerateResponse(:Message, :Model)")).toMatchObject({
      ":Model": "GenerateResponse.Model",
    });
    expect(fed("CALL GenerateAudio(:Input, :Model, :Voice, :OutputFormat)")).toMatchObject({
      ":OutputFormat": "GenerateAudio.ResponseFormat",
    });
  });

  test("else to the parameter at its position", () => {
    expect(fed("CALL GenerateResponse(:what, :how)")).toEqual({
      ":what": "GenerateResponse.Message",
      ":how": "GenerateResponse.Instructions",
    });
  });

  test("a bind inside an expression goes by position", () => {
    expect(fed("CALL GenerateResponse(:Model || '!')")).toEqual({ ":Model": undefined });
    expect(mistakes("CALL GenerateResponse(upper(:Message))")).toEqual([]);
  });

  test("GenerateImage with an Image is EditImage, as the documentation prints it", () => {
    expect(fed("CALL GenerateImage(:Instructions, :Image, :Size)")).toEqual({
      ":Instructions": "EditImage.Instructions",
      ":Image": "EditImage.Image",
      ":Size": "EditImage.OutputSize",
    });
    expect(fed("CALL GenerateImage(:Instructions, :Size)")).toMatchObject({ ":Size": "GenerateImage.Size" });
  });

  test("EXEC and escapes bind as CALL does", () => {
    expect(fed("EXEC GenerateResponse @Message = :a, @Model = :b")).toEqual({
      ":a": "GenerateResponse.Message",
      ":b": "GenerateResponse.Model",
    });
    expect(mistakes("{call GenerateResponse(?, ?)}")).toEqual([]);
  });
});

describe("a mistake is reported at its place", () => {
  const cases: [string, [string, string][]][] = [
    ["CALL GenerateRespons('x')", [["bind/unknown-procedure", "GenerateRespons"]]],
    ["CALL GenerateResponse(Massage => 'x')", [["bind/unknown-parameter", "Massage"]]],
    ["CALL ModerateText('a', 'b', 'c')", [["bind/too-many-arguments", "'c'"]]],
    ["CALL ModerateText(Text => 'a', 'b')", [["bind/positional-after-named", "'b'"]]],
    // Dimensions, the third, is an extension: it goes by name alone.
    ["CALL GetEmbeddings('a', 'm')", []],
    ["CALL GetEmbeddings('a', 'm', 256)", [["bind/too-many-arguments", "256"]]],
    ["CALL ModerateText('a', Text => 'b')", [["bind/duplicate-argument", "Text => 'b'"]]],
    ["CALL ModerateText()", [["bind/missing-parameter", "ModerateText"]]],
    ["CALL AnalyzeImage(Model => 'm')", [["bind/missing-parameter", "AnalyzeImage"]]],
    ["CALL GenerateResponse(:Model)", [["bind/missing-parameter", "GenerateResponse"]]],
  ];
  for (const [sql, expected] of cases) test(sql, () => expect(mistakes(sql)).toEqual(expected));

  test("all mistakes of a statement together, nested calls included", () => {
    expect(
      mistakes("SELECT ModerateText('x', Modell => 'm'), GetEmbeddings(Txt => GenerateResponse())"),
    ).toEqual([
      ["bind/unknown-parameter", "Modell"],
      ["bind/missing-parameter", "GenerateResponse"],
      ["bind/unknown-parameter", "Txt"],
    ]);
  });

  test("what stands in a call that is unknown is looked at, too", () => {
    expect(mistakes("CALL Nope(GenerateResponse())")).toEqual([
      ["bind/unknown-procedure", "Nope"],
      ["bind/missing-parameter", "GenerateResponse"],
    ]);
  });

  test("what is missing is explained", () => {
    expect(diagnose("CALL GenerateAudio('hello')")[0]?.hint).toBe(
      "give it as Model => … (Speech model, such as gpt-4o-mini-tts or tts-1), or once for the session with SET DEFAULT GenerateAudio.Model = …",
    );
  });

  test("the sentence says what was given, and what there is", () => {
    const first = (sql: string): string | undefined => diagnose(sql)[0]?.message;
    expect(first("CALL GetEmbeddings('a', 'm', 256)")).toBe(
      "GetEmbeddings takes at most 2 arguments by position, 3 were given",
    );
    expect(first("CALL ModerateText(Text => 'a', 'b')")).toBe(
      'an argument by position follows the named argument "Text" of ModerateText',
    );
    expect(first("CALL ModerateText('a', Text => 'b')")).toBe('two arguments for "Text" of ModerateText');
  });

  test("an argument that stands where it belongs has not moved", () => {
    expect(diagnose("CALL GenerateAudio(:Input)")[0]?.hint).not.toContain("went to");
    expect(diagnose("CALL GenerateAudio('a')")[0]?.hint).not.toContain("went to");
  });

  test("every missing parameter is named, and an argument that went to its own name is mentioned", () => {
    const [item] = diagnose("CALL AnalyzeImage(:Model)");
    expect(item?.message).toBe('AnalyzeImage needs "Image" and "Message"');
    expect(item?.hint).toContain(":Model went to the parameter of its own name");
  });

  test("the nearest name is suggested, and both places of a duplicate are shown", () => {
    expect(diagnose("CALL GenerateResponse(Massage => 'x')")[0]?.hint).toBe('did you mean "Message"?');
    expect(diagnose("CALL GetEmbedings('x')")[0]?.hint).toBe('did you mean "GetEmbeddings"?');
    const sql = "CALL ModerateText('a', Text => 'b')";
    const [related] = diagnose(sql)[0]?.related ?? [];
    expect(sql.slice(related?.span.start, related?.span.end)).toBe("'a'");
    expect(related?.message).toBe("the first one");
  });

  test("an argument by position shows the name it follows", () => {
    const sql = "CALL ModerateText(Text => 'a', 'b')";
    const [related] = diagnose(sql)[0]?.related ?? [];
    expect(sql.slice(related?.span.start, related?.span.end)).toBe("Text");
    expect(related?.message).toBe("named here");
  });
});

describe("SET DEFAULT", () => {
  test("gives a required parameter a value for the session, and NULL takes it away", async () => {
    expect(mistakes("CALL GenerateAudio(:Input, :Model)")).toEqual([
      ["bind/missing-parameter", "GenerateAudio"],
    ]);
    await session.execute("SET DEFAULT GenerateAudio.Voice = 'alloy'");
    expect(mistakes("CALL GenerateAudio(:Input, :Model)")).toEqual([]);
    await session.execute("SET DEFAULT GenerateAudio.Voice = NULL");
    expect(mistakes("CALL GenerateAudio(:Input, :Model)")).toHaveLength(1);
  });

  test("an unknown procedure or parameter is refused", async () => {
    await expect(session.execute("SET DEFAULT GenerateAudio.Voise = 'a'")).rejects.toMatchObject({
      code: "bind/unknown-parameter",
    });
    await expect(session.execute("SET DEFAULT Nope.Voice = 'a'")).rejects.toMatchObject({
      code: "bind/unknown-procedure",
    });
  });
});

describe("SQLite's own errors", () => {
  test("suggest the procedure that was perhaps meant", async () => {
    await expect(session.execute("SELECT ClasifyText('a', 'b')")).rejects.toMatchObject({
      diagnostics: [
        { code: "sql/error", message: "no such function: ClasifyText", hint: 'did you mean "ClassifyText"?' },
      ],
    });
  });

  test.each([
    ["SELECT GenerateResponse('hi)", 24, "the quote that begins here is not closed"],
    ['CALL GenerateResponse("hi")', 22, "a text stands in single quotes: 'hi'; double quotes are for names"],
    [
      "CALL GenerateResponse(hi)",
      22,
      "a text stands in single quotes: 'hi'; a value from outside is a bind: :hi",
    ],
    ["GenerateResponse('hi')", 0, "to call a procedure: CALL GenerateResponse(…)"],
    ["SELECT GenerateResponse(t.boddy) FROM tickets AS t", 26, 'did you mean "body"?'],
    ["SELECT * FROM tickts", 14, 'did you mean "tickets"?'],
    ["EXPLAIN CALLS SELECT GenerateResponse(bodi) FROM tickets", 38, 'did you mean "body"?'],
  ])("say in %s what is mostly meant", async (sql, start, hint) => {
    await using other = await openSession();
    await other.execute("CREATE TABLE tickets(id, body)");
    await expect(other.execute(sql)).rejects.toMatchObject({
      diagnostics: [{ code: "sql/error", span: { start }, hint: expect.stringContaining(hint) }],
    });
  });

  test("point at the word SQLite stopped at, not at its first use", async () => {
    const place = async (sql: string): Promise<string> => {
      const error = await session.execute(sql).catch((e: unknown) => e);
      const [item] = error instanceof DiagnosticError ? error.diagnostics : [];
      return `${item?.message ?? ""} @${item?.span?.start ?? ""}`;
    };
    expect(await place("SELECT 1 AS a, a FROM (SELECT 1 AS a) a a")).toBe('near "a": syntax error @40');
    expect(await place("SELECT nope FROM (SELECT 1 AS a)")).toBe("no such column: nope @7");
    expect(await place("SELECT (1")).toBe("incomplete input @9");
  });
});
