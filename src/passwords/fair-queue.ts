/**
 * A queue of several lines that take turns: an entry at the head of its line waits for one entry of each other line at most.
 * Within a line it is first come, first served.
 */
export class FairQueue<T> {
  /** Those with entries, in the order of their turns. */
  private readonly lines = new Map<string, T[]>();
  private count = 0;

  constructor(private readonly places: number) {}

  get size(): number {
    return this.count;
  }

  /**
   * Where every place is taken, the last of the longest line gives way, unless this line is as long.
   * @returns what has no place: that, or the entry itself
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

  /** The first of the line whose turn it is. */
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
