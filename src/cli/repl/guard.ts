/**
 * Ctrl-C twice, where we cannot hear it: SQLite computes without giving the event loop its turn, and better-sqlite3 has no
 * interrupt. A shell in our process group hears the terminal's signal too, and ends us when the second one has not.
 * What SQLite had not committed, it takes back when the database is next opened.
 */
import { spawn, type ChildProcess } from "node:child_process";

/** Time for the process to end by itself, which it does unless it computes. In seconds. */
const patience = 1;

/** `on` before a statement, `off` behind it; the end of the input is our own end. A trap interrupts `read`. */
const script = `
armed=; count=0; heard=
hear() {
  heard=1
  [ -n "$armed" ] || return 0
  count=$((count + 1))
  [ $count -ge 2 ] || return 0
  trap "" INT
  sleep ${patience}
  kill -0 $PPID 2>/dev/null && echo "callsql: ended while SQLite was computing; nothing half done is kept" >&2
  kill -KILL $PPID 2>/dev/null
  exit
}
trap hear INT
while :; do
  if read -r word; then
    count=0
    if [ "$word" = on ]; then armed=1; else armed=; fi
  elif [ -n "$heard" ]; then heard=
  else exit; fi
done
`;

export class Guard {
  readonly #shell: ChildProcess | undefined;

  constructor() {
    if (process.platform === "win32") return;
    this.#shell = spawn("sh", ["-c", script], { stdio: ["pipe", "ignore", "inherit"] });
    // Without a shell there is no guard: a prompt that starts is worth more.
    this.#shell.on("error", () => {});
    this.#shell.stdin?.on("error", () => {});
    this.#shell.unref();
  }

  /** Runs work during which two interrupts end the process. */
  async watch<T>(work: () => Promise<T>): Promise<T> {
    this.#shell?.stdin?.write("on\n");
    try {
      return await work();
    } finally {
      this.#shell?.stdin?.write("off\n");
    }
  }

  close(): void {
    this.#shell?.stdin?.end();
  }
}
