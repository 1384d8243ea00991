/** The line editor's reducer: what every key does to a text. `|` is the cursor. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { reduce, type Effect } from "../../../src/cli/repl/edit/editor.ts";
import { graphemesOf } from "../../../src/cli/repl/edit/graphemes.ts";
import type { Command, Key } from "../../../src/cli/repl/edit/keys.ts";
import { offer } from "../../../src/cli/repl/edit/menu.ts";
import { editorOf, type EditorState } from "../../../src/cli/repl/edit/state.ts";
import { isSubmittable } from "../../../src/cli/repl/split.ts";

const rules = { isComplete: isSubmittable };

/** Words are commands; anything else is typed, grapheme by grapheme. */
type Step = Command | { readonly typed: string };

const typed = (text: string): Step => ({ typed: text });

function stateOf(marked: string, entries: readonly string[] = []): EditorState {
  const cursor = marked.indexOf("|");
  const state = editorOf(entries);
  return { ...state, buffer: { text: marked.replace("|", ""), cursor } };
}

function shown({ buffer: { text, cursor } }: EditorState): string {
  return `${text.slice(0, cursor)}|${text.slice(cursor)}`;
}

function keysOf(step: Step): Key[] {
  if (typeof step === "string") return [{ kind: "command", command: step }];
  return graphemesOf(step.typed).map((text) => ({ kind: "text", text }));
}

function play(state: EditorState, ...steps: readonly Step[]): { state: EditorState; effects: Effect[] } {
  const effects: Effect[] = [];
  let current = state;
  for (const key of steps.flatMap(keysOf)) {
    const { state: next, effect } = reduce(current, key, rules);
    current = next;
    if (effect !== undefined) effects.push(effect);
  }
  return { state: current, effects };
}

const after = (marked: string, ...steps: readonly Step[]): string =>
  shown(play(stateOf(marked), ...steps).state);

describe("moving", () => {
  test.each<readonly [string, Command, string]>([
    ["a|b", "left", "|ab"],
    ["|ab", "left", "|ab"],
    ["a|b", "right", "ab|"],
    ["x👨‍👩‍👧|y", "left", "x|👨‍👩‍👧y"],
    ["|e\u0301x", "right", "e\u0301|x"],
    ["select foo_bar|", "word-left", "select |foo_bar"],
    ["a, b  |", "word-left", "a, |b  "],
    ["|select foo", "word-right", "select| foo"],
    ["日本|語", "word-left", "|日本語"],
    ["one\ntwo|", "word-left", "one\n|two"],
    ["one\nt|wo", "line-start", "one\n|two"],
    ["o|ne\ntwo", "line-end", "one|\ntwo"],
    ["one\ntw|o", "text-start", "|one\ntwo"],
    ["o|ne\ntwo", "text-end", "one\ntwo|"],
    ["one\n|two", "left", "one|\ntwo"],
    ["one|\ntwo", "right", "one\n|two"],
  ])("%j %s → %j", (before, command, expected) => {
    expect(after(before, command)).toBe(expected);
  });

  test("up and down keep the cell, through shorter lines too", () => {
    expect(after("select\nab\nfrom| t", "up")).toBe("select\nab|\nfrom t");
    expect(after("select\nab\nfrom| t", "up", "up")).toBe("sele|ct\nab\nfrom t");
    expect(after("select\nab\nfrom| t", "up", "down")).toBe("select\nab\nfrom| t");
  });

  test("the cell is a place on the screen, not a count of characters", () => {
    expect(after("日本語\nabcd|", "up")).toBe("日本|語\nabcd");
    expect(after("日本語\nabc|", "up")).toBe("日|本語\nabc");
  });

  test("a move sideways forgets the cell", () => {
    expect(after("select\nab\nfrom| t", "up", "left", "up")).toBe("s|elect\nab\nfrom t");
  });
});

