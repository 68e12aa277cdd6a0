import { Injectable } from '@nestjs/common';
import { FamiliesService } from '../families/families.service.js';
import type { AuditEventEntity } from '../platform/audit/audit-event.entity.js';
import { AuditService } from '../platform/audit/audit.service.js';
import { Clock } from '../platform/time/clock.js';
import { forkIn, type Fork, type FamilyStep } from '../refresh/fork.js';
import { showEvent } from './audit-representation.js';
import { showFamily } from './family-representation.js';
import type { PageQueryDto } from './paging.dto.js';
import { Paging } from './paging.service.js';
import { notFound } from './path.pipe.js';
import type { TimelineDto } from './timeline.dto.js';

const LIST = 'timeline';

/** Events that are read to explain a fork: the reuse and what came before it. */
const EVENTS_OF_FORK = 200;

/** The audit events of a family, and where it forked: see `fork.ts`. */
@Injectable()
export class FamilyTimelines {
  constructor(
    private readonly families: FamiliesService,
    private readonly audit: AuditService,
    private readonly paging: Paging,
    private readonly clock: Clock,
  ) {}

  /** @throws OAuthError not_found; InvalidFields for a cursor of another family */
  async read(familyId: string, { limit, cursor }: PageQueryDto): Promise<TimelineDto> {
    const [family] = await this.families.list({ familyId }, undefined, { limit: 1 });
    if (!family) throw notFound();
    const list = `${LIST} ${familyId}`;
    const { events, next } = await this.audit.page({ familyId }, limit, this.paging.positionIn(list, cursor));
    const fork = await this.forkOf(familyId);
    return {
      family: showFamily(family, this.clock.now()),
      ...(fork && { fork: showFork(fork) }),
      ...this.paging.page(list, events.map(showEntry), next),
    };
  }

  private async forkOf(familyId: string): Promise<Fork | undefined> {
    const reuse = await this.audit.page({ familyId, event: 'refresh.reused' }, 1);
    const after = reuse.events[0] && String(BigInt(reuse.events[0].id) + 1n);
    const { events } = await this.audit.page({ familyId }, EVENTS_OF_FORK, after);
    return forkIn(events.toReversed().map(stepOf));
  }
}

const presentedIn = ({ detail }: AuditEventEntity): number | undefined => {
  const presented = detail?.['presented_generation'];
  return typeof presented === 'number' ? presented : undefined;
};

const stepOf = (event: AuditEventEntity): FamilyStep => ({
  event: event.event,
  reason: event.reason ?? undefined,
  at: event.at.getTime(),
  generation: event.generation ?? 0,
  presented: presentedIn(event),
  source: event.source ?? undefined,
  agent: event.agent ?? undefined,
});

function showEntry(event: AuditEventEntity): TimelineDto['items'][number] {
  const presented = presentedIn(event);
  return { ...showEvent(event), ...(presented !== undefined && { presented_generation: presented }) };
}

const showFork = ({ suspect, generation, supersededAt, replayedAt, evidence }: Fork) => ({
  suspect,
  generation,
  ...(supersededAt !== undefined && { superseded_at: new Date(supersededAt).toISOString() }),
  replayed_at: new Date(replayedAt).toISOString(),
  evidence: [...evidence],
});
