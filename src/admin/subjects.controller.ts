import { Body, Get, Param, Patch } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { SubjectsService } from '../users/subjects.service.js';
import { AdminController, ByAdmin, Needs, type Admin } from './admin.guard.js';
import { NamePipe, SubjectPipe } from './path.pipe.js';
import { UserAdministration } from './user-administration.service.js';
import { SubjectDto, UpdateSubjectDto } from './subject.dto.js';

/** The subjects of families and events; some are users. */
@AdminController('subjects')
export class SubjectsController {
  constructor(
    private readonly subjects: SubjectsService,
    private readonly users: UserAdministration,
  ) {}

  @Get(':subject')
  @Needs('rekey:read')
  @ApiOperation({ summary: 'Shows whether a subject is disabled' })
  @ApiOkResponse({ type: SubjectDto })
  async readSubject(@Param('subject', NamePipe, SubjectPipe) subject: string): Promise<SubjectDto> {
    return { subject, disabled: await this.subjects.isDisabled(subject) };
  }

  @Patch(':subject')
  @Needs('rekey:users')
  @ApiOperation({ summary: 'Disables or enables a subject' })
  @ApiOkResponse({ type: SubjectDto })
  async updateSubject(
    @Param('subject', NamePipe, SubjectPipe) subject: string,
    @Body() { disabled }: UpdateSubjectDto,
    @ByAdmin() admin: Admin,
  ): Promise<SubjectDto> {
    await this.users.demandRank(subject, admin);
    await this.subjects.setDisabled(subject, disabled, admin);
    return { subject, disabled };
  }
}
