/**
 * Keys of which the ledger has no call, found out for many of them by one statement: one by one they take SQLite longer than
 * all else that is done to buy a call. Only a moment old: who wants to know of an answer of this very moment asks for the key.
 */

export class Absence implements Disposable {
  readonly #present: (keys: readonly string[]) => readonly unknown[];
  readonly #onDisposed: () => void;
  readonly #absent = new Set<string>();

  /** `present`: those of the keys that the ledger knows. */
  constructor(present: (keys: readonly string[]) => readonly unknown[], onDisposed: () => void) {
    this.#present = present;
    this.#onDisposed = onDisposed;
  }

  look(keys: readonly string[]): void {
    for (const key of keys) this.#absent.add(key);
    for (const key of this.#present(keys)) this.#absent.delete(String(key));
  }

  /** Whether a key was absent; told once, and not any more when a call with it has ended meanwhile. */
  take(key: string): boolean {
    return this.#absent.delete(key);
  }

  [Symbol.dispose](): void {
    this.#onDisposed();
  }
}
