/** Lines that cannot be imported. The whole file is read for them, so that one look mends it; then nothing is imported. */
import { diagnostic, DiagnosticError, type Diagnostic } from "../../index.ts";

/** Lines that are named one by one; the others are counted. */
const namedMax = 10;

export class BadLines {
  count = 0;
  readonly #file: string;
  readonly #named: Diagnostic[] = [];

  constructor(file: string) {
    this.#file = file;
  }

  add(problem: Diagnostic): void {
    if (this.count++ < namedMax) this.#named.push(problem);
  }

  /** Throws them, if there are any. */
  report(): void {
    if (this.count === 0) return;
    const lines = this.count - this.#named.length;
    const more = lines === 0 ? [] : [diagnostic("cli/more-bad-lines", { file: this.#file, lines })];
    throw new DiagnosticError([...this.#named, ...more]);
  }
}
