/**
 * A client application that keeps one session alive during failures: it refreshes, continues with the new token, and retries with
 * the same token after no answer or a 5xx. It must never get a refusal.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestClient, TestFamily } from './clients.js';
import type { Address } from './provision.js';
import { refresh, type Answer } from './requests.js';

const PAUSE_MS = 50;

export class Session {
  /** The one to use next. */
  refreshToken: string;
  /** The one before it. */
  spent: string | undefined;
  accessToken = '';
  refreshes = 0;
  /** Failed attempts that had to be repeated. */
  failures = 0;
  refusal: Answer | undefined;

  /** @param at returns the URL for each attempt */
  constructor(
    private readonly client: TestClient,
    readonly family: TestFamily,
    private readonly at: (attempt: number) => Address,
  ) {
    this.refreshToken = family.refreshToken;
  }

  /** @param isOver asked before each attempt */
  async run(isOver: () => boolean): Promise<void> {
    for (let attempt = 0; !isOver() && !this.refusal; attempt++) {
      await this.attempt(this.at(attempt));
      await sleep(PAUSE_MS);
    }
  }

  async attempt(at: Address): Promise<void> {
    const answer = await refresh(at, this.client, this.refreshToken).catch(() => undefined);
    if (answer?.status === 200) {
      this.spent = this.refreshToken;
      this.refreshToken = answer.body.refresh_token;
      this.accessToken = answer.body.access_token;
      this.refreshes++;
    } else if (answer && answer.status < 500) {
      this.refusal = answer;
    } else {
      this.failures++;
    }
  }
}