describe("changing", () => {
  test.each<readonly [string, Command, string]>([
    ["ab|c", "delete-back", "a|c"],
    ["|ab", "delete-back", "|ab"],
    ["x👨‍👩‍👧|", "delete-back", "x|"],
    ["a|bc", "delete-forward", "a|c"],
    ["one|\ntwo", "delete-forward", "one|two"],
    ["one\n|two", "delete-back", "one|two"],
    ["select a|b from", "kill-line-back", "|b from"],
    ["select a|b from\nt", "kill-line-forward", "select a|\nt"],
    ["one|\ntwo", "kill-line-forward", "one|two"],
    ["one\n|two", "kill-line-back", "one|two"],
    ["select foo|", "kill-word-back", "select |"],
    ["|select foo", "kill-word-forward", "| foo"],
    ["a|b", "transpose", "ba|"],
    ["ab|", "transpose", "ba|"],
    ["|ab", "transpose", "|ab"],
    ["a|b", "newline", "a\n|b"],
  ])("%j %s → %j", (before, command, expected) => {
    expect(after(before, command)).toBe(expected);
  });

  test("what was killed in a row is yanked as one", () => {
    expect(after("one two three|", "kill-word-back", "kill-word-back", "text-start", "yank")).toBe(
      "two three|one ",
    );
    expect(after("|one two", "kill-word-forward", "kill-word-forward", "yank")).toBe("one two|");
    expect(after("one two|", "kill-word-back", "left", "kill-word-back", "yank")).toBe("one| ");
  });

  test("undo takes back a word, and redo gives it again", () => {
    expect(after("|", typed("one two"), "undo")).toBe("one |");
    expect(after("|", typed("one two"), "undo", "undo", "undo")).toBe("|");
    expect(after("|", typed("one two"), "undo", "redo")).toBe("one two|");
    expect(after("|", typed("one"), "undo", typed("x"), "redo")).toBe("x|");
  });

  test("undo takes back a paste as a whole", () => {
    expect(after("a|", "paste-start", typed("b c"), "enter", typed("d"), "paste-end", "undo")).toBe("a|");
  });
});

describe("Enter", () => {
  test.each(["select 1;", "", "  ", ".tables", "-- a comment", "/* a */", "\\e", ".tables\nselect 1;"])(
    "runs %j",
    (text) => {
      expect(play(editorOf([], text), "enter").effects).toEqual(["submit"]);
    },
  );

  test.each([
    "select 1",
    "select 'a;",
    "create trigger t after insert on x begin select 1;",
    "select 1; select",
    "/* a",
  ])("begins a line behind %j", (text) => {
    const { state, effects } = play(editorOf([], text), "enter");
    expect(effects).toEqual([]);
    expect(state.buffer.text).toBe(`${text}\n`);
  });

  test("Alt-Enter always begins a line", () => {
    expect(after("select 1;|", "newline")).toBe("select 1;\n|");
  });
});

describe("paste", () => {
  test("keys in a paste are text", () => {
    const { state, effects } = play(
      editorOf([]),
      "paste-start",
      typed("a;"),
      "enter",
      typed("b"),
      "complete",
      "interrupt",
      "paste-end",
    );
    expect(effects).toEqual([]);
    expect(state.buffer.text).toBe("a;\nb\t");
  });
});

describe("leaving and interrupting", () => {
  test("Ctrl-D leaves an empty line, and deletes in another", () => {
    expect(play(stateOf("|"), "end-of-input").effects).toEqual(["leave"]);
    expect(play(stateOf("|ab"), "end-of-input")).toMatchObject({
      effects: [],
      state: { buffer: { text: "b" } },
    });
  });

  test("Ctrl-C is the prompt's", () => {
    expect(play(stateOf("ab|"), "interrupt").effects).toEqual(["interrupt"]);
  });
});

describe("history", () => {
  const entries = ["select 1;", "values (2);", "select 3\nfrom t;"];
  const from = (text: string, ...steps: readonly Step[]): string =>
    shown(play(editorOf(entries, text), ...steps).state);

  test("up goes back from the first line, down comes again", () => {
    expect(from("", "up")).toBe("select 3\nfrom t;|");
    expect(from("", "up", "up")).toBe("select |3\nfrom t;");
    expect(from("", "up", "up", "up")).toBe("values (2);|");
    expect(from("", "up", "up", "up", "down")).toBe("select 3\nfrom t;|");
    expect(from("", "up", "down")).toBe("|");
  });

  test("what was being written comes back", () => {
    expect(from("val", "history-back", "history-forward")).toBe("val|");
  });

  test("it looks for entries that begin as the text does", () => {
    expect(from("val", "up")).toBe("values (2);|");
    expect(from("select", "history-back", "history-back")).toBe("select 1;|");
    expect(from("nothing", "up")).toBe("|nothing");
  });

  test("the ends hold", () => {
    expect(from("", ...Array<Step>(9).fill("history-back"))).toBe("|select 1;");
    expect(from("ab", "down")).toBe("ab|");
  });

  test("an entry can be changed and run", () => {
    expect(play(editorOf(entries), "up", "delete-back", typed(";"), "enter").effects).toEqual(["submit"]);
  });
});

