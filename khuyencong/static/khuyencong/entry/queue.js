// What was typed and has not been answered: one item of localStorage per cell, so that two tabs
// do not overwrite each other's. Keyed by person: a colleague at the same PC neither sees nor
// sends it. Without storage it is kept in memory, and `isSafe` says so.

export class Queue {
  constructor(user) {
    this.prefix = `kc.entry.${user}.`;
    this.memory = new Map();
  }

  /** The entry of a cell, or null. */
  get(key) {
    return this.memory.get(key) ?? this.#stored(key);
  }

  put(key, entry) {
    try {
      localStorage.setItem(this.prefix + key, JSON.stringify(entry));
      this.memory.delete(key);
    } catch {
      this.memory.set(key, entry); // forbidden or full
    }
  }

  remove(key) {
    this.memory.delete(key);
    try {
      localStorage.removeItem(this.prefix + key);
    } catch {
      // nothing was stored
    }
  }

  /** [key, entry] of every cell of this person, of this and of other pages. */
  all() {
    const found = new Map();
    try {
      for (const name of Object.keys(localStorage)) {
        if (!name.startsWith(this.prefix)) continue;
        const key = name.slice(this.prefix.length);
        const entry = this.#stored(key);
        if (entry) found.set(key, entry);
      }
    } catch {
      // storage is forbidden
    }
    for (const [key, entry] of this.memory) found.set(key, entry);
    return [...found].sort(([, one], [, other]) => one.at - other.at);
  }

  /** Whether everything would still be there after the page is gone. */
  get isSafe() {
    return this.memory.size === 0;
  }

  #stored(key) {
    try {
      const entry = JSON.parse(localStorage.getItem(this.prefix + key));
      return entry && typeof entry === "object" ? entry : null;
    } catch {
      return null;
    }
  }
}
