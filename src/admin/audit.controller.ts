import { Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { AuditService } from '../platform/audit/audit.service.js';
import { AdminController, Needs } from './admin.guard.js';
import { AuditPageDto, AuditQueryDto } from './audit.dto.js';
import { showEvent } from './audit-representation.js';
import { KnownNames } from './known-names.service.js';
import { Paging } from './paging.service.js';

const LIST = 'audit';

@AdminController('audit')
export class AuditController {
  constructor(
    private readonly audit: AuditService,
    private readonly paging: Paging,
    private readonly names: KnownNames,
  ) {}

  @Get()
  @Needs('rekey:audit')
  @ApiOperation({
    summary: 'Lists audit events, by client, subject, family, event, request, actor, reason, address or time',
    description:
      'Without `subject`, `family_id`, `sid` and `correlation_id`, a page may be short or even empty and still have a `next_cursor`.',
  })
  @ApiOkResponse({ type: AuditPageDto })
  async listAuditEvents(@Query() query: AuditQueryDto): Promise<AuditPageDto> {
    const { client_id: clientId, family_id: familyId, sid, event, correlation_id: correlationId } = query;
    const { actor, reason, source } = query;
    const subject = query.subject === undefined ? undefined : await this.names.subject(query.subject);
    const [from, to] = [query.from, query.to].map((time) => (time === undefined ? undefined : new Date(time)));
    const filter = { subject, clientId, familyId, sid, event, correlationId, actor, reason, source, from, to };
    const { events, next } = await this.audit.page(filter, query.limit, this.paging.positionIn(LIST, query.cursor));
    return this.paging.page(LIST, events.map(showEvent), next);
  }
}
