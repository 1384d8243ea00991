/**
 * What the command line and its prompt say on stderr when nothing is wrong: by a name, without code and hint, kept back
 * by --quiet. Quantities come as words: "3 files".
 */
import { quote } from "./message.ts";

/** Name → details → line. `never` lets each name the details it needs. */
type NoteTable = Readonly<Record<string, (details: never) => string>>;

export const notes = {
  // Scripts and batches.
  "run-goes-on": (details: { run: number; answers: string; unanswered?: string | undefined }) => {
    const text = `run ${details.run} goes on: ${details.answers} recorded, not bought again`;
    if (details.unanswered === undefined) return text;
    return `${text}; ${details.unanswered} had not answered and may have been charged: SELECT * FROM sys_calls WHERE run = ${details.run} AND status = 'unknown'`;
  },
  imported: (details: { rows: string; table: string; file: string; replaced: number; time?: string }) => {
    const room = details.replaced === 0 ? "" : `, in place of ${details.replaced}`;
    return `${details.rows} imported into ${details.table} from ${details.file}${room}${behind(details.time)}`;
  },
  "imported-before": (details: { table: string; file: string; time?: string }) =>
    `${details.table} was imported before this run stopped: ${details.file} is not read again${behind(details.time)}`,
  "dry-run": (details: { calls: string; recorded: number; requests: string; cost: string }) => {
    const known = details.recorded === 0 ? "" : ` (${details.recorded} recorded)`;
    return `dry run: ${details.calls}${known}, ${details.requests}, ${details.cost}; nothing was sent`;
  },
  "files-in": (details: { files: string; folder: string }) => `${details.files} in ${details.folder}`,
  "files-not-begun": (details: { files: string }) => `${details.files} not begun`,

  // The prompt.
  greeting: (details: { version: string }) =>
    `callsql ${details.version} — statements end in ;  .help lists commands, Ctrl-D leaves`,
  switched: (details: { command: string; isOn: boolean }) =>
    `${details.command} ${details.isOn ? "on" : "off"}`,
  "left-in-history": (_: object) => "what stood behind it was not run; it is the last entry of the history",
  "pager-left": (_: object) => "until the pager was left",
  "values-cut": (details: { values: string }) => `${details.values} cut to fit: .mode line shows them whole`,
  "columns-hidden": (details: { columns: string }) =>
    `${details.columns} NULL, not shown: .mode line shows all`,
  "images-not-drawn": (details: { images: string }) =>
    `${details.images} not drawn: .save FOLDER writes all of them`,
  "blobs-not-kept": (details: { blobs: string }) =>
    `${details.blobs} too many to keep for .save: write them with --save-media`,
  "files-saved": (details: { files: string }) => `${details.files} saved`,
  "nothing-listed": (_: object) => "none",
  "no-tables": (_: object) => "no tables yet: CREATE TABLE makes one, .import FILE fills one",
  "nothing-named-so": (_: object) => "nothing of that name",
  "no-such-procedure": (_: object) => "no procedure has that in its name",
  "no-parameters": (_: object) => "none; .param set NAME VALUE, or SET :name = expression",
  "choose-connection": (details: { names: string }) => `set OPENAI_API_KEY, or choose one: ${details.names}`,

  // The record, offline models, views and triggers, the server.
  "runs-removed": (details: { runs: string }) => `${details.runs} removed from the record of calls`,
  "views-dropped": (details: { views: string }) => `${details.views} dropped`,
  "offline-installing": (details: { parts: string }) =>
    `npm installs ${details.parts}; this can take a minute`,
  "offline-installed": (details: { folder: string }) => `installed into ${details.folder}`,
  listening: (details: { url: string }) => `listening on ${details.url}`,
  "token-made": (details: { name: string; file: string }) =>
    `token ${quote(details.name)} is in ${details.file} as a hash only: keep the line above, it is not shown again`,
  "token-revoked": (details: { name: string }) => `token ${quote(details.name)} is revoked`,

  // Connections.
  "connection-not-added": (_: object) => "nothing was added",
  "connection-added": (details: { name: string; file: string; isDefault: boolean; secret?: string }) => {
    const secret = details.secret === undefined ? "" : `; its secret: ${placeOf(details.secret)}`;
    return `${details.name} is in ${details.file}${details.isDefault ? " and is the default" : ""}${secret}`;
  },
  "connection-default": (details: { name: string }) => `${details.name} is the default connection now`,
  "connection-removed": (details: { name: string }) => `${details.name} is removed, and its secrets with it`,
  "connection-checking": (_: object) =>
    "asks for the list of models and sends each endpoint an empty request, which no model answers: costs nothing",
  "connection-checked": (details: { name: string; identity: string; latencyMs: number; models: string }) =>
    `${details.name}: ${details.identity}, ${details.latencyMs} ms; ${details.models}`,
  "models-unlisted": (details: { problem?: string | undefined }) =>
    `it lists no models (${details.problem ?? "it cannot"})`,
  "login-next": (details: { name: string }) => `callsql connect login ${details.name} comes next`,
  "login-open": (details: { url: string; code?: string }) =>
    `open ${details.url}${details.code === undefined ? "" : ` and enter the code ${details.code}`}`,
  "logged-in": (details: { name: string }) => `logged in to ${details.name}`,
  "logged-out": (details: { name: string }) => `${details.name} is logged out`,
  "project-not-read": (_: object) => "it is not read",
  "project-read": (details: { file: string }) => `${details.file} is read from now on, until it changes`,
  "project-untrusted": (details: { file: string }) =>
    `${details.file} is not read: callsql connect trust shows it and asks`,
} satisfies NoteTable;

function behind(time: string | undefined): string {
  return time === undefined ? "" : `, ${time}`;
}

/** Of a secret: keychain, store or where the user said it is. */
function placeOf(secret: string): string {
  if (secret === "store") return "in a file that only you can read (no keychain answers)";
  return secret === "keychain" ? "in the keychain" : secret;
}

/** Of a line that callsql says when nothing is wrong. */
export type NoteName = keyof typeof notes;
/** What a note is built of. */
export type NoteDetails<N extends NoteName> = Parameters<(typeof notes)[N]>[0];

/** The line, for people; it may change at any time. */
export function noteText<N extends NoteName>(name: N, details: NoteDetails<N>): string {
  // The table's functions take the details of their own name.
  const text = notes[name] as (details: NoteDetails<N>) => string;
  return text(details);
}
