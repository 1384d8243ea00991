/**
 * docs/api.md: the reference of what the package exports, from the doc comments and declarations behind src/index.ts. The
 * page holds nothing of its own but the order: functions, classes, types, each in the order of index.ts.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import {
  parseSync,
  type Class,
  type ClassElement,
  type Comment,
  type Directive,
  type Statement,
} from "oxc-parser";

const root = path.resolve(import.meta.dirname, "..");
const entry = path.join(root, "src/index.ts");

const head = `<!-- Written by npm run generate from the sources. Do not edit. -->

# API reference

What \`import … from "callsql"\` gives. [The guide](guides/embedding.md) shows how it goes together.
`;

/** One export. */
export interface Entry {
  readonly name: string;
  readonly kind: "function" | "class" | "type";
  /** The text of its comment. */
  readonly doc: string;
  readonly signature: string;
  /** Of a class: its public methods and fields. */
  readonly members: readonly Entry[];
}

export function renderApiPage(): string {
  const entries = apiEntries();
  const part = (title: string, kind: Entry["kind"]): string =>
    `## ${title}\n\n${entries
      .filter((item) => item.kind === kind)
      .map((item) => section(item, "###"))
      .join("\n")}`;
  return [
    head,
    part("Functions and values", "function"),
    part("Classes", "class"),
    part("Types", "type"),
  ].join("\n");
}

/** In the order of index.ts. */
export function apiEntries(): readonly Entry[] {
  const names = new Set<string>();
  return exportsOf(entry).flatMap((found) => {
    if (names.has(found.name)) return [];
    names.add(found.name);
    return [found];
  });
}

/** Blocks that show a declaration are `typescript`; `ts` are examples, which a test runs. */
function section({ name, doc, signature, members }: Entry, level: string): string {
  const text = doc === "" ? "" : `${doc}\n\n`;
  const own = `${level} ${name}\n\n${text}\`\`\`typescript\n${shortened(signature)}\n\`\`\`\n`;
  return [
    own,
    ...members.map((member) => section({ ...member, name: `${name}: ${member.name}` }, "####")),
  ].join("\n");
}

/** The rows of all procedures have a page each already. */
function shortened(signature: string): string {
  const lines = signature.split("\n");
  return lines.length <= linesMax ? signature : `${lines[0]} /* docs/procedures */ }`;
}

const linesMax = 200;

/** Of a file that declares and re-exports. */
function exportsOf(file: string): readonly Entry[] {
  const source = readSource(file);
  return source.body.flatMap((statement) => {
    if (statement.type === "ExportAllDeclaration")
      return exportsOf(path.resolve(path.dirname(file), statement.source.value));
    if (statement.type !== "ExportNamedDeclaration") return [];
    if (statement.declaration !== null) return declared(source, statement.start, statement.declaration);
    if (statement.source === null) return [];
    const from = path.resolve(path.dirname(file), statement.source.value);
    const all = exportsOf(from);
    return statement.specifiers.map((specifier) => {
      const name = source.text.slice(specifier.exported.start, specifier.exported.end);
      const found = all.find((item) => item.name === name);
      if (found === undefined) throw new Error(`${path.relative(root, from)} does not declare ${name}`);
      return found;
    });
  });
}

interface SourceFile {
  readonly text: string;
  readonly body: readonly (Statement | Directive)[];
  readonly comments: readonly Comment[];
}

const sources = new Map<string, SourceFile>();

function readSource(file: string): SourceFile {
  const known = sources.get(file);
  if (known !== undefined) return known;
  const text = readFileSync(file, "utf8");
  const { program, comments, errors } = parseSync(file, text);
  const [error] = errors;
  if (error !== undefined) throw new Error(`${file}: ${error.message}`);
  const source = { text, body: program.body, comments };
  sources.set(file, source);
  return source;
}

function declared(source: SourceFile, start: number, declaration: Statement): readonly Entry[] {
  const { text } = source;
  const doc = commentBefore(source, start);
  const upTo = (end: number | undefined): string =>
    text
      .slice(declaration.start, end)
      .replace(/^async /, "")
      .trimEnd();
  const entryOf = (
    name: string,
    kind: Entry["kind"],
    signature: string,
    members: readonly Entry[] = [],
  ): Entry => ({
    name,
    kind,
    doc,
    signature,
    members,
  });
  switch (declaration.type) {
    case "FunctionDeclaration":
      return [entryOf(declaration.id?.name ?? "", "function", upTo(declaration.body?.start))];
    case "VariableDeclaration":
      return declaration.declarations.map(({ id }) =>
        entryOf(
          text.slice(id.start, id.end).replace(/:.*$/s, ""),
          "function",
          `const ${text.slice(id.start, id.end)}`,
        ),
      );
    case "ClassDeclaration":
      return [
        entryOf(
          declaration.id?.name ?? "",
          "class",
          upTo(declaration.body.start),
          membersOf(source, declaration),
        ),
      ];
    case "TSInterfaceDeclaration":
    case "TSTypeAliasDeclaration":
      return [entryOf(declaration.id.name, "type", upTo(declaration.end))];
    default:
      return [];
  }
}

function membersOf(source: SourceFile, { body }: Class): readonly Entry[] {
  return body.body.flatMap((member) => {
    const name = memberName(source, member);
    if (name === undefined) return [];
    const signature = source.text
      .slice(member.start, endOfSignature(member))
      .replace(/^(async )?(\*)?/, "")
      .replaceAll(/\n {2}/g, "\n")
      .trimEnd();
    return [
      { name, kind: "function" as const, doc: commentBefore(source, member.start), signature, members: [] },
    ];
  });
}

/** Undefined for what is private, and for a constructor: sessions and results are made by callsql. */
function memberName({ text }: SourceFile, member: ClassElement): string | undefined {
  if (member.type !== "PropertyDefinition" && member.type !== "MethodDefinition") return undefined;
  const isConstructor = member.type === "MethodDefinition" && member.kind === "constructor";
  if (isConstructor || member.key.type === "PrivateIdentifier") return undefined;
  const key = text.slice(member.key.start, member.key.end);
  return member.computed ? `[${key}]` : key;
}

function endOfSignature(member: ClassElement): number | undefined {
  if (member.type === "MethodDefinition") return member.value.body?.start ?? member.end;
  return member.type === "PropertyDefinition" ? member.typeAnnotation?.end : undefined;
}

/** The doc comment that ends where the declaration begins, as Markdown. */
function commentBefore({ text, comments }: SourceFile, start: number): string {
  const comment = comments.findLast((item) => item.type === "Block" && item.end <= start);
  if (comment === undefined || text.slice(comment.end, start).trim() !== "" || !comment.value.startsWith("*"))
    return "";
  return comment.value
    .slice(1)
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, ""))
    .join("\n")
    .trim();
}
