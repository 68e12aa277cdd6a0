import { Body, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { AdminController, Needs } from './admin.guard.js';
import { ExplainDto, ExplanationDto } from './explain.dto.js';
import { Explanations } from './explanation.service.js';

@AdminController('explain')
export class ExplainController {
  constructor(private readonly explanations: Explanations) {}

  @Post()
  @Needs('rekey:read')
  @HttpCode(200)
  @ApiOperation({ summary: 'Explains why a refresh token, or a request, was accepted or refused' })
  @ApiOkResponse({ type: ExplanationDto })
  explain(@Body() request: ExplainDto): Promise<ExplanationDto> {
    return this.explanations.explain(request);
  }
}
