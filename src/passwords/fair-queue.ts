/**
 * A queue of several lines that take turns: the first entry of a line waits for at most one entry of each other line. Each
 * line is first in, first out.
 */
export class FairQueue<T> {
  /** Lines with entries, in the order of their turns. */
  private readonly lines = new Map<string, T[]>();
  private count = 0;

  constructor(private readonly places: number) {}

  get size(): number {
    return this.count;
  }

  /**
   * If the queue is full, drops the last entry of the longest line, unless this line would become as long.
   * @returns the entry that was dropped, which may be the new one
   */
  push(line: string, entry: T): T | undefined {
    const own = this.lines.get(line);
    if (this.count >= this.places) {
      const longest = this.longest();
      if (longest.length <= (own?.length ?? 0) + 1) return entry;
      this.add(line, entry);
      this.count -= 1;
      return longest.pop();
    }
    this.add(line, entry);
    return undefined;
  }

  /** Removes and returns the first entry of the line whose turn it is. */
  shift(): T | undefined {
    for (const [name, line] of this.lines) {
      this.lines.delete(name);
      if (line.length > 1) this.lines.set(name, line);
      this.count -= 1;
      return line.shift();
    }
    return undefined;
  }

  private add(name: string, entry: T): void {
    const line = this.lines.get(name);
    if (line) line.push(entry);
    else this.lines.set(name, [entry]);
    this.count += 1;
  }

  private longest(): T[] {
    let longest: T[] = [];
    for (const line of this.lines.values()) if (line.length > longest.length) longest = line;
    return longest;
  }
}
