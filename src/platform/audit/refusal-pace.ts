/**
 * Limits the recorded refusals of one kind per minute, because unauthenticated callers can cause any number of them and must not
 * fill the audit log. The next recorded one has the number of those left out.
 */
const MINUTE_MS = 60_000;

interface Pace {
  readonly endsAt: number;
  readonly recorded: number;
  readonly omitted: number;
}

/** All keys are dropped beyond this number. Only registered clients have keys, so unknown callers cannot reach it. */
const MAX_KEYS = 10_000;

export class RefusalPace {
  private readonly paces = new Map<string, Pace>();

  constructor(private readonly perMinute: number) {}

  /**
   * @param now milliseconds of a monotonic clock
   * @returns how many of this key were left out since the last recorded one; undefined: leave this one out too
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
