import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { ClientRepository } from './client.repository.js';
import type { StoredSecret } from './client-secret.js';

const FLUSH_MS = 5000;
const PRECISION_MS = 60_000;

/** Records when each secret was last used, to the minute, so that an operator can see which ones to delete. Costs one write per secret and minute. */
@Injectable()
export class SecretUse implements OnApplicationShutdown {
  private readonly logger = new Logger(SecretUse.name);
  private readonly noted = new Map<string, number>();
  private readonly pending = new Set<string>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly repository: ClientRepository) {}

  note({ secretId }: StoredSecret, now: number): void {
    if (now - (this.noted.get(secretId) ?? -Infinity) < PRECISION_MS) return;
    this.noted.set(secretId, now);
    this.pending.add(secretId);
    this.timer ??= setTimeout(() => void this.flush(), FLUSH_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.flush();
  }

  private async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const secretIds = [...this.pending];
    this.pending.clear();
    if (secretIds.length === 0) return;
    const at = Math.max(...secretIds.map((id) => this.noted.get(id) ?? 0));
    await this.repository
      .touchSecrets(secretIds, at)
      .catch(() => this.logger.warn('The last use of client secrets could not be recorded.'));
  }
}
