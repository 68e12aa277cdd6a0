import { Body, Get, Param, Patch } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { isUserSubject } from '../oauth/subject.js';
import { SubjectsService } from '../users/subjects.service.js';
import { AdminController, ByAdmin } from './admin.guard.js';
import { notFound } from './path.pipe.js';
import { SubjectDto, UpdateSubjectDto } from './subject.dto.js';
import type { AuditOrigin } from '../platform/audit/audit-event.js';

/** Every subject exists here, because Rekey stores only which ones are disabled. */
@AdminController('subjects')
export class SubjectsController {
  constructor(private readonly subjects: SubjectsService) {}

  @Get(':subject')
  @ApiOperation({ summary: 'Shows whether a subject is disabled' })
  @ApiOkResponse({ type: SubjectDto })
  async readSubject(@Param('subject') subject: string): Promise<SubjectDto> {
    return { subject, disabled: await this.subjects.isDisabled(existing(subject)) };
  }

  @Patch(':subject')
  @ApiOperation({ summary: 'Disables or enables a subject' })
  @ApiOkResponse({ type: SubjectDto })
  async updateSubject(
    @Param('subject') subject: string,
    @Body() { disabled }: UpdateSubjectDto,
    @ByAdmin() admin: AuditOrigin,
  ): Promise<SubjectDto> {
    await this.subjects.setDisabled(existing(subject), disabled, admin);
    return { subject, disabled };
  }
}

function existing(subject: string): string {
  if (!isUserSubject(subject)) throw notFound();
  return subject;
}
