/**
 * A Map for what comes and goes by the thousand, which is replaced by a copy of itself now and then. V8 gives a Map (or Set)
 * whose table is full of deleted entries a new table, and the old one keeps what it held and a pointer to the new one.
 * Once a single such table has come into the old generation, all that follow survive every scavenge, with all that was
 * ever in them, until the next full collection: most of what calls take, for nothing (docs/decisions/0163).
 */

/** Deleted entries, beyond as many as there are, after which the copy is made. */
const deletedMax = 32;

export class ChurnMap<K, V> {
  #map = new Map<K, V>();
  #deleted = 0;

  get size(): number {
    return this.#map.size;
  }

  /** Of the entry that was set first. */
  get firstKey(): K | undefined {
    return this.#map.keys().next().value;
  }

  has(key: K): boolean {
    return this.#map.has(key);
  }

  get(key: K): V | undefined {
    return this.#map.get(key);
  }

  set(key: K, value: V): void {
    this.#map.set(key, value);
  }

  /** Whether it was there. */
  delete(key: K): boolean {
    if (!this.#map.delete(key)) return false;
    if (++this.#deleted > this.#map.size + deletedMax) {
      this.#map = new Map(this.#map);
      this.#deleted = 0;
    }
    return true;
  }
}
