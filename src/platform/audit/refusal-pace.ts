/**
 * How many refusals of one kind are recorded in a minute. A caller who has proved nothing can cause any number of them; the
 * audit log must not grow at their will. The next one that is recorded says how many were left out.
 */
const MINUTE_MS = 60_000;

interface Pace {
  readonly endsAt: number;
  readonly recorded: number;
  readonly omitted: number;
}

/** Forgotten altogether beyond this: only clients that are registered have keys, so it is never reached by strangers. */
const MAX_KEYS = 10_000;

export class RefusalPace {
  private readonly paces = new Map<string, Pace>();

  constructor(private readonly perMinute: number) {}

  /**
   * @param now milliseconds of a clock that does not jump
   * @returns how many of this key were left out since the last one that was recorded; undefined: leave this one out, too
   */
  next(key: string, now: number): number | undefined {
    const known = this.paces.get(key);
    if (!known && this.paces.size >= MAX_KEYS) this.paces.clear();
    const pace = known && now < known.endsAt ? known : { endsAt: now + MINUTE_MS, recorded: 0, omitted: 0 };
    const omitted = known?.omitted ?? 0;
    if (pace.recorded >= this.perMinute) {
      this.paces.set(key, { ...pace, omitted: omitted + 1 });
      return undefined;
    }
    this.paces.set(key, { ...pace, recorded: pace.recorded + 1, omitted: 0 });
    return omitted;
  }
}
