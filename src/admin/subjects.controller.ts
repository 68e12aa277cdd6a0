import { Body, Get, Param, Patch } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { SubjectsService } from '../users/subjects.service.js';
import { AdminController, ByAdmin } from './admin.guard.js';
import { NamePipe, SubjectPipe } from './path.pipe.js';
import { SubjectDto, UpdateSubjectDto } from './subject.dto.js';
import type { AuditOrigin } from '../platform/audit/audit-event.js';

/** The subjects of families and events; some are users. */
@AdminController('subjects')
export class SubjectsController {
  constructor(private readonly subjects: SubjectsService) {}

  @Get(':subject')
  @ApiOperation({ summary: 'Shows whether a subject is disabled' })
  @ApiOkResponse({ type: SubjectDto })
  async readSubject(@Param('subject', NamePipe, SubjectPipe) subject: string): Promise<SubjectDto> {
    return { subject, disabled: await this.subjects.isDisabled(subject) };
  }

  @Patch(':subject')
  @ApiOperation({ summary: 'Disables or enables a subject' })
  @ApiOkResponse({ type: SubjectDto })
  async updateSubject(
    @Param('subject', NamePipe, SubjectPipe) subject: string,
    @Body() { disabled }: UpdateSubjectDto,
    @ByAdmin() admin: AuditOrigin,
  ): Promise<SubjectDto> {
    await this.subjects.setDisabled(subject, disabled, admin);
    return { subject, disabled };
  }
}
