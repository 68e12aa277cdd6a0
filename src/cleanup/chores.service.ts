import { Injectable } from '@nestjs/common';
import { AuditService } from '../platform/audit/audit.service.js';
import { Config } from '../platform/config/config.js';
import { LoginSessions } from '../sessions/login-sessions.service.js';
import { FamiliesService } from '../families/families.service.js';
import { ClientHealth } from '../refresh/client-health.worker.js';
import { Mails } from '../mail/mails.service.js';
import { RevocationService } from '../revocation/revocation.service.js';

const DAY_MS = 86_400_000;

const HEALTH_RETENTION_MS = 35 * DAY_MS;

/** Rows per statement; few enough that no other statement waits for cleanup. */
const STEP_ROWS = 1000;

export interface Chore {
  readonly table: 'token_families' | 'login_sessions' | 'revocations' | 'audit_events' | 'client_health' | 'mails';
  /** One bounded statement; returns how many rows it deleted, and whether there may be more. */
  readonly step: (now: number) => Promise<{ deleted: number; more: boolean }>;
}

/** Deletes expired rows among the next rows in key order. @param after where the last step ended; undefined to begin */
type Stride = (
  before: number,
  after: string | undefined,
  limit: number,
) => Promise<{ deleted: number; last: string | undefined }>;

/** Which rows cleanup deletes, and after which retention. */
@Injectable()
export class Chores {
  constructor(
    private readonly families: FamiliesService,
    private readonly sessions: LoginSessions,
    private readonly revocations: RevocationService,
    private readonly audit: AuditService,
    private readonly health: ClientHealth,
    private readonly mails: Mails,
    private readonly config: Config,
  ) {}

  /** The chores of one round, which starts at the beginning of each table. */
  round(): Chore[] {
    const familyRetentionMs = this.config.familyRetentionDays * DAY_MS;
    const auditRetentionMs = this.config.auditRetentionDays * DAY_MS;
    return [
      {
        table: 'token_families',
        step: walk(familyRetentionMs, (...stride) => this.families.deleteEnded(...stride)),
      },
      {
        table: 'login_sessions',
        step: walk(familyRetentionMs, (...stride) => this.sessions.deleteEnded(...stride)),
      },
      { table: 'revocations', step: (now) => whole(this.revocations.deleteExpired(now, STEP_ROWS)) },
      { table: 'mails', step: (now) => whole(this.mails.deleteExpired(now, STEP_ROWS)) },
      { table: 'audit_events', step: (now) => whole(this.audit.deleteBefore(now - auditRetentionMs, STEP_ROWS)) },
      {
        table: 'client_health',
        step: (now) => whole(this.health.deleteBefore(now - HEALTH_RETENTION_MS, STEP_ROWS)),
      },
    ];
  }
}

/** Walks the whole table in steps. */
function walk(retentionMs: number, stride: Stride): Chore['step'] {
  let cursor: string | undefined;
  return async (now) => {
    const { deleted, last } = await stride(now - retentionMs, cursor, STEP_ROWS);
    cursor = last;
    return { deleted, more: last !== undefined };
  };
}

const whole = async (deleted: Promise<number>) => ({ deleted: await deleted, more: (await deleted) >= STEP_ROWS });