describe("reverse search", () => {
  const entries = ["select apple;", "values ('pear');", "SELECT plum;"];
  const search = (...steps: readonly Step[]) => play(editorOf(entries, "draft"), "search", ...steps);

  test("finds the newest entry with the text, letters' case aside", () => {
    expect(search(typed("select")).state.buffer.text).toBe("SELECT plum;");
    expect(search(typed("select"), "search").state.buffer.text).toBe("select apple;");
    expect(search(typed("APP")).state.buffer.text).toBe("select apple;");
  });

  test("Enter runs what was found; another key goes on with it", () => {
    expect(search(typed("pear"), "enter").effects).toEqual(["submit"]);
    const { state } = search(typed("pear"), "line-end", "delete-back");
    expect(shown(state)).toBe("values ('pear')|");
  });

  test("Escape and Ctrl-C bring back what stood there", () => {
    expect(shown(search(typed("pear"), "escape").state)).toBe("draft|");
    expect(search(typed("pear"), "interrupt")).toMatchObject({
      effects: [],
      state: { mode: { kind: "edit" } },
    });
  });

  test("without a match it says so and keeps the last one", () => {
    const { state } = search(typed("pears"));
    expect(state.mode).toMatchObject({ kind: "search", index: undefined });
    expect(search(typed("pears"), "delete-back").state.buffer.text).toBe("values ('pear');");
  });
});

describe("completion", () => {
  const candidates = ["GenerateAudio(", "GenerateImage("].map((text) => ({ text, detail: "" }));
  const offered = (text: string): EditorState =>
    offer(editorOf([], text), { from: 0, to: text.length, candidates });

  test("one candidate is taken", () => {
    const state = offer(editorOf([], "x sel"), {
      from: 2,
      to: 5,
      candidates: [{ text: "select", detail: "" }],
    });
    expect(shown(state)).toBe("x select|");
    expect(state.mode.kind).toBe("edit");
  });

  test("none changes nothing", () => {
    expect(shown(offer(editorOf([], "x"), { from: 0, to: 1, candidates: [] }))).toBe("x|");
  });

  test("several give what they share, and a menu", () => {
    expect(shown(offered("gen"))).toBe("Generate|");
    expect(offered("gen").mode).toMatchObject({ kind: "menu", menu: { index: undefined } });
  });

  test("Tab walks the menu round, Shift-Tab back, Escape out of it", () => {
    expect(shown(play(offered("gen"), "complete").state)).toBe("GenerateAudio(|");
    expect(shown(play(offered("gen"), "complete", "down").state)).toBe("GenerateImage(|");
    expect(shown(play(offered("gen"), "complete", "complete", "complete").state)).toBe("GenerateAudio(|");
    expect(shown(play(offered("gen"), "complete-back").state)).toBe("GenerateImage(|");
    expect(shown(play(offered("gen"), "complete", "escape").state)).toBe("Generate|");
  });

  test("Enter takes the chosen one without running; any other key goes on from it", () => {
    const chosen = play(offered("gen"), "complete", "enter");
    expect(chosen).toMatchObject({ effects: [], state: { mode: { kind: "edit" } } });
    expect(shown(play(offered("gen"), "complete", typed("x")).state)).toBe("GenerateAudio(x|");
    expect(shown(play(offered("gen"), typed("I")).state)).toBe("GenerateI|");
  });

  test("with nothing chosen, Enter is Enter", () => {
    expect(shown(play(offered("gen"), "enter").state)).toBe("Generate\n|");
  });
});

describe("whatever is typed", () => {
  const commands: readonly Command[] = [
    "left", "right", "up", "down", "word-left", "word-right", "line-start", "line-end", "delete-back", "delete-forward",
    "kill-line-back", "kill-line-forward", "kill-word-back", "transpose", "yank", "undo", "redo", "enter", "newline",
    "history-back", "history-forward", "search", "escape", "paste-start", "paste-end",
  ]; // prettier-ignore
  const step = fc.oneof(
    fc.constantFrom(...commands),
    fc.constantFrom("a", " ", "'", ";", "日", "👨‍👩‍👧", "é").map(typed),
  );

  test("the cursor stands between two graphemes of the text", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { buffer } = play(editorOf(["select 1;", "日本\nx;"]), ...steps).state;
        const starts = [0];
        for (const grapheme of graphemesOf(buffer.text)) starts.push((starts.at(-1) ?? 0) + grapheme.length);
        expect(starts).toContain(buffer.cursor);
      }),
      { numRuns: 300 },
    );
  });

  test("undo leads back to the empty text", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { state } = play(editorOf([]), ...steps, "paste-end", "escape");
        expect(play(state, ...Array<Step>(100).fill("undo")).state.buffer.text).toBe("");
      }),
      { numRuns: 300 },
    );
  });
});
