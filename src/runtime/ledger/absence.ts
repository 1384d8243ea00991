/**
 * Keys of which the ledger has no call, found out for many of them by one statement: one by one they take SQLite longer than
 * all else that is done to buy a call. What another process has written since voids all of it.
 */

export interface Ledgered {
  /** Those of the keys that the ledger knows. */
  readonly present: (keys: readonly string[]) => readonly unknown[];
  /** Changes when another connection has written. */
  readonly version: () => unknown;
}

export class Absence implements Disposable {
  readonly #ledger: Ledgered;
  readonly #onDisposed: () => void;
  readonly #absent = new Set<string>();
  #version: unknown;

  constructor(ledger: Ledgered, onDisposed: () => void) {
    this.#ledger = ledger;
    this.#onDisposed = onDisposed;
  }

  look(keys: readonly string[]): void {
    const version = this.#ledger.version();
    if (version !== this.#version) this.#absent.clear();
    this.#version = version;
    for (const key of keys) this.#absent.add(key);
    for (const key of this.#ledger.present(keys)) this.#absent.delete(String(key));
  }

  /** Whether a key is absent; told once. */
  take(key: string): boolean {
    return this.#absent.delete(key) && this.#ledger.version() === this.#version;
  }

  /** A call with this key has ended. */
  void(key: string): void {
    this.#absent.delete(key);
  }

  [Symbol.dispose](): void {
    this.#onDisposed();
  }
}
