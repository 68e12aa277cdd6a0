/** The metrics of several processes as those of one, and those of the processes themselves. */
import { AggregatorRegistry, Counter, Gauge, Registry } from 'prom-client';

/** The metrics of one process at one scrape. */
export type Measured = Awaited<ReturnType<Registry['getMetricsAsJSON']>>;

const merged = (all: readonly (Measured | undefined)[]): Registry =>
  AggregatorRegistry.aggregate(all.filter((one) => one !== undefined));

/** @param all undefined for a process that did not answer */
export const textOfAll = (all: readonly (Measured | undefined)[]): Promise<string> => merged(all).metrics();

/** Kept by the supervisor. A counter must not fall when a process ends, so its last scraped value stays in the sum. */
export class ProcessMetrics<Process> {
  private readonly registry = new Registry();
  private readonly last = new Map<Process, Measured>();
  private ended: Measured = [];

  readonly restarts = new Counter({
    name: 'rekey_process_restarts_total',
    help: 'Processes that ended and were replaced.',
    registers: [this.registry],
  });

  constructor(serving: () => number) {
    new Gauge({
      name: 'rekey_processes',
      help: 'Processes that serve.',
      registers: [this.registry],
      collect() {
        this.set(serving());
      },
    });
  }

  remember(process: Process, measured: Measured): void {
    this.last.set(process, measured);
  }

  async forget(process: Process): Promise<void> {
    const last = this.last.get(process)?.filter(({ type }) => ['counter', 'histogram'].includes(String(type)));
    this.last.delete(process);
    if (last) this.ended = await merged([this.ended, last]).getMetricsAsJSON();
  }

  /** What the supervisor adds to the answers of its processes. */
  async own(): Promise<Measured[]> {
    return [await this.registry.getMetricsAsJSON(), this.ended];
  }
}
